import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveKeys } from '../platform'
import { readDeviceKey, writeDeviceKey } from './device-key'

const DAY = 86_400_000
const NOW = 20_000 * DAY + 5
const keys = await deriveKeys('dGVzdHMtb25seS1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz')
const others = await deriveKeys('YW5vdGhlci1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz')
const session = '01234567-89ab-4def-8123-456789abcdef'
const write = (account = 'ada@example.com') => writeDeviceKey(account, session, keys.deviceMac, NOW)
const read = (text: string, account = 'ada@example.com', now = NOW) => readDeviceKey(text, account, keys.deviceMac, now)

test('a key is of its account and its session, and tells neither', async () => {
  const key = await write()
  expect(await read(key)).toEqual({ device: '0123456789ab4def8123456789abcdef', age: 0 })
  expect(await read(key, 'bob@example.com')).toBe(null)
  expect(await read(key, '')).toBe(null)
  expect(await readDeviceKey(key, 'ada@example.com', others.deviceMac, NOW)).toBe(null)
  expect(await readDeviceKey(key, 'ada@example.com', keys.refreshMac, NOW)).toBe(null)
  expect(atob(key.replaceAll('-', '+').replaceAll('_', '/'))).not.toContain('ada')
})

test('it is good for 180 days, and never from the future', async () => {
  const key = await write()
  expect(await read(key, 'ada@example.com', NOW + 180 * DAY)).toMatchObject({ age: 180 })
  expect(await read(key, 'ada@example.com', NOW + 181 * DAY)).toBe(null)
  expect(await read(key, 'ada@example.com', NOW - DAY)).toBe(null)
})

test('no byte of it can be changed, and garbage is nothing', async () => {
  const key = await write()
  const bytes = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.map((byte, at) => (at === i ? byte ^ 1 : byte))
    expect(await read(btoa(String.fromCharCode(...changed)))).toBe(null)
  }
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.base64String({ minLength: 40, maxLength: 60 })), async (text) => {
      expect(await read(text)).toBe(null)
    }),
  )
})
