import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { newSecret, rotate, secretBytes, signedHeaders, type EndpointSecret } from './secret'

const BODY = '{"type":"trips.updated","timestamp":"2026-01-01T00:00:00.000Z","data":{"title":"Ŝtono ✓ \\u2028"}}'
const of = (secret: string): EndpointSecret[] => [{ secret, until: null }]

test('a signature is the one that the specification computes', async () => {
  // The example of the Standard Webhooks specification.
  const headers = await signedHeaders(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1_614_265_330_000,
    '{"test": 2432232314}',
    of('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
  )
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('the package standardwebhooks verifies it, and refuses another body, id and secret', async () => {
  const secret = newSecret()
  const headers = await signedHeaders('msg_1', Date.now(), BODY, of(secret))
  expect(new Webhook(secret).verify(BODY, headers)).toEqual(JSON.parse(BODY))
  expect(() => new Webhook(secret).verify(`${BODY} `, headers)).toThrow()
  expect(() => new Webhook(secret).verify(BODY, { ...headers, 'webhook-id': 'msg_2' })).toThrow()
  expect(() => new Webhook(newSecret()).verify(BODY, headers)).toThrow()
})

test('while two secrets overlap both verify; after it only the new one does', async () => {
  const now = Date.now()
  const [old, young] = [newSecret(), newSecret()]
  const secrets = rotate(of(old), young, now, 60)
  const during = await signedHeaders('msg_1', now + 59_000, BODY, secrets)
  const after = await signedHeaders('msg_1', now + 60_000, BODY, secrets)
  expect(during['webhook-signature']!.split(' ')).toHaveLength(2)
  for (const secret of [old, young]) new Webhook(secret).verify(BODY, during)
  new Webhook(young).verify(BODY, after)
  expect(() => new Webhook(old).verify(BODY, after)).toThrow()
})

test('a rotation without overlap ends the former secrets at once, and no more than three sign', () => {
  const now = 1_000_000
  expect(rotate(of('whsec_a'), 'whsec_b', now, 0)).toEqual(of('whsec_b'))
  let secrets: readonly EndpointSecret[] = of('whsec_0')
  for (const name of ['1', '2', '3', '4']) secrets = rotate(secrets, `whsec_${name}`, now, 60)
  expect(secrets.map(({ secret }) => secret)).toEqual(['whsec_4', 'whsec_3', 'whsec_2'])
})

test('a rotation never makes a former secret live longer', () => {
  const once = rotate(of('whsec_a'), 'whsec_b', 0, 60)
  expect(rotate(once, 'whsec_c', 30_000, 3600).find(({ secret }) => secret === 'whsec_a')?.until).toBe(60_000)
})

test('a secret has 24 to 64 bytes in base64 behind its prefix', () => {
  const bytes = (n: number) => `whsec_${btoa('a'.repeat(n))}`
  expect([23, 24, 64, 65].map((n) => secretBytes(bytes(n))?.length ?? null)).toEqual([null, 24, 64, null])
  for (const text of ['', 'whsec_', 'whsk_AAAA', btoa('a'.repeat(32)), `whsec_${'-'.repeat(40)}`, `${bytes(32)} `])
    expect(secretBytes(text)).toBeNull()
  expect(secretBytes(newSecret())).toHaveLength(32)
})
