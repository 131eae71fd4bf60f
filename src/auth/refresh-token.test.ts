import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBase64Url, toBase64Url } from '../core'
import { readRefreshToken, writeRefreshToken, type Mac } from './refresh-token'

async function macOf(secret: string): Promise<Mac> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return async (message) => new Uint8Array(await crypto.subtle.sign('HMAC', key, message))
}

const mac = await macOf('ours')
const contents = fc.record({ sessionId: fc.uuid(), counter: fc.integer({ min: 0, max: 2 ** 48 }) })

test('what is written is read, and the same content gives the same token', async () => {
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      const token = await writeRefreshToken(content, mac)
      expect(token).toBe(await writeRefreshToken(content, mac))
      expect(await readRefreshToken(token, mac)).toEqual({ ok: true, ...content })
    }),
  )
})

test('the layout is version, session, counter, MAC, checksum', async () => {
  const token = await writeRefreshToken({ sessionId: '01020304-0506-0708-090a-0b0c0d0e0f10', counter: 300 }, mac)
  const bytes = fromBase64Url(token)!
  expect([...bytes.subarray(0, 19)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0xac, 0x02])
  expect(bytes.length).toBe(1 + 16 + 2 + 16 + 4)
})

test('no byte of a token can be changed', async () => {
  const bytes = fromBase64Url(await writeRefreshToken({ sessionId: crypto.randomUUID(), counter: 7 }, mac))!
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice()
    changed[i]! ^= 1
    expect((await readRefreshToken(toBase64Url(changed), mac)).ok).toBe(false)
  }
})

test('a token that another installation made is well formed but not ours', async () => {
  const foreign = await writeRefreshToken({ sessionId: crypto.randomUUID(), counter: 1 }, await macOf('theirs'))
  expect(await readRefreshToken(foreign, mac)).toEqual({ ok: false, reason: 'signature' })
})

test('garbage is no token, and never throws', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.uint8Array({ maxLength: 80 }).map((bytes) => toBase64Url(bytes)),
      ),
      async (text) => {
        expect(await readRefreshToken(text, mac)).toEqual({ ok: false, reason: 'format' })
      },
    ),
  )
})
