// Garbage at every address of sign-in that there is, from everybody who may call: an error that names the problem, never a 500, and no redirect elsewhere.
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import lodge from '../apps/lodge'
import { serve, type Answer, type Ask } from '../support/backend'
import { endpoints } from './endpoints'

vi.setConfig({ testTimeout: 120_000 })

const SEED = 20_261_125
/** For each address. */
const RUNS = 25

const { nobody, stranger, service, person } = serve(lodge)

/** Members that bodies and queries of sign-in have, whosever. */
const MEMBERS = (
  'email phone password data channel create_user code_challenge code_challenge_method type token token_hash redirect_to nonce current_password ' +
  'refresh_token auth_code code_verifier provider id_token access_token link_identity gotrue_meta_security app_metadata user_metadata ban_duration ' +
  'email_confirm phone_confirm role aud id password_hash should_soft_delete new_email friendly_name factor_type issuer challenge_id code webauthn ' +
  'credential credential_response page per_page filter sort scope scopes state error grant_type skip_http_redirect limit cursor __proto__ constructor'
).split(' ')

const USUAL: readonly unknown[] = [
  'a@example.com',
  '+491512345678',
  '123456',
  'signup',
  'email',
  'recovery',
  'email_change',
  'sms',
  'phone_change',
  'magiclink',
  'totp',
  'webauthn',
  'google',
  'apple',
  'lodge://home',
  'https://evil.example',
  's256',
  'A'.repeat(43),
  '00000000-0000-4000-8000-000000000000',
  'E621E1F8-C36C-495A-93FC-0C247A3E6E5F',
  'eyJhbGciOiJub25lIn0.e30.',
  'none',
  '24h',
  true,
  false,
  null,
  0,
  -1,
  1e300,
  {},
  [],
  { captcha_token: 'x' },
]

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...USUAL) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u0000', "' or 1=1 --", '\ud800', '🔑'.repeat(200), 'x'.repeat(5_000), '../../x', '%00', '\r\nx: y'),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)
const body = fc
  .dictionary(fc.constantFrom(...MEMBERS), value, { maxKeys: 7 })
  // No password that is long enough to cost a hash.
  .map((entries) => JSON.stringify({ ...entries, ...('password' in entries ? { password: 'short' } : {}) }))
const text = fc.oneof(
  { weight: 6, arbitrary: body },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom('', 'null', '[]', '"x"', '{"a":', '{"__proto__":{"role":"service_role"}}', '['.repeat(5_000)) },
)
const id = fc.oneof(
  fc.constantFrom(
    '00000000-0000-4000-8000-000000000000',
    'E621E1F8-C36C-495A-93FC-0C247A3E6E5F',
    'recovery-codes',
    '..%2F..',
    '%00',
    '%E0%A4%A',
    "'",
    '0',
  ),
  fc.string({ minLength: 1, maxLength: 40 }).map((name) => encodeURIComponent(name.toWellFormed()) || '0'),
)
const query = fc
  .dictionary(fc.constantFrom(...MEMBERS), fc.oneof(fc.constantFrom(...USUAL), fc.string({ unit: 'binary', maxLength: 30 })), {
    maxKeys: 4,
  })
  .map((entries) => new URLSearchParams(Object.entries(entries).map(([name, given]) => [name, String(given).toWellFormed()])).toString())

const ALLOWED = [200, 204, 302, 303, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429]

function expectWellFormed({ status, headers, json, text: answered }: Answer, sent: string): void {
  expect(ALLOWED, `${sent} → ${status} ${answered}`).toContain(status)
  expect(answered).not.toMatch(/D1_ERROR|SQLITE|auth_users|\bat \w+ \(|TypeError/)
  if (status >= 300 && status < 400) {
    const location = headers.get('location') ?? ''
    // The site, the app, or the provider: nobody else's, and nothing that a browser runs.
    expect(location, sent).toMatch(
      /^(?:http:\/\/localhost|https:\/\/lodge\.example\/|lodge:\/\/|https:\/\/(?:appleid\.apple\.com|accounts\.google\.com|github\.com|id\.lodge\.example)\/)/,
    )
  }
  if (status < 400) return
  const error = json as Record<string, unknown> | null
  if (answered.startsWith('<')) return
  const named = error?.['error_code'] ?? error?.['error'] ?? error?.['code']
  expect(named, `${sent} → ${answered}`).toEqual(expect.stringMatching(/^[a-z][a-z0-9_ ]*$/))
}

test.each(endpoints)('$method $path', async ({ method, path }) => {
  const callers: readonly Ask[] = [nobody, stranger, service, (await person()).ask]
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...callers), id, query, text, fc.boolean(), async (ask, name, asked, sent, withQuery) => {
      const address = `/auth/v1${path.replaceAll(/:\w+/g, name)}${withQuery || path.endsWith('token') ? `?${asked}` : ''}`
      const answer = await ask(address, { method, ...(method === 'GET' || sent === '' ? {} : { body: sent }) })
      expectWellFormed(answer, `${method} ${address} ${sent.slice(0, 300)}`)
    }),
    { seed: SEED, numRuns: RUNS },
  )
})
