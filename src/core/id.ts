// Identifiers that sort by the time they were made.
import { toHex } from './encoding'

/**
 * A UUID version 7 (RFC 9562 §5.7), lower case: 48 bits of `now` (UTC ms), then 74 random bits.
 * Ids of the same millisecond are in no particular order.
 */
export function uuidv7(now: number = Date.now()): string {
  const bytes = randomBytes16()
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) & 0xff
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = toHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Random bytes are drawn in bulk: a draw costs more than what it gives. */
const POOL = 4096
let pool = new Uint8Array(0)
let used = 0

function randomBytes16(): Uint8Array {
  if (used + 16 > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(POOL))
    used = 0
  }
  used += 16
  return pool.slice(used - 16, used)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether `text` has the form of a UUID, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
