import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet, type JWTPayload } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import { claimedIssuer, hasKeyFor, isForAccessToken, judgeNonce, verifyIdToken } from './id-token'

const NOW = Date.UTC(2026, 5, 1)
const SECONDS = NOW / 1000
const rules = { issuers: ['https://id.example'], clientIds: ['ours', 'ours-too'], now: NOW }
const pairs = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256', { extractable: true })])
const jwks = async (names: readonly (string | undefined)[]): Promise<JSONWebKeySet> => ({
  keys: await Promise.all(pairs.map(async (pair, i) => ({ ...(await exportJWK(pair.publicKey)), ...(names[i] ? { kid: names[i] } : {}) }))),
})

function sign(claims: JWTPayload, { pair = 0, kid = 'a' as string | null, alg = 'RS256' } = {}): Promise<string> {
  return new SignJWT({ iss: 'https://id.example', aud: 'ours', sub: 'ada', iat: SECONDS, exp: SECONDS + 60, ...claims })
    .setProtectedHeader({ alg, ...(kid === null ? {} : { kid }) })
    .sign(pairs[pair]!.privateKey)
}

async function judge(token: string, keys?: JSONWebKeySet | null): Promise<string> {
  const set = keys === undefined ? await jwks(['a', 'b']) : keys
  const verdict = await verifyIdToken(token, rules, async () => set)
  return verdict.ok ? 'ok' : verdict.problem
}

describe('a token', () => {
  test('that is ours is taken, with any of our client ids', async () => {
    expect(await judge(await sign({}))).toBe('ok')
    expect(await judge(await sign({ aud: 'ours-too' }))).toBe('ok')
    expect(await judge(await sign({}, { pair: 1, kid: 'b' }))).toBe('ok')
  })

  test('of several audiences names us as the one who may use it, and all are ours', async () => {
    expect(await judge(await sign({ aud: ['ours', 'ours-too'], azp: 'ours' }))).toBe('ok')
    expect(await judge(await sign({ aud: ['ours', 'ours-too'] }))).toBe('audience')
    expect(await judge(await sign({ aud: ['ours', 'ours-too'], azp: 'other' }))).toBe('audience')
    expect(await judge(await sign({ aud: ['ours', 'other'], azp: 'ours' }))).toBe('audience')
    expect(await judge(await sign({ aud: [] }))).toBe('audience')
  })

  test('of an issuer that isn’t declared, or for somebody else, asks for no key', async () => {
    const keys = vi.fn(async () => null)
    for (const claims of [{ iss: 'https://id.example/' }, { iss: 'https://evil.example' }, { aud: 'other' }]) {
      expect((await verifyIdToken(await sign(claims), rules, keys)).ok).toBe(false)
    }
    expect((await verifyIdToken('x', rules, keys)).ok).toBe(false)
    expect(keys).not.toHaveBeenCalled()
  })

  test('counts from its time to its time, with half a minute for clocks', async () => {
    expect(await judge(await sign({ exp: SECONDS - 29 }))).toBe('ok')
    expect(await judge(await sign({ exp: SECONDS - 31 }))).toBe('dates')
    expect(await judge(await sign({ iat: SECONDS + 30 }))).toBe('ok')
    expect(await judge(await sign({ iat: SECONDS + 31 }))).toBe('dates')
    expect(await judge(await sign({ nbf: SECONDS + 31 }))).toBe('dates')
    expect(await judge(await sign({ exp: SECONDS + 7 * 86_400 }))).toBe('ok')
    expect(await judge(await sign({ exp: SECONDS + 7 * 86_400 + 1 }))).toBe('dates')
  })

  test('names its subject in ASCII, as OpenID Connect has it', async () => {
    expect(await judge(await sign({ sub: 'x'.repeat(255) }))).toBe('ok')
    for (const sub of ['', 'x'.repeat(256), 'a\u0000', 'ä']) expect(await judge(await sign({ sub }))).toBe('subject')
  })

  test('whose key isn’t there, or isn’t the right one, is refused', async () => {
    expect(await judge(await sign({}), null)).toBe('unknown_key')
    expect(await judge(await sign({}, { pair: 1, kid: 'a' }))).toBe('signature')
  })

  test('that names no key is tried with each that fits', async () => {
    const nameless = await jwks([undefined, undefined])
    expect(await judge(await sign({}, { pair: 1, kid: null }), nameless)).toBe('ok')
    const stranger = await generateKeyPair('RS256')
    const forged = await new SignJWT({ iss: 'https://id.example', aud: 'ours', sub: 'ada', iat: SECONDS, exp: SECONDS + 60 })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(stranger.privateKey)
    expect(await judge(forged, nameless)).toBe('signature')
  })

  test('signed with a secret, PS256 or nothing is refused by its algorithm', async () => {
    const secret = await new SignJWT({ iss: 'https://id.example', aud: 'ours', sub: 'ada' })
      .setProtectedHeader({ alg: 'HS256', kid: 'a' })
      .sign(new TextEncoder().encode(JSON.stringify((await jwks(['a', 'b'])).keys[0])))
    expect(await judge(secret)).toBe('algorithm')
    const none = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${secret.split('.')[1]}.`
    expect(await judge(none)).toBe('algorithm')
  })
})

test('a key set has a key by its name', async () => {
  const set = await jwks(['a', 'b'])
  expect(await hasKeyFor(set, await sign({}))).toBe(true)
  expect(await hasKeyFor(set, await sign({}, { kid: 'c' }))).toBe(false)
  expect(await hasKeyFor(set, 'garbage')).toBe(false)
  expect(await hasKeyFor({ keys: 'no' } as never, await sign({}))).toBe(false)
})

test('the issuer that a token claims can be read, and garbage has none', async () => {
  expect(claimedIssuer(await sign({}))).toBe('https://id.example')
  expect(claimedIssuer('garbage')).toBe(null)
  expect(claimedIssuer('x'.repeat(20_000))).toBe(null)
})

test('at_hash and nonce', async () => {
  // OpenID Connect Core 1.0, appendix A.3 and A.4.
  expect(await isForAccessToken({ at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }, 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y')).toBe(true)
  expect(await isForAccessToken({ at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }, 'another')).toBe(false)
  expect(await isForAccessToken({ at_hash: 7 }, 'another')).toBe(false)
  expect(await isForAccessToken({}, 'another')).toBe(true)
  const hashed = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(await judgeNonce({ nonce: hashed }, 'abc')).toBe('fits')
  expect(await judgeNonce({ nonce: hashed }, 'abd')).toBe('mismatch')
  expect(await judgeNonce({ nonce: 'abc' }, 'abc')).toBe('mismatch')
  expect(await judgeNonce({ nonce: hashed }, null)).toBe('one-sided')
  expect(await judgeNonce({}, 'abc')).toBe('one-sided')
  expect(await judgeNonce({}, null)).toBe('none')
})
