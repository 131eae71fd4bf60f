// How a password is kept: our own scrypt, and what people bring along from elsewhere. Reads the texts and bounds what checking one may cost.
import { AppError, fromBase64Url } from '../core'
import { authErrors } from './errors'

interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** A hash that was read; salts and keys are bytes. */
export type PasswordHash =
  /** `scrypt$N$r$p$salt$key` in base64url: ours. */
  | { readonly scheme: 'scrypt'; readonly cost: ScryptCost; readonly salt: Uint8Array; readonly key: Uint8Array }
  /** `$2a$`, `$2b$`, `$2y$`: the text says it all. */
  | { readonly scheme: 'bcrypt'; readonly text: string }
  /** PHC string of argon2i or argon2id; `m` in KiB. */
  | {
      readonly scheme: 'argon2'
      readonly variant: 'i' | 'id'
      readonly version: 0x10 | 0x13
      readonly cost: { readonly m: number; readonly t: number; readonly p: number }
      readonly salt: Uint8Array
      readonly key: Uint8Array
    }
  /** `$fbscrypt$v=1,n=…,r=…,p=…,ss=…,sk=…$salt$key`, as GoTrue writes down what Firebase exports. */
  | {
      readonly scheme: 'firebase'
      readonly cost: ScryptCost
      readonly separator: Uint8Array
      readonly signer: Uint8Array<ArrayBuffer>
      readonly salt: Uint8Array
      readonly key: Uint8Array
    }

/** The runtime's cap of N·r·p, for our own and Firebase's. */
export const MAX_SCRYPT = 1_048_576
/** Bytes: what the runtime lets scrypt have. */
export const MAX_SCRYPT_MEMORY = 64 * 1024 * 1024
/** About a second of CPU. */
export const MAX_BCRYPT_COST = 14
/** KiB: half of what an isolate may hold. */
export const MAX_ARGON2_MEMORY = 65_536
/** KiB times passes: about a second of CPU. */
export const MAX_ARGON2_WORK = 4 * MAX_ARGON2_MEMORY
const MAX_ARGON2_LANES = 16
const MAX_LENGTH = 1_000

const ARGON2 = /^\$argon2(id|i)\$v=(16|19)\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const FIREBASE = /^\$fbscrypt\$v=(\d{1,3}),n=(\d{1,3}),r=(\d{1,9}),p=(\d{1,9})(?:,ss=([^,$]*))?,sk=([^,$]+)\$([^$]+)\$([^$]+)$/

function refuse(message: string): AppError {
  return new AppError(authErrors.password_hash_unsupported, { message })
}

function scryptCost(N: number, r: number, p: number): ScryptCost {
  if (!(N > 1 && Number.isInteger(Math.log2(N)) && r > 0 && p > 0))
    throw refuse('The costs of the scrypt hash can’t be: N is a power of 2.')
  if (N * r * p > MAX_SCRYPT) throw refuse(`The scrypt hash is too costly to check: N × r × p is ${N * r * p}, ${MAX_SCRYPT} at most.`)
  // RFC 7914 §6.
  if (Math.log2(N) >= 16 * r) throw refuse('The costs of the scrypt hash can’t be: N is less than 2^(16 × r).')
  if (128 * r * (N + p + 2) > MAX_SCRYPT_MEMORY) {
    throw refuse(`The scrypt hash is too costly to check: it takes more than ${MAX_SCRYPT_MEMORY} bytes of memory.`)
  }
  return { N, r, p }
}

function readOwn(text: string): PasswordHash {
  const [, N, r, p, saltText = '', keyText = '', ...more] = text.split('$')
  const salt = fromBase64Url(saltText)
  const key = fromBase64Url(keyText)
  if (more.length > 0 || salt === null || key === null || key.length < 16) throw refuse('The scrypt hash can’t be read.')
  return { scheme: 'scrypt', cost: scryptCost(Number(N), Number(r), Number(p)), salt, key }
}

function readArgon2(text: string): PasswordHash {
  const [, variant, version, ...rest] = ARGON2.exec(text) ?? []
  const [m, t, p] = rest.slice(0, 3).map(Number) as [number, number, number]
  const [salt, key] = rest.slice(3).map(fromBase64Url)
  if (variant === undefined || !salt || !key || salt.length < 8 || key.length < 4) {
    throw refuse('The argon2 hash can’t be read: it is a PHC string of argon2i or argon2id, without keyid and data.')
  }
  if (t < 1 || p < 1 || m < 8 * p) throw refuse('The costs of the argon2 hash can’t be.')
  if (m > MAX_ARGON2_MEMORY || p > MAX_ARGON2_LANES || m * t > MAX_ARGON2_WORK) {
    const most = `m is ${MAX_ARGON2_MEMORY} at most, m × t ${MAX_ARGON2_WORK}, p ${MAX_ARGON2_LANES}`
    throw refuse(`The argon2 hash is too costly to check (m=${m}, t=${t}, p=${p}): ${most}.`)
  }
  return { scheme: 'argon2', variant: variant as 'i' | 'id', version: version === '16' ? 0x10 : 0x13, cost: { m, t, p }, salt, key }
}

function readFirebase(text: string): PasswordHash {
  const [, version, n, r, p, separatorText = '', signerText = '', saltText = '', keyText = ''] = FIREBASE.exec(text) ?? []
  const [separator, signer, salt, key] = [separatorText, signerText, saltText, keyText].map(fromBase64Url)
  if (version !== '1' || !separator || !signer?.length || !salt || !key || key.length < 16) {
    throw refuse('The Firebase hash can’t be read: $fbscrypt$v=1,n=…,r=…,p=…,ss=…,sk=…$salt$hash.')
  }
  return { scheme: 'firebase', cost: scryptCost(2 ** Number(n), Number(r), Number(p)), separator, signer, salt, key }
}

/** Reads a hash in any form that a password can be checked against. Errors: `password_hash_unsupported`, which never repeats it. */
export function readPasswordHash(text: string): PasswordHash {
  if (text.length > MAX_LENGTH) throw refuse(`The password hash is longer than ${MAX_LENGTH} characters.`)
  if (text.startsWith('scrypt$')) return readOwn(text)
  if (text.startsWith('$argon2')) return readArgon2(text)
  if (text.startsWith('$fbscrypt$')) return readFirebase(text)
  const bcrypt = BCRYPT.exec(text)
  if (bcrypt === null) throw refuse('The password hash is none of bcrypt ($2a$, $2b$, $2y$), argon2i, argon2id and $fbscrypt$.')
  const cost = Number(bcrypt[1])
  if (cost < 4) throw refuse('The cost of the bcrypt hash can’t be.')
  if (cost > MAX_BCRYPT_COST) throw refuse(`The bcrypt hash is too costly to check: its cost is ${cost}, ${MAX_BCRYPT_COST} at most.`)
  return { scheme: 'bcrypt', text }
}
