import { expect, test } from 'vitest'
import { utf8 } from '../core'
import { fromBase32, matchingStep, newTotpSecret, stepAt, toBase32, totpCode, totpUri } from './totp'

const RFC_SECRET = utf8('12345678901234567890')

test.each([
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
])('RFC 6238, appendix B: the code at %i is %s', async (seconds, code) => {
  expect(await totpCode(RFC_SECRET, stepAt(seconds * 1000), 8)).toBe(code)
})

test.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('RFC 4648 §10: "%s" is %s in base 32, and back', (text, encoded) => {
  expect(toBase32(utf8(text))).toBe(encoded)
  expect(fromBase32(encoded)).toEqual(utf8(text))
})

test('what is no base 32 is null', () => {
  for (const text of ['0', '1', 'mzxw6', 'MZ XW', 'É']) expect(fromBase32(text)).toBeNull()
})

test('a secret has 160 bits, and no two are alike', () => {
  const secrets = Array.from({ length: 100 }, newTotpSecret)
  expect(new Set(secrets).size).toBe(100)
  for (const secret of secrets) expect(fromBase32(secret)).toHaveLength(20)
})

test('a code counts one step early and one late, and no more', async () => {
  const secret = toBase32(RFC_SECRET)
  const now = 1_700_000_015_000
  const at = async (steps: number) => matchingStep(secret, await totpCode(RFC_SECRET, stepAt(now) + steps), now)
  expect(await at(-2)).toBeNull()
  expect(await at(-1)).toBe(stepAt(now) - 1)
  expect(await at(0)).toBe(stepAt(now))
  expect(await at(1)).toBe(stepAt(now) + 1)
  expect(await at(2)).toBeNull()
})

test('what is no code matches nothing', async () => {
  const now = 1_700_000_015_000
  const code = await totpCode(RFC_SECRET, stepAt(now))
  for (const wrong of ['', '0', `${code} `, ` ${code}`, code.slice(1), `${code}0`, '٣٣٣٣٣٣', 'x'.repeat(1000)]) {
    expect(await matchingStep(toBase32(RFC_SECRET), wrong, now)).toBeNull()
  }
})

test('the URI keeps what has a meaning in it out of its parts', () => {
  const uri = URL.parse(totpUri('ABC', 'A&B=C:D/E?', 'ada@example.com'))
  expect(uri?.protocol).toBe('otpauth:')
  expect(uri?.searchParams.get('issuer')).toBe('A&B=C:D/E?')
  expect(uri?.searchParams.get('secret')).toBe('ABC')
  expect(decodeURIComponent(uri?.pathname ?? '')).toBe('/A&B=C:D/E?:ada@example.com')
})
