import { expect, test } from 'vitest'
import { deriveKeys } from '../platform'
import { findToken, issueToken, MAX_ATTEMPTS, proofOfCode, proofOfLink } from './one-time-token'

const keys = await deriveKeys('dGVzdHMtb25seS1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz')
const NOW = 1_800_000_000_000
const request = {
  purpose: 'recovery',
  address: 'ada@example.com',
  person: { sql: 'u.id = ?', params: ['x'] },
  digits: 6,
  seconds: 3600,
} as const

/** The row that an issue would write. */
function rowOf({ statement }: Awaited<ReturnType<typeof issueToken>>, changes: Record<string, unknown> = {}) {
  const [id, purpose, address, link, code] = statement.params
  return {
    token_id: id,
    token_user: 'x',
    token_purpose: purpose,
    token_address: address,
    token_link: link,
    token_code: code,
    token_attempts: 0,
    token_expires: NOW + 3_600_000,
    ...changes,
  }
}

test('a code has as many digits as asked, and every digit comes', async () => {
  const codes = await Promise.all(Array.from({ length: 200 }, () => issueToken(keys, NOW, { ...request, digits: 10 })))
  expect(codes.every(({ code }) => /^\d{10}$/.test(code))).toBe(true)
  expect(new Set(codes.map(({ code }) => code)).size).toBe(200)
  expect(new Set(codes.flatMap(({ code }) => [...code])).size).toBe(10)
})

test('neither the code nor the link is in what is written', async () => {
  const issued = await issueToken(keys, NOW, request)
  const written = JSON.stringify(issued.statement)
  expect(written).not.toContain(issued.link)
  expect(written).not.toContain(`"${issued.code}"`)
})

test('its own code and its own link prove a token, also with the prefix of PKCE; nothing else does', async () => {
  const issued = await issueToken(keys, NOW, request)
  const rows = [rowOf(issued)]
  const found = (proof: Awaited<ReturnType<typeof proofOfLink>>) => findToken(rows, proof, NOW)?.token.id ?? null
  expect(found(await proofOfLink(issued.link, ['recovery']))).toBe(issued.id)
  expect(found(await proofOfLink(`pkce_${issued.link}`, ['recovery']))).toBe(issued.id)
  expect(found(await proofOfCode(keys, request.address, issued.code, ['confirmation', 'recovery']))).toBe(issued.id)
  const wrong = issued.code === '000000' ? '000001' : '000000'
  expect(found(await proofOfLink(issued.link.toUpperCase(), ['recovery']))).toBe(null)
  expect(found(await proofOfCode(keys, request.address, wrong, ['recovery']))).toBe(null)
  expect(found(await proofOfCode(keys, request.address, '', ['recovery']))).toBe(null)
  expect(found(await proofOfCode(keys, 'eve@example.com', issued.code, ['recovery']))).toBe(null)
})

test('P17: a code of one purpose proves no other', async () => {
  const issued = await issueToken(keys, NOW, { ...request, purpose: 'phone_confirmation' })
  const rows = [rowOf(issued)]
  expect(findToken(rows, await proofOfCode(keys, request.address, issued.code, ['confirmation', 'recovery']), NOW)).toBe(null)
  expect(findToken(rows, await proofOfCode(keys, request.address, issued.code, ['phone_confirmation']), NOW)).not.toBe(null)
})

test('an expired token is none; one with too many wrong codes has its link only', async () => {
  const issued = await issueToken(keys, NOW, request)
  const code = await proofOfCode(keys, request.address, issued.code, ['recovery'])
  const link = await proofOfLink(issued.link, ['recovery'])
  expect(findToken([rowOf(issued, { token_expires: NOW })], code, NOW)).toBe(null)
  expect(findToken([rowOf(issued, { token_expires: NOW })], link, NOW)).toBe(null)
  expect(findToken([rowOf(issued, { token_attempts: MAX_ATTEMPTS - 1 })], code, NOW)).not.toBe(null)
  expect(findToken([rowOf(issued, { token_attempts: MAX_ATTEMPTS })], code, NOW)).toBe(null)
  expect(findToken([rowOf(issued, { token_attempts: MAX_ATTEMPTS })], link, NOW)).not.toBe(null)
})
