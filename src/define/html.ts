// HTML whose every interpolated value is escaped. A text that isn't made with it never stands in a page as anything but text.

/** Made by `html` alone. */
export interface Html {
  readonly markup: string
}

const made = new WeakSet<object>()

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** For text and for quoted attributes alike. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** Whether it was made by `html`: what only looks like it, out of somebody's JSON, doesn't count. */
export function isHtml(value: unknown): value is Html {
  return typeof value === 'object' && value !== null && made.has(value)
}

function markupOf(value: unknown): string {
  if (isHtml(value)) return value.markup
  if (Array.isArray(value)) return value.map(markupOf).join('')
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return escapeHtml(String(value))
  return ''
}

function make(markup: string): Html {
  const value: Html = Object.freeze({ markup })
  made.add(value)
  return value
}

/**
 * HTML out of a template literal: `` html`<p>Hello ${name}</p>` ``. Texts and numbers are escaped, other `html` and lists of it stand as they are, and
 * null, undefined, true and false stand for nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return make(strings.reduce((text, part, i) => text + markupOf(values[i - 1]) + part))
}

/** HTML that the developer wrote as a plain text; never what somebody sent. */
export function trustedHtml(markup: string): Html {
  return make(markup)
}
