// Fills in a template that the app wrote down, and makes text out of HTML. Pure.
import { escapeHtml, type TemplateArgument } from '../../define'
import { safeLink } from './layout'

/** Supabase's names of what a template may write, in small letters. */
const SUPABASE: Readonly<Record<string, keyof TemplateArgument>> = {
  '.token': 'code',
  '.tokenhash': 'tokenHash',
  '.siteurl': 'siteUrl',
  '.redirectto': 'redirectTo',
  '.confirmationurl': 'link',
  '.email': 'email',
  '.newemail': 'newEmail',
  '.oldemail': 'oldEmail',
  '.phone': 'phone',
  '.code': 'code',
}

const own = (object: unknown, key: string): unknown =>
  typeof object === 'object' && object !== null && Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined

function valueOf(argument: TemplateArgument, name: string): string {
  const supabase = SUPABASE[name.toLowerCase()]
  const path = supabase === undefined ? name.replace(/^\.Data\./, 'data.').split('.') : [supabase]
  const value = path.reduce(own, argument as unknown)
  if (path[0] === 'link') return safeLink(typeof value === 'string' ? value : undefined) ?? ''
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** `{{code}}`, `{{ data.name }}` and `{{ .Token }}` filled in; what isn't known is empty. */
export function fill(template: string, argument: TemplateArgument, as: 'html' | 'text'): string {
  return template.replaceAll(/\{\{\s*(\.?[A-Za-z][\w.]*)\s*\}\}/g, (_, name: string) => {
    const value = valueOf(argument, name)
    return as === 'html' ? escapeHtml(value) : value
  })
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' }

/** What a page says, without its looks; links are written out. */
export function textOf(markup: string): string {
  return markup
    .replaceAll(/<(style|script|head|title)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/<a\b[^>]*?href="([^"]*)"[^>]*>([\s\S]*?)<\/a\s*>/gi, (_, href: string, label: string) =>
      label.includes(href) ? label : `${label}: ${href}`,
    )
    .replaceAll(/[ \t\r\n]+/g, ' ')
    .replaceAll(/<(?:br|\/p|\/div|\/h[1-6]|\/li|\/tr)\b[^>]*>/gi, '\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name]!)
    .replaceAll(/[ \t]*\n[ \t]*/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}
