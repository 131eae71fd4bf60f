// Settings that an operator changes without a deploy: JSON under the KV key `config`. May be a minute old, and its absence stops nothing.
import * as z from 'zod'

const rate = z.object({ requests: z.int().positive(), seconds: z.int().positive(), burst: z.int().positive() })

/** Fields that aren't known are ignored, so that an older Worker reads a newer setting. */
const schema = z.object({
  disableSignup: z.boolean().optional(),
  /** Stands over the app's `auth.confirmEmail`. */
  confirmEmail: z.boolean().optional(),
  /** Builds of the app under this one are told to update. */
  minBuild: z.int().nonnegative().optional(),
  /** Where a person updates, by platform as the build header names it: `{"ios": "https://apps.apple.com/…"}`. */
  updateUrls: z.record(z.string(), z.url()).optional(),
  /** By class of middleware/rate-limit.ts, over its built-in rates. */
  rates: z.record(z.string(), rate).optional(),
})

export type RuntimeRate = z.infer<typeof rate>

export interface RuntimeConfig {
  readonly disableSignup: boolean
  /** Null when the app's own rule holds. */
  readonly confirmEmail: boolean | null
  readonly minBuild: number | null
  readonly updateUrls: Readonly<Record<string, string>>
  readonly rates: Readonly<Record<string, RuntimeRate>>
  /** Why the stored setting isn't in force; for the log. */
  readonly problem: string | null
}

const DEFAULTS: RuntimeConfig = { disableSignup: false, confirmEmail: null, minBuild: null, updateUrls: {}, rates: {}, problem: null }
const FRESH_FOR_MS = 60_000

const known = new WeakMap<KVNamespace, { config: RuntimeConfig; until: number }>()

/** Parses the stored text; a broken one changes nothing but `problem`. */
export function parseConfig(text: string | null, previous: RuntimeConfig = DEFAULTS): RuntimeConfig {
  if (text === null) return DEFAULTS
  try {
    const { disableSignup, confirmEmail, minBuild, updateUrls, rates } = schema.parse(JSON.parse(text))
    return {
      disableSignup: disableSignup ?? false,
      confirmEmail: confirmEmail ?? null,
      minBuild: minBuild ?? null,
      updateUrls: updateUrls ?? {},
      rates: rates ?? {},
      problem: null,
    }
  } catch (error) {
    return { ...previous, problem: error instanceof z.ZodError ? z.prettifyError(error) : 'It is not JSON.' }
  }
}

/** The settings in force. One KV read a minute and isolate; when KV fails, the last known ones go on. */
export async function runtimeConfig(env: { readonly KV: KVNamespace }, now: number = Date.now()): Promise<RuntimeConfig> {
  const entry = known.get(env.KV)
  if (entry !== undefined && now < entry.until) return entry.config
  // Set before the read: whoever comes meanwhile goes on with the last known settings instead of waiting.
  if (entry !== undefined) known.set(env.KV, { config: entry.config, until: now + FRESH_FOR_MS })
  const config = await env.KV.get('config', { cacheTtl: 60 }).then(
    (text) => parseConfig(text, entry?.config),
    () => ({ ...(entry?.config ?? DEFAULTS), problem: 'KV did not answer.' }),
  )
  known.set(env.KV, { config, until: now + FRESH_FOR_MS })
  return config
}
