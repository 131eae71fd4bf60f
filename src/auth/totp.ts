// One-time codes out of a shared secret and the clock (RFC 6238): SHA-1, six digits, 30 seconds, the only ones that every authenticator app knows.
// Pure: whether a code was taken before is the database's to say.
import { equalConstantTime, utf8 } from '../core'

const STEP_MS = 30_000
/** How many steps early or late a phone's clock may be. */
const SKEW = 1
const DIGITS = 6
/** As RFC 4226 §4 R6 recommends: as long as the hash. */
const SECRET_BYTES = 20

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base 32 without padding (RFC 4648 §6). */
export function toBase32(bytes: Uint8Array): string {
  let out = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) out += ALPHABET[(held >> (bits - 5)) & 31]
  }
  return bits === 0 ? out : out + ALPHABET[(held << (5 - bits)) & 31]
}

/** Reads base 32; null when it is none. */
export function fromBase32(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return null
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 0xff)
  }
  return Uint8Array.from(bytes)
}

/** A new secret, in base 32. */
export function newTotpSecret(): string {
  return toBase32(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
}

/** The step that a time lies in; `now` is UTC ms. */
export function stepAt(now: number): number {
  return Math.floor(now / STEP_MS)
}

/** The code of a step (RFC 4226 §5.3), with `digits` for the test values of RFC 6238, which have eight. */
export async function totpCode(secret: Uint8Array<ArrayBuffer>, step: number, digits = DIGITS): Promise<string> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
  const counter = new DataView(new ArrayBuffer(8))
  counter.setBigUint64(0, BigInt(step))
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter))
  const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The step whose code this is: the present one, or one beside it; null when it is none's. Always looks at all three. */
export async function matchingStep(secret: string, code: string, now: number): Promise<number | null> {
  const key = fromBase32(secret)
  if (key === null) return null
  let found: number | null = null
  for (let step = stepAt(now) - SKEW; step <= stepAt(now) + SKEW; step++) {
    if (equalConstantTime(utf8(await totpCode(key, step)), utf8(code))) found = step
  }
  return found
}

/** What an authenticator app reads out of the QR code (Google's Key URI Format); the issuer stands in the label, too, for older apps. */
export function totpUri(secret: string, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?algorithm=SHA1&digits=${DIGITS}&issuer=${encodeURIComponent(issuer)}&period=${STEP_MS / 1000}&secret=${secret}`
}
