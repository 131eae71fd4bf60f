// Passwords: how kept, how compared. Knows nothing of people.
import { scrypt } from 'node:crypto'
import { argon2i, argon2id } from '@noble/hashes/argon2.js'
import bcrypt from 'bcryptjs'
import { equalConstantTime, toBase64Url, utf8 } from '../core'
import { MAX_SCRYPT_MEMORY, readPasswordHash, type PasswordHash } from './password-hash'

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
export const MAX_PASSWORD_BYTES = 72

function derive(password: string, salt: Uint8Array, { N, r, p }: Parameters, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    scrypt(utf8(password), salt, bytes, { N, r, p, maxmem: MAX_SCRYPT_MEMORY }, (error, key) =>
      error === null ? resolve(new Uint8Array(key)) : reject(error),
    )
  })
}

/** `scrypt$N$r$p$salt$key`, salt and key in base64url. Takes about 140 ms of CPU. */
export function hashPassword(password: string): Promise<string> {
  return hashWith(password, crypto.getRandomValues(new Uint8Array(SALT_BYTES)))
}

/**
 * Makes an outdated hash of the same password anew. The salt comes of the old hash, which has one of its own, so that all who do it at the same
 * moment make the same.
 */
export async function renewHash(password: string, hash: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(`perigee/renewed/${hash}`))
  return hashWith(password, new Uint8Array(digest).slice(0, SALT_BYTES))
}

async function hashWith(password: string, salt: Uint8Array): Promise<string> {
  const key = await derive(password, salt, COST, KEY_BYTES)
  return ['scrypt', COST.N, COST.r, COST.p, toBase64Url(salt), toBase64Url(key)].join('$')
}

/** Compared with when there is no hash, so that a stranger's sign-in takes as long as a friend's. No password has it. */
const NOBODY: PasswordHash = { scheme: 'scrypt', cost: COST, salt: new Uint8Array(SALT_BYTES), key: new Uint8Array(KEY_BYTES) }

/** Firebase keeps its signer key, encrypted under what scrypt makes of the password (github.com/firebase/scrypt). */
async function firebaseKey(password: string, hash: PasswordHash & { scheme: 'firebase' }): Promise<Uint8Array> {
  const salt = Uint8Array.from([...hash.salt, ...hash.separator])
  const secret = await crypto.subtle.importKey('raw', await derive(password, salt, hash.cost, 32), 'AES-CTR', false, ['encrypt'])
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }, secret, hash.signer))
}

async function matches(password: string, hash: PasswordHash): Promise<boolean> {
  switch (hash.scheme) {
    case 'scrypt':
      return equalConstantTime(hash.key, await derive(password, hash.salt, hash.cost, hash.key.length))
    case 'bcrypt':
      return bcrypt.compare(password, hash.text)
    case 'argon2': {
      // At once, not in turns with others: two of them may not fit in the isolate's memory.
      const key = (hash.variant === 'i' ? argon2i : argon2id)(utf8(password), hash.salt, {
        ...hash.cost,
        version: hash.version,
        dkLen: hash.key.length,
      })
      return equalConstantTime(hash.key, key)
    }
    case 'firebase':
      return equalConstantTime(hash.key, await firebaseKey(password, hash))
  }
}

function readKept(hash: string | null): PasswordHash | null {
  try {
    return hash === null ? null : readPasswordHash(hash)
  } catch {
    return null
  }
}

/** What checking a hash costs, in lanes (`p`) of ours; measured in workerd, so roughly. */
function lanesOf(hash: PasswordHash): number {
  switch (hash.scheme) {
    case 'scrypt':
    case 'firebase':
      return (hash.cost.N * hash.cost.r * hash.cost.p) / (COST.N * COST.r)
    case 'bcrypt':
      return 2.2 * 2 ** (Number(hash.text.slice(4, 6)) - 10)
    case 'argon2':
      return (hash.cost.m * hash.cost.t) / 7_800
  }
}

/** Works on after a wrong password, so that a hash from elsewhere that is cheaper than ours doesn't tell its person from a stranger. */
async function workOn(hash: PasswordHash): Promise<void> {
  const missing = Math.round(COST.p - lanesOf(hash))
  if (missing > 0) await derive('', new Uint8Array(SALT_BYTES), { ...COST, p: missing }, KEY_BYTES)
}

/** Whether `password` has this hash, of whatever form. With `null`, or one that can't be read, it works as long as for ours and answers false. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const kept = readKept(hash)
  const long = isTooLong(password)
  const matched = (await matches(long ? '' : password, kept ?? NOBODY)) && kept !== null && !long
  if (!matched) await workOn(kept ?? NOBODY)
  return matched
}

/** Whether a hash isn't as `hashPassword` makes them today, so that it is worth making anew once the password is known. */
export function isOutdated(hash: string): boolean {
  const kept = readKept(hash)
  return kept?.scheme !== 'scrypt' || kept.cost.N !== COST.N || kept.cost.r !== COST.r || kept.cost.p !== COST.p
}

export function isTooLong(password: string): boolean {
  return utf8(password).length > MAX_PASSWORD_BYTES
}
