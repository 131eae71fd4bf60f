// The key pairs that sign people's tokens: made once for everybody, kept sealed in the database, held in the isolate.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { AppError } from '../core'
import { run, type Keys, type SigningKeyAnswer, type Statement } from '../platform'
import { authErrors } from './errors'

export const SIGNING_ALGORITHM = 'ES256'
/** A key is replaced when it is this old. */
const ROTATE_AFTER_MS = 90 * 86_400_000
/**
 * How long a key is published before it signs. Whoever verifies by the JWK set may have one that an isolate held for five minutes, an HTTP cache
 * for ten (its max-age) and an SDK for ten more.
 */
export const PUBLISHED_BEFORE_SIGNING_MS = 30 * 60_000
/** How long a replaced key still verifies: longer than any token lives. */
const RETIRED_FOR_MS = 8 * 86_400_000
/** How old the held set may be for signing and publishing; a key another isolate made is seen well before it signs. */
const FRESH_FOR_MS = 5 * 60_000
/** After this, verifying looks again too, so that a deleted key stops verifying within the hour. */
const TRUSTED_FOR_MS = 60 * 60_000
/** How often an unknown `kid` may cause a look into the database. */
const MISS_INTERVAL_MS = 10_000
/** The same while no key is known: the very first one signs without having been published before. */
const FIRST_KEY_INTERVAL_MS = 1_000

interface SigningKey {
  readonly kid: string
  readonly generation: number
  readonly publicJwk: JWK
  readonly sealedPrivateJwk: string
  /** UTC ms. */
  readonly signsFrom: number
  readonly createdAt: number
  readonly verifier: CryptoKey
}

interface Ring {
  /** Newest first. */
  keys: readonly SigningKey[]
  loadedAt: number
  missedAt: number
  readonly signers: Map<string, CryptoKey>
}

const rings = new WeakMap<Keys, Ring>()

function ringOf(keys: Keys): Ring {
  const ring = rings.get(keys) ?? { keys: [], loadedAt: 0, missedAt: 0, signers: new Map<string, CryptoKey>() }
  rings.set(keys, ring)
  return ring
}

const SELECT: Statement = {
  sql: 'select id, public_jwk, sealed_private_jwk, generation, signs_from, created_at from auth_signing_keys order by generation desc limit 10',
  params: [],
}

async function readKeys(rows: readonly Readonly<Record<string, unknown>>[]): Promise<readonly SigningKey[]> {
  return Promise.all(
    rows.map(async (row) => {
      const publicJwk = JSON.parse(String(row['public_jwk'])) as JWK
      return {
        kid: String(row['id']),
        generation: Number(row['generation']),
        publicJwk,
        sealedPrivateJwk: String(row['sealed_private_jwk']),
        signsFrom: Number(row['signs_from']),
        createdAt: Number(row['created_at']),
        verifier: (await importJWK(publicJwk, SIGNING_ALGORITHM)) as CryptoKey,
      }
    }),
  )
}

/** A new pair for a generation; whoever inserts first wins, the others' pairs were never used. */
async function makeKey(keys: Keys, generation: number, signsFrom: number, now: number): Promise<Statement> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true })
  const { kty, crv, x, y } = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint({ kty, crv, x, y } as JWK)
  const publicJwk = { kty, crv, x, y, kid, alg: SIGNING_ALGORITHM, use: 'sig', key_ops: ['verify'] }
  const sealed = await keys.seal(JSON.stringify(await exportJWK(pair.privateKey)), `signing-key:${kid}`)
  return {
    sql: `insert into auth_signing_keys (id, public_jwk, sealed_private_jwk, generation, signs_from, created_at)
      values (?, ?, ?, ?, ?, ?) on conflict (generation) do nothing`,
    params: [kid, JSON.stringify(publicJwk), sealed, String(generation), String(signsFrom), String(now)],
  }
}

/** Reads the keys; makes the first one at once, and the next one when the newest is old. At most two calls. */
export async function loadSigningKeys(keys: Keys, db: D1Database, now: number): Promise<readonly SigningKey[]> {
  const [found] = await run(db, [SELECT])
  const known = await readKeys(found!.results)
  const newest = known[0]
  if (newest !== undefined && now < newest.createdAt + ROTATE_AFTER_MS) return known
  const signsFrom = newest === undefined ? now : now + PUBLISHED_BEFORE_SIGNING_MS
  const [, made] = await run(db, [await makeKey(keys, (newest?.generation ?? 0) + 1, signsFrom, now), SELECT])
  return readKeys(made!.results)
}

/** At most so many verify at a time: what is read and published stays small. */
const MAX_CURRENT_KEYS = 8

/**
 * Makes the next key now, whatever the newest one's age, and answers all, newest first. While one waits to sign, that one stays the next: fifty
 * who ask at once make one. Errors: `too_many_signing_keys`.
 */
