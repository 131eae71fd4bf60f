import { expect, test } from 'vitest'
import { parseConfig, runtimeConfig } from './config'

const kvOf = (read: () => Promise<string | null>) => ({ KV: { get: read } as unknown as KVNamespace })

test('nothing stored means the defaults', () => {
  expect(parseConfig(null)).toEqual({ disableSignup: false, confirmEmail: null, minBuild: null, updateUrls: {}, rates: {}, problem: null })
})

test('what is stored is in force; fields of later versions are left alone', () => {
  const rates = { signup: { requests: 1, seconds: 60, burst: 1 } }
  expect(parseConfig(JSON.stringify({ disableSignup: true, minBuild: 120, rates, later: 1 }))).toEqual({
    disableSignup: true,
    confirmEmail: null,
    minBuild: 120,
    updateUrls: {},
    rates,
    problem: null,
  })
})

test('a broken setting leaves the previous one in force and says why', () => {
  const previous = parseConfig('{"disableSignup":true}')
  for (const text of ['{', '[]', '{"minBuild":-1}', '{"disableSignup":"yes"}']) {
    const config = parseConfig(text, previous)
    expect(config.disableSignup).toBe(true)
    expect(config.problem).not.toBe(null)
  }
})

test('the setting is read once a minute, and a KV that fails changes nothing', async () => {
  let reads = 0
  let answer: () => Promise<string | null> = async () => '{"disableSignup":true}'
  const env = kvOf(() => {
    reads += 1
    return answer()
  })
  expect((await runtimeConfig(env, 0)).disableSignup).toBe(true)
  expect((await runtimeConfig(env, 59_999)).disableSignup).toBe(true)
  expect(reads).toBe(1)
  answer = () => Promise.reject(new Error('down'))
  expect(await runtimeConfig(env, 60_000)).toMatchObject({ disableSignup: true, problem: 'KV did not answer.' })
  answer = async () => '{}'
  expect((await runtimeConfig(env, 120_001)).disableSignup).toBe(false)
  expect(reads).toBe(3)
})
