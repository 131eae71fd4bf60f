import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppError } from '../core'
import { MAX_ARGON2_MEMORY, MAX_BCRYPT_COST, readPasswordHash } from './password-hash'

const BODY = 'CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const argon2 = (m: number, t: number, p = 1, kind = 'id') => `$argon2${kind}$v=19$m=${m},t=${t},p=${p}$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA`
const firebase = (n: number, r: number, p = 1) =>
  `$fbscrypt$v=1,n=${n},r=${r},p=${p},ss=Bw==,sk=ou9tdYTG$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsag==`
const own = (N: number, r: number, p: number) => `scrypt$${N}$${r}$${p}$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5`

/** The message of the refusal; null when it is read. */
function refusal(text: string): string | null {
  try {
    readPasswordHash(text)
    return null
  } catch (error) {
    if (error instanceof AppError && error.definition.code === 'password_hash_unsupported') return error.message
    throw error
  }
}

const LIMITS: readonly (readonly [string, string, RegExp])[] = [
  [`$2a$${MAX_BCRYPT_COST}$${BODY}`, `$2a$${MAX_BCRYPT_COST + 1}$${BODY}`, /too costly.*15, 14 at most/],
  [`$2b$04$${BODY}`, `$2b$03$${BODY}`, /can.t be/],
  [argon2(MAX_ARGON2_MEMORY, 4), argon2(MAX_ARGON2_MEMORY + 1, 1), /too costly/],
  [argon2(MAX_ARGON2_MEMORY, 4), argon2(MAX_ARGON2_MEMORY, 5), /too costly/],
  [argon2(1024, 256), argon2(1024, 257), /too costly/],
  [argon2(1024, 1, 16), argon2(1024, 1, 17), /too costly/],
  [argon2(8, 1), argon2(7, 1), /can.t be/],
  [argon2(8, 1), argon2(8, 0), /can.t be/],
  [firebase(14, 8), firebase(18, 8), /too costly/],
  [firebase(15, 8, 4), firebase(16, 8), /too costly.*memory/],
  [own(32_768, 1, 1), own(65_536, 1, 1), /less than 2/],
  [own(16_384, 8, 8), own(16_384, 8, 9), /too costly/],
  [own(16_384, 8, 5), own(16_383, 8, 5), /power of 2/],
]

test.each(LIMITS)('what a hash may cost has a bound: %s is read, %s is not', (within, over, message) => {
  expect(refusal(within)).toBe(null)
  expect(refusal(over)).toMatch(message)
})

test.each([
  ['', /none of/],
  ['secret', /none of/],
  ['$2x$10$' + BODY, /none of/],
  ['$1$abcdefgh$' + BODY, /none of/],
  [argon2(64, 1, 1, 'd'), /can.t be read/],
  ['$argon2id$v=19$m=64,t=1,p=1,keyid=a$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA', /can.t be read/],
  ['$argon2id$v=19$m=64,t=1,p=1$c2E$bQk8UB/VmZZF4Oo79iDXuA', /can.t be read/],
  [firebase(14, 8).replace('v=1', 'v=2'), /can.t be read/],
  [firebase(14, 8).replace(/\$z.*/, '$zKVT'), /can.t be read/],
  ['scrypt$16384$8$5$$', /can.t be read/],
  ['$2a$10$' + 'x'.repeat(2_000), /longer than 1000/],
])('refused by name, without a word of what it was: %s', (text, message) => {
  const told = refusal(text)
  expect(told).toMatch(message)
  if (text.length > 8) expect(told).not.toContain(text.slice(0, 30))
})

test('whatever comes is read or refused, and never costs more than the bounds', () => {
  const number = fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), fc.constantFrom(1, 8, 14, 16_384))
  const texts = fc.oneof(
    fc.string(),
    fc.tuple(number, number, number).map(([a, b, c]) => argon2(a, b, c)),
    fc.tuple(number, number, number).map(([a, b, c]) => firebase(a, b, c)),
    fc.tuple(number, number, number).map(([a, b, c]) => own(a, b, c)),
  )
  fc.assert(
    fc.property(texts, (text) => {
      if (refusal(text) !== null) return
      const hash = readPasswordHash(text)
      if (hash.scheme === 'argon2') expect(hash.cost.m * hash.cost.t).toBeLessThanOrEqual(262_144)
      if (hash.scheme === 'firebase' || hash.scheme === 'scrypt')
        expect(hash.cost.N * hash.cost.r * hash.cost.p).toBeLessThanOrEqual(1_048_576)
    }),
  )
})