export async function rotateSigningKey(
  keys: Keys,
  db: D1Database,
  now: number,
  beside: readonly Statement[] = [],
): Promise<readonly SigningKey[]> {
  const known = await loadSigningKeys(keys, db, now)
  const [newest] = known
  if (newest === undefined || newest.signsFrom > now) return known
  if (known.filter((key) => isCurrent(key, known, now)).length >= MAX_CURRENT_KEYS) throw new AppError(authErrors.too_many_signing_keys)
  const results = await run(db, [await makeKey(keys, newest.generation + 1, now + PUBLISHED_BEFORE_SIGNING_MS, now), ...beside, SELECT])
  const made = await readKeys(results.at(-1)!.results)
  hold(ringOf(keys), made, now)
  return made
}

/** All keys, newest first, and how they stand. */
export function describeKeys(all: readonly SigningKey[], now: number): readonly SigningKeyAnswer[] {
  const signing = all.find((key) => key.signsFrom <= now)
  return all.map((key) => {
    const successor = all.find((other) => other.generation === key.generation + 1)
    const until = successor === undefined ? null : successor.signsFrom + RETIRED_FOR_MS
    const replaced = until !== null && until <= now ? 'expired' : 'retired'
    return {
      kid: key.kid,
      state: key.signsFrom > now ? 'pending' : key === signing ? 'signing' : replaced,
      signs_from: new Date(key.signsFrom).toISOString(),
      created_at: new Date(key.createdAt).toISOString(),
      verifies_until: until === null ? null : new Date(until).toISOString(),
    }
  })
}

function hold(ring: Ring, keys: readonly SigningKey[], now: number): void {
  ring.keys = keys
  ring.loadedAt = now
  for (const kid of ring.signers.keys()) if (!keys.some((key) => key.kid === kid)) ring.signers.delete(kid)
}

async function freshRing(keys: Keys, db: D1Database, now: number): Promise<Ring> {
  const ring = ringOf(keys)
  if (ring.keys.length === 0 || now - ring.loadedAt > FRESH_FOR_MS) hold(ring, await loadSigningKeys(keys, db, now), now)
  return ring
}

/** Whether a key still verifies: it is the newest, or its successor began to sign not long ago. */
function isCurrent(key: SigningKey, all: readonly SigningKey[], now: number): boolean {
  const successor = all.find((other) => other.generation === key.generation + 1)
  return successor === undefined || now < successor.signsFrom + RETIRED_FOR_MS
}

/** The key to sign with: the newest that may. No call when the isolate holds it. Errors: `root_key_changed`. */
export async function currentSigner(keys: Keys, db: D1Database, now: number): Promise<{ kid: string; key: CryptoKey }> {
  const ring = await freshRing(keys, db, now)
  // Where none may yet, the oldest does: another machine, whose clock is ahead, made the first one a moment ago, or an operator distrusted the one before.
  const signing = ring.keys.find((key) => key.signsFrom <= now) ?? ring.keys.at(-1)
  if (signing === undefined) throw new AppError(authErrors.unexpected_failure, { cause: new Error('No signing key may sign yet.') })
  const held = ring.signers.get(signing.kid)
  if (held !== undefined) return { kid: signing.kid, key: held }
  const jwk = JSON.parse(await keys.unseal(signing.sealedPrivateJwk, `signing-key:${signing.kid}`)) as JWK
  const key = (await importJWK(jwk, SIGNING_ALGORITHM)) as CryptoKey
  ring.signers.set(signing.kid, key)
  return { kid: signing.kid, key }
}

/** The JWK set that anybody may read: keys that sign, will sign, or signed tokens that still live. */
export async function publicKeys(keys: Keys, db: D1Database, now: number): Promise<{ keys: readonly Readonly<Record<string, unknown>>[] }> {
  const ring = await freshRing(keys, db, now)
  return { keys: ring.keys.filter((key) => isCurrent(key, ring.keys, now)).map((key) => ({ ...key.publicJwk })) }
}

/** Whether a token that was verified with this key before still counts, without asking the database. */
export function holdsKey(keys: Keys, kid: string, now: number): boolean {
  const ring = ringOf(keys)
  const key = ring.keys.find((one) => one.kid === kid)
  return key !== undefined && now - ring.loadedAt <= TRUSTED_FOR_MS && isCurrent(key, ring.keys, now)
}

/** The key of a `kid`; null when there is none. An unknown one looks into the database, at most every ten seconds an isolate. */
export async function verifierOf(keys: Keys, db: D1Database, kid: string, now: number): Promise<CryptoKey | null> {
  const ring = ringOf(keys)
  const find = () => ring.keys.find((key) => key.kid === kid && isCurrent(key, ring.keys, now))
  const stale = now - ring.loadedAt > TRUSTED_FOR_MS
  const mayLook = now - ring.missedAt >= (ring.keys.length === 0 ? FIRST_KEY_INTERVAL_MS : MISS_INTERVAL_MS)
  if (stale || (find() === undefined && mayLook)) {
    const [found] = await run(db, [SELECT])
    hold(ring, await readKeys(found!.results), now)
    // After the look, not before: good tokens that arrive while it runs must look for themselves, not be refused.
    if (find() === undefined) ring.missedAt = now
  }
  return find()?.verifier ?? null
}
