// Nothing that opens a door may be written down: not in a log, not in an error, not readable in the database.
import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import worker from '../../src/index'
import { apiKeys, call, claimsOf, database, newEmail, refresh, signIn, type SessionBody } from './client'

const lines: string[] = []

/** One sign-in as production sees it, where each request is a line in the log; with a service that is down, one that failed. */
async function inProduction(body: unknown, token: string, down: boolean): Promise<string> {
  const ctx = createExecutionContext()
  const failing = { AUTHENTICATION: { signInWithPassword: () => Promise.reject(new Error('down')) } }
  const bindings = { ...(env as unknown as object), PERIGEE_ENV: 'production', ...(down ? failing : {}) }
  const request = new Request(`https://api.example.com/auth/v1/token?grant_type=password&apikey=${apiKeys.publishableKey}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  const context = { waitUntil: (promise: Promise<unknown>) => ctx.waitUntil(promise), exports }
  const response = await worker.fetch(
    request,
    bindings as unknown as Parameters<typeof worker.fetch>[1],
    context as unknown as ExecutionContext,
  )
  expect(response.status).toBe(down ? 503 : 400)
  return response.text()
}

beforeEach(() => {
  lines.length = 0
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void lines.push(args.map(String).join(' ')))
  }
})

afterEach(() => {
  vi.restoreAllMocks()
})

test('no password, token, key or address is in a log, an error or, readable, in the database', async () => {
  const email = newEmail()
  const password = `secret-${crypto.randomUUID()}`
  const guess = `guess-${crypto.randomUUID()}`
  const up = await call('/auth/v1/signup', { body: { email, password } })
  const session = up.body as unknown as SessionBody
  const texts = [
    (await signIn(email, guess)).text,
    (await call('/auth/v1/signup', { body: { email, password } })).text,
    (await call('/auth/v1/signup', { body: { email: 'broken', password } })).text,
    (await call('/auth/v1/signup', { body: { email, password: [guess] } })).text,
    (await call('/auth/v1/signup', { method: 'POST', text: `{"password":"${guess}",` })).text,
    (await call('/auth/v1/otp', { body: { email, password: guess } })).text,
    (await refresh(`${session.refresh_token}x`)).text,
    (await call('/auth/v1/user', { token: `${session.access_token}x` })).text,
    (await call('/auth/v1/user', { method: 'PUT', token: session.access_token, body: { password, email: [guess] } })).text,
  ]
  texts.push(await inProduction({ email, password: guess }, session.access_token, false))
  texts.push(await inProduction({ email, password: guess }, session.access_token, true))
  await call('/auth/v1/logout', { method: 'POST', token: session.access_token })
  texts.push((await refresh(session.refresh_token)).text)

  const secrets = [
    password,
    guess,
    session.access_token,
    session.refresh_token,
    apiKeys.secretKey,
    apiKeys.serviceRoleJwt,
    apiKeys.publishableKey,
  ]
  for (const secret of [...secrets, email]) {
    for (const line of lines) expect(line).not.toContain(secret)
    for (const text of texts) expect(text).not.toContain(secret)
  }
  // The log was heard at all: a line for each request in production, and one for the failure.
  expect(lines.filter((line) => line.includes('"event":"request"'))).toHaveLength(2)
  expect(lines.filter((line) => line.includes('"event":"request.failed"'))).toHaveLength(1)

  const tables = ['auth_users', 'auth_identities', 'auth_sessions', 'auth_signing_keys', 'auth_audit', 'sys_changes']
  const stored = JSON.stringify(
    await Promise.all(
      tables.map((table) =>
        database
          .prepare(`select * from ${table}`)
          .all()
          .then(({ results }) => results),
      ),
    ),
  )
  for (const secret of secrets) expect(stored).not.toContain(secret)
  // Entries outlive the person, so their address isn't in them either.
  expect(JSON.stringify((await database.prepare('select * from auth_audit').all()).results)).not.toContain('@')
})

test('the hash of a password is in no answer and no token', async () => {
  const email = newEmail()
  const { body, text } = await call('/auth/v1/signup', { body: { email, password: 'some password' } })
  const session = body as unknown as SessionBody
  const { password_hash: hash } = (await database
    .prepare('select password_hash from auth_users where email = ?')
    .bind(email)
    .first<{ password_hash: string }>())!
  expect(hash).toMatch(/^scrypt\$16384\$8\$5\$/)
  for (const answer of [
    text,
    JSON.stringify(claimsOf(session.access_token)),
    (await call('/auth/v1/user', { token: session.access_token })).text,
  ]) {
    expect(answer).not.toContain('scrypt')
    expect(answer).not.toContain(hash.split('$')[5])
  }
})

test("errors have the shape that the SDK's version asks for", async () => {
  const ask = (version?: string) =>
    call('/auth/v1/token?grant_type=password', {
      body: { email: newEmail(), password: 'x' },
      headers: version === undefined ? {} : { 'x-supabase-api-version': version },
    })
  const modern = await ask('2024-01-01')
  expect(modern.body).toMatchObject({ code: 'invalid_credentials', message: 'Invalid login credentials' })
  expect(modern.headers.get('x-supabase-api-version')).toBe('2024-01-01')
  const old = await ask()
  expect(old.body).toMatchObject({ code: 400, error_code: 'invalid_credentials', msg: 'Invalid login credentials' })
  expect(old.headers.get('x-supabase-api-version')).toBe(null)
  for (const { headers } of [modern, old]) {
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-expose-headers')).toContain('X-Supabase-Api-Version')
  }
})
