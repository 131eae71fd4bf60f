// Which language somebody is written to in. Pure.
import type { AppDefinition } from '../define'

/** BCP 47, as far as it is of use here. */
const TAG = /^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$/i
const MAX_LENGTH = 35

function tagOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !TAG.test(value)) return null
  return value.replaceAll('_', '-')
}

/** The tags of an Accept-Language header, the dearest first (RFC 9110 §12.5.4). */
export function acceptedLanguages(header: string | null): string[] {
  if (header === null) return []
  return header
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((text) => text.trim())
      const q = parameters.find((text) => /^q=/i.test(text))
      return { tag: tagOf(tag), quality: q === undefined ? 1 : Number(q.slice(2)) }
    })
    .filter((one): one is { tag: string; quality: number } => one.tag !== null && one.quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag)
}

/** The language to write in: the person's own (`locale` or `language` of their metadata), else what their phone asks for, else the app's. */
export function languageOf(app: AppDefinition, metadata: Readonly<Record<string, unknown>> | null, acceptLanguage: string | null): string {
  return (
    tagOf(metadata?.['locale']) ??
    tagOf(metadata?.['language']) ??
    acceptedLanguages(acceptLanguage)[0] ??
    app.auth?.messages?.locale ??
    'en'
  )
}
