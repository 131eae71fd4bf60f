// Secrets of endpoints and the signatures made with them (Standard Webhooks, spec/standard-webhooks.md). Stores nothing.
import { fromBase64Url, utf8 } from '../core'

/** A secret, and until when it still signs: UTC ms, null of the newest. */
export interface EndpointSecret {
  readonly secret: string
  readonly until: number | null
}

const PREFIX = 'whsec_'
const BYTES = 32
const MIN_BYTES = 24
const MAX_BYTES = 64
/** How long the former secret goes on to sign when nobody says otherwise, and at most. */
export const OVERLAP_SECONDS = 86_400
export const MAX_OVERLAP_SECONDS = 7 * 86_400
/** So many secrets sign at once: each is a signature in the header. */
const MAX_SECRETS = 3

/** `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(BYTES)))
}

/** The bytes of a secret of 24 to 64 of them; null when it is none. */
export function secretBytes(secret: string): Uint8Array<ArrayBuffer> | null {
  if (!secret.startsWith(PREFIX) || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(PREFIX.length))) return null
  const bytes = fromBase64Url(secret.slice(PREFIX.length))
  return bytes !== null && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES ? bytes : null
}

/** Puts a secret before the others, which sign for `overlap` seconds more at most. Zero: they end at once. */
export function rotate(secrets: readonly EndpointSecret[], secret: string, now: number, overlap: number): readonly EndpointSecret[] {
  const end = now + overlap * 1000
  const former = live(secrets, now)
    .filter((one) => one.secret !== secret)
    .map((one) => ({ secret: one.secret, until: Math.min(one.until ?? end, end) }))
  return [{ secret, until: null }, ...(overlap > 0 ? former : [])].slice(0, MAX_SECRETS)
}

/** Those that sign at that time. */
export function live(secrets: readonly EndpointSecret[], now: number): readonly EndpointSecret[] {
  return secrets.filter(({ until }) => until === null || until > now)
}

/** The headers of one attempt. `now` is its time, UTC ms; `body` the very text that is sent. */
export async function signedHeaders(
  id: string,
  now: number,
  body: string,
  secrets: readonly EndpointSecret[],
): Promise<Readonly<Record<string, string>>> {
  const timestamp = String(Math.floor(now / 1000))
  const content = utf8(`${id}.${timestamp}.${body}`)
  const signatures = await Promise.all(live(secrets, now).map(({ secret }) => signature(secret, content)))
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

async function signature(secret: string, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = secretBytes(secret)
  if (bytes === null) throw new Error('A stored secret has not the form of one.')
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return `v1,${toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', key, content)))}`
}

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
