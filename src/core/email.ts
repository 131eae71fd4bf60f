// What counts as an e-mail address.

const MAX_LENGTH = 255
/** One `@`, something on both sides, a dot behind it, and nothing that has a meaning in a mail header. */
const EMAIL = /^[^\s@"(),:;<>[\]\\\p{Cc}]+@[^\s@"(),:;<>[\]\\\p{Cc}.]+(?:\.[^\s@"(),:;<>[\]\\\p{Cc}.]+)+$/u

/** Whether mail can be sent to `text` and nothing else can be meant by it. */
export function isEmail(text: string): boolean {
  return text.length <= MAX_LENGTH && text.isWellFormed() && EMAIL.test(text)
}
