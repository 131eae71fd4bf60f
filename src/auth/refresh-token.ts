// Refresh tokens without rows (shared protocol notes: gotrue §3.2): a session, how often it was refreshed, and a MAC over both.
import { equalConstantTime, fromBase64Url, toBase64Url, toHex } from '../core'

/** HMAC-SHA-256 under the installation's refresh key. */
export type Mac = (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>

export interface RefreshTokenContent {
  readonly sessionId: string
  /** How often the session had been refreshed when the token was made. */
  readonly counter: number
}

export type ReadRefreshToken =
  | ({ readonly ok: true } & RefreshTokenContent)
  /** `format`: not a token of ours at all; `signature`: well formed, but nobody here made it. */
  | { readonly ok: false; readonly reason: 'format' | 'signature' }

const VERSION = 0
const SESSION_BYTES = 16
const MAC_BYTES = 16
const CHECKSUM_BYTES = 4
const MAX_COUNTER_BYTES = 7

async function checksum(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, CHECKSUM_BYTES)
}

function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** LEB128, as Go's `binary.PutUvarint`. */
function uvarint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}

function sessionBytes(sessionId: string): number[] {
  return (sessionId.replaceAll('-', '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
}

/** base64url of `0x00 | session (16) | uvarint counter | MAC (16) | checksum (4)`. The same content gives the same token. */
export async function writeRefreshToken({ sessionId, counter }: RefreshTokenContent, mac: Mac): Promise<string> {
  const payload = concat([VERSION], sessionBytes(sessionId), uvarint(counter))
  const signed = concat(payload, (await mac(payload)).subarray(0, MAC_BYTES))
  return toBase64Url(concat(signed, await checksum(signed)))
}

/** Reads a token and checks that this installation made it; asks no database. */
export async function readRefreshToken(token: string, mac: Mac): Promise<ReadRefreshToken> {
  const malformed = { ok: false, reason: 'format' } as const
  const bytes = token.length > 100 ? null : fromBase64Url(token)
  if (bytes === null) return malformed
  const counterBytes = bytes.length - 1 - SESSION_BYTES - MAC_BYTES - CHECKSUM_BYTES
  if (bytes[0] !== VERSION || counterBytes < 1 || counterBytes > MAX_COUNTER_BYTES) return malformed

  const signed = bytes.slice(0, bytes.length - CHECKSUM_BYTES)
  if (!equalConstantTime(await checksum(signed), bytes.subarray(-CHECKSUM_BYTES))) return malformed
  const payload = signed.slice(0, signed.length - MAC_BYTES)
  const expected = (await mac(payload)).subarray(0, MAC_BYTES)
  if (!equalConstantTime(expected, signed.subarray(-MAC_BYTES))) return { ok: false, reason: 'signature' }

  const hex = toHex(payload.subarray(1, 1 + SESSION_BYTES))
  const sessionId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  const counter = payload.subarray(1 + SESSION_BYTES).reduceRight((sum, byte) => sum * 0x80 + (byte & 0x7f), 0)
  return { ok: true, sessionId, counter }
}
