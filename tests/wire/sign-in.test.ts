// Sign-in as supabase-swift, supabase-kt and supabase-flutter ask for it, and as strictly as they decode it (shared protocol notes: gotrue §0, §2).
import { describe, expect, test } from 'vitest'
import { apiKeys, call, PASSWORD, type Call } from '../auth/client'
import { decode, type Shape } from './decode'

const IDENTITY: Shape = {
  identity_id: 'string',
  id: 'string',
  user_id: 'string',
  identity_data: 'json',
  provider: 'string',
  'created_at?': 'instant',
}
/** Swift needs both times of the person; Kotlin every identity's data; nobody takes null for e-mail or phone. */
const USER: Shape = {
  id: 'string',
  aud: 'string',
  role: 'string',
  email: 'string',
  phone: 'string',
  app_metadata: 'json',
  user_metadata: 'json',
  identities: [IDENTITY],
  created_at: 'instant',
  updated_at: 'instant',
  is_anonymous: 'bool',
}
const SESSION: Shape = {
  access_token: 'string',
  token_type: 'string',
  expires_in: 'int',
  expires_at: 'int',
  refresh_token: 'string',
  user: USER,
}

const NEGOTIATED = { 'x-supabase-api-version': '2024-01-01' }

interface Sdk {
  readonly name: string
  /** What it sends when nobody is signed in. */
  readonly signedOut: Call
  /** Headers of every request. */
  readonly headers: Record<string, string>
  /** How it reads an error's code and text. */
  readonly error: Shape
  readonly code: string
  /** What it adds to the credentials. */
  readonly extra: Record<string, unknown>
}

const SDKS: readonly Sdk[] = [
  {
    name: 'supabase-swift',
    signedOut: { token: apiKeys.publishableKey },
    headers: { ...NEGOTIATED, 'x-client-info': 'supabase-swift/2' },
    error: { code: 'string', message: 'string' },
    code: 'code',
    extra: { data: null, gotrue_meta_security: null, code_challenge: null, code_challenge_method: null },
  },
  {
    // Sends no API version, and no bearer that isn't a JWT.
    name: 'supabase-kt',
    signedOut: {},
    headers: { 'x-client-info': 'supabase-kt/3' },
    error: { error_code: 'string', msg: 'string' },
    code: 'error_code',
    extra: { gotrue_meta_security: {} },
  },
  {
    name: 'supabase-flutter',
    signedOut: { token: apiKeys.publishableKey },
    headers: { ...NEGOTIATED, 'x-client-info': 'supabase-flutter/2' },
    error: { code: 'string', message: 'string' },
    code: 'code',
    extra: { data: null, gotrue_meta_security: { captcha_token: null }, code_challenge: null, code_challenge_method: null },
  },
]

describe.each(SDKS)('$name', ({ name, signedOut, headers, error, code, extra }) => {
  const email = `${name}@example.com`
  const stranger = (body: unknown): Call => ({ ...signedOut, headers, body })
  const session = (text: string) => decode(text, SESSION) as { access_token: string; refresh_token: string; user: { id: string } }

  test('signs up, in, refreshes, updates and signs out', async () => {
    const up = session((await call('/auth/v1/signup', stranger({ email, password: PASSWORD, ...extra }))).text)
    const signedIn = session((await call('/auth/v1/token?grant_type=password', stranger({ email, password: PASSWORD, ...extra }))).text)
    expect(signedIn.user.id).toBe(up.user.id)

    const fresh = session((await call('/auth/v1/token?grant_type=refresh_token', stranger({ refresh_token: signedIn.refresh_token }))).text)
    expect(fresh.refresh_token).not.toBe(signedIn.refresh_token)

    const mine = { token: fresh.access_token, headers }
    expect(decode((await call('/auth/v1/user', mine)).text, USER)).toMatchObject({ id: up.user.id, email })
    const changed = await call('/auth/v1/user', { ...mine, method: 'PUT', body: { data: { trail: 'name' } } })
    expect(decode(changed.text, USER)).toMatchObject({ user_metadata: { trail: 'name' } })

    const out = await call('/auth/v1/logout?scope=local', { ...mine, method: 'POST' })
    expect([out.status, out.text]).toEqual([204, ''])
    expect((await call('/rest/v1/profiles?limit=1', mine)).status).toBe(401)
  })

  test('reads the code of a refusal as a text, where it looks for it', async () => {
    const wrong = await call('/auth/v1/token?grant_type=password', stranger({ email: `no-${email}`, password: PASSWORD, ...extra }))
    expect(wrong.status).toBe(400)
    expect(decode(wrong.text, error)).toMatchObject({ [code]: 'invalid_credentials' })
    expect(wrong.headers.get('x-supabase-api-version')).toBe(headers['x-supabase-api-version'] ?? null)
  })

  test('an anonymous person has no identities and empty texts, never null', async () => {
    const { user } = session((await call('/auth/v1/signup', stranger({ ...extra }))).text)
    expect(user).toMatchObject({ email: '', phone: '', identities: [], is_anonymous: true })
  })
})
