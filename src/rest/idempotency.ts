// The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header): a write that is sent again is done once.
import { AppError, toHex, utf8 } from '../core'
import type { Query } from '../query'
import { restErrors } from './errors'
import type { RestRequest } from './request'

const MAX_KEY_LENGTH = 255
/** What else makes an answer what it is. */
const ANSWERING = ['prefer', 'accept', 'content-type', 'if-match', 'if-none-match'] as const

/**
 * The query, with the key that the request carries and a hash of the request, so that the key serves no other.
 * Errors: PGRST100 for a key that is empty, longer than 255 characters or not printable ASCII.
 */
export async function keyedQuery(query: Query, request: RestRequest): Promise<Query> {
  const header = request.header('idempotency-key')
  if (header === null || request.method === 'GET' || request.method === 'HEAD') return query
  const key = /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim()
  if (key.length > MAX_KEY_LENGTH || !/^[\x21-\x7e]+$/.test(key)) {
    throw new AppError(restErrors.rest_unparsable, {
      message: 'The Idempotency-Key is not usable',
      details: `Send 1 to ${MAX_KEY_LENGTH} printable ASCII characters, for example a UUID.`,
    })
  }
  const { method, table, search, header: headerOf, body } = request
  const profile = headerOf('content-profile')
  // A schema stands in it where one was named, so that keys of requests without one stay what they were.
  const named = profile === null ? [] : [profile]
  const head = utf8(JSON.stringify([method, table, search, ...ANSWERING.map(headerOf), body?.byteLength ?? 0, ...named]))
  const bytes = new Uint8Array(head.byteLength + (body?.byteLength ?? 0))
  bytes.set(head)
  if (body) bytes.set(body, head.byteLength)
  const fingerprint = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
  return { ...query, idempotency: { key, fingerprint } }
}
