// What code of the app throws about a message, without what the message carries. Pure.
import { oneLine } from './mailbox'
import type { Message } from './message'

const MAX_LENGTH = 300
/** Shorter ones stand in any text by chance. */
const MIN_SECRET = 4

/** All texts in it, at any depth. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

/** The error's name and text, every value of the message in it left out. */
export function describeThrown(error: unknown, { to, variables }: Message): string {
  if (!(error instanceof Error)) return 'something'
  const secrets = textsOf({ to, digits: to.replace(/^\+/, ''), variables })
    .filter((text) => text.length >= MIN_SECRET)
    .sort((a, b) => b.length - a.length)
  const text = secrets.reduce((left, secret) => left.replaceAll(secret, '…'), error.message)
  return oneLine(`${error.name}: ${text}`, MAX_LENGTH)
}
