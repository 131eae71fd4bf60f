// A mail address with the name beside it, read and written so that neither can become a header of its own. Pure.

export interface Mailbox {
  /** Empty when there is none. */
  readonly name: string
  readonly email: string
}

const ADDRESS = /^[^\s@"(),:;<>[\]\\\p{Cc}]+@[^\s@"(),:;<>[\]\\\p{Cc}]+$/u

/** Without line ends and other control characters, cut. */
export function oneLine(text: string, most: number): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, most)
}

/** Reads `notes@example.com` or `Notes <notes@example.com>`; null when it is neither. */
export function readMailbox(text: string): Mailbox | null {
  const [, name = '', bracketed] = /^\s*(.*?)\s*<([^<>]*)>\s*$/.exec(text) ?? []
  const email = (bracketed ?? text).trim()
  if (!ADDRESS.test(email) || /[\p{Cc}]/u.test(text)) return null
  return { name: name.replace(/^"(.*)"$/, '$1'), email }
}

/** As it stands in a header (RFC 5322 §3.4). */
export function writeMailbox({ name, email }: Mailbox): string {
  return name === '' ? email : `"${oneLine(name, 100).replaceAll(/["\\]/g, (character) => `\\${character}`)}" <${email}>`
}
