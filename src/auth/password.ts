// Passwords: how strong, how kept, how compared. Knows nothing of people.
import { scrypt } from 'node:crypto'
import { AppError, equalConstantTime, fromBase64Url, toBase64Url, utf8 } from '../core'
import { authErrors } from './errors'

interface Parameters {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** OWASP's choice within 16 MiB, and under the runtime's cap of N·r·p ≤ 1,048,576. */
const COST: Parameters = { N: 16_384, r: 8, p: 5 }
const SALT_BYTES = 16
const KEY_BYTES = 32
/** In UTF-8. GoTrue's limit, so that people can be moved both ways. */
const MAX_PASSWORD_BYTES = 72
const MAX_COST = 1_048_576

function derive(password: string, salt: Uint8Array, { N, r, p }: Parameters, bytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(utf8(password), salt, bytes, { N, r, p, maxmem: 64 * 1024 * 1024 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

/** `scrypt$N$r$p$salt$key`, salt and key in base64url. Takes about 140 ms of CPU. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const key = await derive(password, salt, COST, KEY_BYTES)
  return ['scrypt', COST.N, COST.r, COST.p, toBase64Url(salt), toBase64Url(new Uint8Array(key))].join('$')
}

function parse(hash: string): { cost: Parameters; salt: Uint8Array; key: Uint8Array } | null {
  const [scheme, N, r, p, saltText, keyText, ...more] = hash.split('$')
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const salt = fromBase64Url(saltText ?? '')
  const key = fromBase64Url(keyText ?? '')
  if (scheme !== 'scrypt' || more.length > 0 || salt === null || key === null || key.length < 16) return null
  return cost.N * cost.r * cost.p <= MAX_COST ? { cost, salt, key } : null
}

/** Compared with when there is no hash, so that a stranger's sign-in takes as long as a friend's. No password has it. */
const NOBODY = { cost: COST, salt: new Uint8Array(SALT_BYTES), key: new Uint8Array(KEY_BYTES) }

/** Whether `password` has this hash. With `null` it works as long and answers false. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const parsed = hash === null ? null : parse(hash)
  const { cost, salt, key } = parsed ?? NOBODY
  const candidate = await derive(tooLong(password) ? '' : password, salt, cost, key.length)
  return equalConstantTime(key, new Uint8Array(candidate)) && parsed !== null && !tooLong(password)
}

function tooLong(password: string): boolean {
  return utf8(password).length > MAX_PASSWORD_BYTES
}

/** Errors: `validation_failed` over 72 bytes (cutting it would weaken it silently), `weak_password` under `minLength` characters. */
export function checkPassword(password: string, minLength: number): void {
  if (tooLong(password)) {
    throw new AppError(authErrors.validation_failed, { message: `Password cannot be longer than ${MAX_PASSWORD_BYTES} bytes` })
  }
  if ([...password].length < minLength) {
    const message = `Password should be at least ${minLength} characters.`
    throw new AppError(authErrors.weak_password, { message, body: { weak_password: { message, reasons: ['length'] } } })
  }
}
