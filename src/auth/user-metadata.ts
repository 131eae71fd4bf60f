// What people write about themselves. Nothing trusts it; it travels in their token, so its size has a limit.
import { AppError, utf8 } from '../core'
import { authErrors } from './errors'

/** Of the JSON, in bytes: it stands in every request's header. */
export const MAX_METADATA_BYTES = 8_192
const MAX_DEPTH = 20

/** Keys that the service writes; a person's own values for them are left out. */
const RESERVED = new Set(['sub', 'email', 'email_verified', 'phone', 'phone_verified', '__proto__'])

/** In JSON: U+0000, at which SQLite cuts keys short, and half a surrogate pair, which UTF-8 can't hold. Postgres refuses both, too. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth === 0) return true
  return Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}

/** `data` without the reserved keys. Errors: `validation_failed` when it is too large, too deep or can't be stored. */
export function ownMetadata(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = Object.fromEntries(Object.entries(data).filter(([key]) => !RESERVED.has(key)))
  checkMetadata('data', own)
  return own
}

/** Whether metadata of that name can be kept. Errors: `validation_failed` when it is too large, too deep or can't be stored. */
export function checkMetadata(name: string, data: Readonly<Record<string, unknown>>): void {
  if (isDeeper(data, MAX_DEPTH))
    throw new AppError(authErrors.validation_failed, { message: `${name} nests deeper than ${MAX_DEPTH} levels` })
  if (UNSTORABLE.test(JSON.stringify(data))) {
    throw new AppError(authErrors.validation_failed, { message: `${name} contains U+0000 or half of a surrogate pair` })
  }
  checkMetadataSize(data)
}

/** Errors: `validation_failed`. */
export function checkMetadataSize(data: Readonly<Record<string, unknown>>, whose = 'User'): void {
  if (utf8(JSON.stringify(data)).length > MAX_METADATA_BYTES) {
    throw new AppError(authErrors.validation_failed, { message: `${whose} metadata is larger than ${MAX_METADATA_BYTES} bytes of JSON` })
  }
}
