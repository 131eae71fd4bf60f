// Whatever is sent, the answer is an error that names the problem, in GoTrue's shape: never a 500, never a half-made person.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apiKeys, call, database, signUpAnonymously, type Answer } from './client'

const SEED = 20_261_123
const RUNS = 150

const word = fc.oneof(
  fc.constantFrom('email', 'phone', 'password', 'data', 'refresh_token', 'app_metadata', '__proto__', 'constructor', 'toString'),
  fc.string({ maxLength: 12 }),
)
const value = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom('a@example.com\u0000', "' or 1=1 --", '\ud800', '1e999', '', 'x'.repeat(3_000)) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
)
// Short passwords only, so that none of these bodies costs a hash.
const body = fc
  .dictionary(word, value, { maxKeys: 6 })
  .map((entries) => JSON.stringify({ ...entries, ...('password' in entries ? { password: 'short' } : {}) }))
const text = fc.oneof({ weight: 4, arbitrary: body }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) })

function expectWellFormed(answer: Answer): void {
  expect([200, 400, 401, 403, 404, 405, 413, 422, 501], answer.text).toContain(answer.status)
  if (answer.status === 200) return
  expect(answer.body['error_code']).toEqual(expect.stringMatching(/^[a-z][a-z0-9_]*$/))
  expect(answer.body['msg']).toEqual(expect.any(String))
  expect(answer.text).not.toMatch(/D1_ERROR|SQLITE|auth_users|at \w+ \(/)
}

const check = (property: Parameters<typeof fc.assert>[0]) =>
  fc.assert(property as fc.IAsyncProperty<unknown>, { seed: SEED, numRuns: RUNS })

test('garbage in a body is refused by name', async () => {
  const { access_token: token } = await signUpAnonymously()
  const routes = fc.constantFrom<[string, string]>(
    ['POST', '/auth/v1/signup'],
    ['POST', '/auth/v1/token?grant_type=password'],
    ['POST', '/auth/v1/token?grant_type=refresh_token'],
    ['PUT', '/auth/v1/user'],
    ['POST', '/auth/v1/otp'],
  )
  await check(
    fc.asyncProperty(routes, text, async ([method, path], sent) => {
      expectWellFormed(await call(path, { method, text: sent, token }))
    }),
  )
  const halves = await database
    .prepare('select count(*) as n from auth_users u where not exists (select 1 from auth_sessions s where s.user_id = u.id)')
    .first<number>('n')
  expect(halves).toBe(0)
})

test('garbage in headers and in the address is refused by name', async () => {
  const header = fc.string({ unit: fc.constantFrom(...'abcXYZ019.-_=~+/ '), maxLength: 60 })
  const query = fc.webQueryParameters()
  await check(
    fc.asyncProperty(
      header,
      header,
      query,
      fc.constantFrom('/auth/v1/user', '/auth/v1/token', '/auth/v1/logout', '/auth/v1/settings'),
      async (bearer, version, parameters, path) => {
        const headers = { authorization: `Bearer ${bearer}`, 'x-supabase-api-version': version }
        const options = path === '/auth/v1/settings' ? { headers } : { headers, text: '{}' }
        const answer = await call(`${path}?${parameters}`, options)
        expectWellFormed(answer)
      },
    ),
  )
})

test('no text is taken for an API key', async () => {
  await check(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom(...'sb_publishable_secret_abc019-'), minLength: 1, maxLength: 60 }),
      async (apiKey) => {
        const { status } = await call(`/auth/v1/settings?apikey=${encodeURIComponent(apiKey)}`, { apiKey: null })
        expect(status).toBe(Object.values(apiKeys).includes(apiKey) ? 200 : 401)
      },
    ),
  )
})

test.each(['"a":"\\ud800"', '"\\udfffa":1', '"sub\\u0000x":1', '"a":["\\u0000"]', '"a":"\\\\\\u0000"'])(
  'metadata that cannot be stored is refused: %s',
  async (member) => {
    const { access_token: token } = await signUpAnonymously()
    const text = `{"data":{${member}}}`
    for (const answer of [await call('/auth/v1/signup', { text }), await call('/auth/v1/user', { method: 'PUT', text, token })]) {
      expect([answer.status, answer.body['error_code']]).toEqual([400, 'validation_failed'])
    }
  },
)

test('metadata comes back as it was sent, whatever characters it has', async () => {
  const { access_token: token } = await signUpAnonymously()
  const whole = (data: unknown) => !JSON.stringify(data).includes('\\u0000')
  const plain = fc.string({ unit: 'binary', maxLength: 20 }).filter((name) => !['__proto__', 'sub', 'email', 'phone'].includes(name))
  await check(
    fc.asyncProperty(
      fc.dictionary(plain, fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }), { maxKeys: 4 }).filter(whole),
      async (data) => {
        const sent = JSON.parse(JSON.stringify(data)) as Record<string, unknown>
        const before = (await call('/auth/v1/user', { token })).body.user_metadata
        const cleared = Object.fromEntries(Object.keys(before).map((key) => [key, null]))
        const answer = await call('/auth/v1/user', { method: 'PUT', token, body: { data: { ...cleared, ...sent } } })
        expect(answer.status, answer.text).toBe(200)
        expect(answer.body.user_metadata).toEqual(Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null)))
      },
    ),
  )
})
