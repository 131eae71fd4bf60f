// The app's hooks: what they are told, what they may decide, and what a phone hears when they go wrong.
import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { NEW_PERSON_JOB } from '../../src/auth'
import { createBackend } from '../../src/backend'
import { app, nobody, owner, table, type AuthHooks } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql, type Answer } from '../support/backend'
import { claimsOf, newEmail, PASSWORD } from './client'
import { messageTo } from '../support/messages'
import { newSubject, providers, signIn } from './providers'
import { anotherSession, codeOf, member, secured } from './factors'

const bindings = env as unknown as Env

const grants = sqliteTable('grants', { userId: text('user_id').primaryKey(), role: text('role').notNull() })
const cards = sqliteTable('cards', { id: text('id').primaryKey(), name: text('name').notNull() })
const secrets = sqliteTable('secrets', { id: text('id').primaryKey() })

/** What each hook does is the test's to say. */
const hooks: { -readonly [Name in keyof AuthHooks]: AuthHooks[Name] } = {}
const hooked = app({
  name: 'Hooked',
  tables: [
    table(grants, { read: nobody(), insert: nobody(), update: nobody(), delete: nobody() }),
    table(cards, { read: owner(cards.id), insert: nobody(), update: nobody(), delete: nobody() }),
    table(secrets, {
      read: ({ auth, eq }) => eq(auth.claim<string>('team'), 'red'),
      insert: nobody(),
      update: nobody(),
      delete: nobody(),
    }),
  ],
  auth: { hooks, phone: true, providers },
})
const backend = serve(hooked)

beforeAll(async () => {
  await backend.mount()
  await sql("insert into secrets (id) values ('plan')")
})
beforeEach(() => {
  for (const name of Object.keys(hooks)) delete hooks[name as keyof AuthHooks]
})
afterEach(() => {
  vi.useRealTimers()
})

interface Session {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: { readonly id: string }
}
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  backend.stranger(`/auth/v1${path}`, { body, headers: { 'cf-connecting-ip': '203.0.113.7', ...headers } })
const join = (body: unknown = {}) => post('/signup', body)
const told = ({ status, json }: Answer) => [
  status,
  (json as { error_code: string } | null)?.error_code,
  (json as { msg: string } | null)?.msg,
]
const refresh = (session: Session) => post('/token?grant_type=refresh_token', { refresh_token: session.refresh_token })
const people = async () => Number((await sql('select count(*) as n from auth_users'))[0]!['n'])

/** A hook that never answers, and the five seconds that it is waited for. */
async function waitedFor<T>(set: (hook: () => Promise<never>) => void, ask: () => Promise<T>): Promise<{ answer: T; aborted: boolean }> {
  let begun: (signal: AbortSignal) => void = () => undefined
  const started = new Promise<AbortSignal>((resolve) => {
    begun = resolve
  })
  set(((_input: unknown, { signal }: { signal: AbortSignal }) => {
    begun(signal)
    return new Promise<never>(() => undefined)
  }) as () => Promise<never>)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const answer = ask()
  const signal = await started
  await vi.advanceTimersByTimeAsync(4_999)
  expect(signal.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  vi.useRealTimers()
  return { answer: await answer, aborted: signal.aborted }
}

describe('accessToken', () => {
  test('puts claims out of a table into the token, for policies to read', async () => {
    hooks.accessToken = async ({ user_id: userId, claims }, { db }) => {
      const [grant] = await db.query(grants, { where: ({ row, eq }) => eq(row.userId, userId) })
      return { claims: { ...claims, team: grant?.role ?? null } }
    }
    const session = (await join()).json as Session
    const read = async ({ access_token: token }: Session) =>
      (await backend.stranger('/rest/v1/secrets', { headers: { authorization: `Bearer ${token}` } })).json
    expect(claimsOf(session.access_token)['team']).toBeNull()
    expect(await read(session)).toEqual([])
    await sql("insert into grants (user_id, role) values (?, 'red')", session.user.id)
    const next = (await refresh(session)).json as Session
    expect(claimsOf(next.access_token)['team']).toBe('red')
    expect(await read(next)).toEqual([{ id: 'plan' }])
    expect((await backend.stranger('/auth/v1/user', { headers: { authorization: `Bearer ${next.access_token}` } })).status).toBe(200)
  })

  test('is told of the person, all claims, and how they came', async () => {
    const inputs: Parameters<NonNullable<AuthHooks['accessToken']>>[0][] = []
    hooks.accessToken = (input) => {
      inputs.push(input)
    }
    const session = (await join()).json as Session
    await refresh(session)
    expect(inputs.map((input) => input.authentication_method)).toEqual(['anonymous', 'token_refresh'])
    expect(inputs[0]).toMatchObject({
      user_id: session.user.id,
      claims: { sub: session.user.id, aud: 'authenticated', role: 'authenticated', aal: 'aal1', is_anonymous: true },
      metadata: { name: 'customize-access-token', ip_address: '203.0.113.7' },
    })
    expect(inputs[0]!.metadata.uuid).toMatch(/^[0-9a-f-]{36}$/)
    expect(new Date(inputs[0]!.metadata.time).toISOString()).toBe(inputs[0]!.metadata.time)
    expect(inputs[0]!.claims).toEqual(claimsOf(session.access_token))
  })

  test('may blank an address and leave out metadata', async () => {
    hooks.accessToken = ({ claims }) => ({ claims: { ...claims, user_metadata: undefined, email: '' } })
    expect(claimsOf(((await join()).json as Session).access_token)).not.toHaveProperty('user_metadata')
  })

  test('can not change who it is, and nothing is left of the attempt', async () => {
    const before = await sql('select id from auth_sessions')
    for (const change of [{ sub: crypto.randomUUID() }, { role: 'service_role' }, { aal: 'aal2' }]) {
      hooks.accessToken = ({ claims }) => ({ claims: { ...claims, ...change } })
      expect(told(await join())).toEqual([500, 'unexpected_failure', 'The hook accessToken failed'])
    }
    expect(await sql('select id from auth_sessions')).toEqual(before)
  })

  test('what it throws is nobody’s to read', async () => {
    hooks.accessToken = () => {
      throw new Error('password of the database: hunter2')
    }
    const answer = await join()
    expect(told(answer)).toEqual([500, 'unexpected_failure', 'The hook accessToken failed'])
    expect(answer.text).not.toContain('hunter2')
  })

  test('its refusal has its words and status, 403 when it names none', async () => {
    hooks.accessToken = () => ({ error: { http_code: 402, message: 'Pay first' } })
    expect(told(await join())).toEqual([402, 'hook_rejected', 'Pay first'])
    hooks.accessToken = () => ({ error: { message: 'No' } })
    expect(told(await join())).toEqual([403, 'hook_rejected', 'No'])
    hooks.accessToken = () => ({ error: { message: '' } })
    expect((await join()).status).toBe(200)
  })

  test('on a refresh every failure is a 503, so that phones stay signed in, and the token is good for another try', async () => {
    const session = (await join()).json as Session
    hooks.accessToken = () => {
      throw new Error('away')
    }
    const failed = await refresh(session)
    expect(told(failed)).toEqual([503, 'unexpected_failure', 'The hook accessToken failed'])
    expect(failed.headers.get('retry-after')).toBe('2')
    hooks.accessToken = () => ({ error: { http_code: 429, message: 'Slowly' } })
    expect((await refresh(session)).status).toBe(503)
    const late = await waitedFor(
      (hook) => (hooks.accessToken = hook),
      () => refresh(session),
    )
    expect([late.answer.status, late.aborted]).toEqual([503, true])
    delete hooks.accessToken
    expect((await refresh(session)).status).toBe(200)
  })

  test('has five seconds', async () => {
    const { answer, aborted } = await waitedFor(
      (hook) => (hooks.accessToken = hook),
      () => join(),
    )
    expect(told(answer)).toEqual([422, 'hook_timeout', 'The hook accessToken took longer than 5 seconds'])
    expect(aborted).toBe(true)
  })

  test('its database only reads', async () => {
    hooks.accessToken = (_input, { db }) => {
      expect(Object.keys(db).toSorted()).toEqual(['count', 'query'])
    }
    expect((await join()).status).toBe(200)
  })
})

describe('beforeUserCreated', () => {
  test('keeps people out, by an address and a password as without, and nothing of them is left', async () => {
    const seen: unknown[] = []
    hooks.beforeUserCreated = ({ user, metadata }) => {
      seen.push([metadata.name, user['email'], user['is_anonymous']])
      return { error: { http_code: 400, message: 'Members only' } }
    }
    const [before, email] = [await people(), newEmail()]
    expect(told(await join({ email, password: PASSWORD }))).toEqual([400, 'hook_rejected', 'Members only'])
    expect(told(await join())).toEqual([400, 'hook_rejected', 'Members only'])
    expect(seen).toEqual([
      ['before-user-created', email, false],
      ['before-user-created', '', true],
    ])
    expect(await people()).toBe(before)
  })

  test('a sign-up with an address that is somebody’s already is refused in the same words', async () => {
    const email = newEmail()
    expect((await join({ email, password: PASSWORD })).status).toBe(200)
    hooks.beforeUserCreated = () => ({ error: { message: 'Members only' } })
    const [known, unknown] = [await join({ email, password: PASSWORD }), await join({ email: newEmail(), password: PASSWORD })]
    expect(told(known)).toEqual(told(unknown))
  })

  test('keeps people out by a number and by a provider, and lets in who is there', async () => {
    const [friend, stranger, asked] = ['41781112233', '41781112244', [] as unknown[]]
    expect((await post('/otp', { phone: friend })).status).toBe(200)
    const sub = newSubject()
    expect((await signIn('google', { sub }, {}, backend.stranger)).status).toBe(200)
    hooks.beforeUserCreated = ({ user }) => (asked.push(user['phone']), { error: { message: 'Members only' } })
    const before = await people()
    expect(told(await post('/otp', { phone: stranger }))).toEqual([403, 'hook_rejected', 'Members only'])
    expect(told(await post('/signup', { phone: stranger, password: PASSWORD }))).toEqual([403, 'hook_rejected', 'Members only'])
    const refused = await signIn('google', { sub: newSubject() }, {}, backend.stranger)
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('Members only')])
    expect(await people()).toBe(before)
    expect(await sql('select id from sys_jobs where payload like ?', `%${stranger}%`)).toEqual([])
    // The limit of one message a minute to a number is the developer's machine's, so it is none.
    expect((await post('/otp', { phone: friend })).status).toBe(200)
    // Or how long it takes would tell who is known.
    expect(asked.filter((phone) => phone !== '')).toEqual([stranger, stranger, friend])
    const code = String((await messageTo(friend, hooked)).variables['code'])
    expect((await post('/verify', { type: 'sms', phone: friend, token: code })).status).toBe(200)
    expect((await signIn('google', { sub }, {}, backend.stranger)).status).toBe(200)
  })

  test('has a copy of the person: what it does to that is nothing', async () => {
    hooks.beforeUserCreated = ({ user }) => void Object.assign(user.user_metadata as object, { made: 'up' })
    expect((await join({ data: { name: 'Ann' } })).json).toMatchObject({ user: { user_metadata: { name: 'Ann' } } })
    expect(await sql(`select id from auth_users where user_metadata like '%"made"%'`)).toEqual([])
  })

  test('when it fails nobody is made', async () => {
    const before = await people()
    hooks.beforeUserCreated = () => Promise.reject(new Error('away'))
    expect(told(await join())).toEqual([500, 'unexpected_failure', 'The hook beforeUserCreated failed'])
    const { answer } = await waitedFor(
      (hook) => (hooks.beforeUserCreated = hook),
      () => join(),
    )
    expect(told(answer)).toEqual([422, 'hook_timeout', 'The hook beforeUserCreated took longer than 5 seconds'])
    expect(await people()).toBe(before)
  })
})

describe('afterUserCreated', () => {
  const waiting = () => sql(`select id, state, payload from sys_jobs where name = '${NEW_PERSON_JOB}' order by id desc`)
  const deliver = async (ids: readonly unknown[]) => {
    const context = createExecutionContext()
    const messages = ids.map((id, i) => ({ id: `${String(id)}:${i}`, timestamp: new Date(), attempts: 1, body: { job: id, store: 'db' } }))
    await createBackend(hooked).queue(createMessageBatch('perigee-jobs', messages), bindings, context)
    await waitOnExecutionContext(context)
  }

  test('runs as a job that the sign-up took in; what finish writes is written once, however often it is delivered', async () => {
    const inputs: unknown[] = []
    hooks.afterUserCreated = async ({ user, metadata }, { finish }) => {
      inputs.push([metadata.name, metadata.ip_address, user['id']])
      await finish((batch) => [batch.insert(cards, { id: String(user['id']), name: 'New' })])
    }
    const { user } = (await join()).json as Session
    const [job] = await waiting()
    expect(JSON.parse(String(job!['payload']))).toMatchObject({ user_id: user.id })
    await Promise.all([deliver([job!['id'], job!['id']]), deliver([job!['id']])])
    await vi.waitFor(async () => expect((await waiting())[0]!['state']).toBe('done'))
    expect(await sql('select name from cards where id = ?', user.id)).toEqual([{ name: 'New' }])
    expect(inputs).toEqual([['after-user-created', '203.0.113.7', user.id]])
  })

  test('is tried again when it throws, and has nothing to say of who is gone', async () => {
    let tries = 0
    hooks.afterUserCreated = () => {
      tries += 1
      throw new Error('away')
    }
    await join()
    const [job] = await waiting()
    await deliver([job!['id']])
    await vi.waitFor(async () =>
      expect(await sql('select state, attempts, error from sys_jobs where id = ?', String(job!['id']))).toMatchObject([
        { state: 'queued', attempts: 1, error: 'away' },
      ]),
    )
    expect(tries).toBe(1)
    const { user } = (await join()).json as Session
    await sql('delete from auth_users where id = ?', user.id)
    const [gone] = await waiting()
    await deliver([gone!['id']])
    await vi.waitFor(async () => expect((await waiting())[0]!['state']).not.toBe('running'))
  })

  test('follows a number and a provider, too, once a person', async () => {
    hooks.afterUserCreated = () => undefined
    const before = (await waiting()).length
    for (let i = 0; i < 2; i++) await post('/otp', { phone: '41781112255' })
    expect(await waiting()).toHaveLength(before + 1)
    const sub = newSubject()
    for (let i = 0; i < 2; i++) expect((await signIn('google', { sub }, {}, backend.stranger)).status).toBe(200)
    expect(await waiting()).toHaveLength(before + 2)
  })

  test('a sign-up that makes nobody asks for no job', async () => {
    const email = newEmail()
    await join({ email, password: PASSWORD })
    hooks.afterUserCreated = () => undefined
    const before = (await waiting()).length
    expect((await join({ email, password: PASSWORD })).status).toBe(422)
    expect(await waiting()).toHaveLength(before)
  })
})

describe('passwordVerification', () => {
  const enter = (email: string, password: string) => post('/token?grant_type=password', { email, password })

  test('refuses a right password in its words, and may end the person’s sessions', async () => {
    const email = newEmail()
    const { user, access_token: token } = (await join({ email, password: PASSWORD })).json as Session
    const inputs: unknown[] = []
    hooks.passwordVerification = ({ user_id: userId, valid, metadata }) => {
      inputs.push([metadata.name, userId, valid])
      return { decision: 'reject', message: 'Too many tries today' }
    }
    expect(told(await enter(email, PASSWORD))).toEqual([400, 'invalid_credentials', 'Too many tries today'])
    expect(told(await enter(email, 'wrong'))).toEqual([400, 'invalid_credentials', 'Too many tries today'])
    expect(told(await enter(newEmail(), 'wrong'))).toEqual([400, 'invalid_credentials', 'Too many tries today'])
    expect(inputs).toEqual([
      ['password-verification-attempt', user.id, true],
      ['password-verification-attempt', user.id, false],
      ['password-verification-attempt', null, false],
    ])
    const whoami = () => backend.stranger('/auth/v1/user', { headers: { authorization: `Bearer ${token}` } })
    expect((await whoami()).status).toBe(200)
    hooks.passwordVerification = () => ({ decision: 'reject', should_logout_user: true })
    expect(told(await enter(email, PASSWORD))).toEqual([
      400,
      'invalid_credentials',
      'Further password verification attempts will be rejected.',
    ])
    expect((await whoami()).status).toBe(403)
  })

  test('can not let a wrong password in', async () => {
    const email = newEmail()
    await join({ email, password: PASSWORD })
    hooks.passwordVerification = () => ({ decision: 'continue' })
    expect((await enter(email, PASSWORD)).status).toBe(200)
    expect(told(await enter(email, 'wrong'))[1]).toBe('invalid_credentials')
  })
})

describe('mfaVerification', () => {
  const challenge = async (token: string, id: string) =>
    (await post(`/factors/${id}/challenge`, {}, { authorization: `Bearer ${token}` })).json as { id: string }

  test('refuses a right code, and then the person’s sessions have ended; it lets no wrong one pass', async () => {
    const { session, app: phone } = await secured()
    const weak = await anotherSession(session.user.id)
    const answer = async (code: string) =>
      post(
        `/factors/${phone.id}/verify`,
        { challenge_id: (await challenge(weak.access_token, phone.id)).id, code },
        { authorization: `Bearer ${weak.access_token}` },
      )
    const inputs: unknown[] = []
    hooks.mfaVerification = ({ user_id: userId, factor_id: factorId, factor_type: type, valid }) => {
      inputs.push([userId, factorId, type, valid])
      return { decision: 'continue' }
    }
    expect(told(await answer('000000'))[1]).toBe('mfa_verification_failed')
    hooks.mfaVerification = (input) => {
      inputs.push(input.valid)
      return { decision: 'reject', message: 'Call us' }
    }
    expect(told(await answer(await codeOf(phone)))).toEqual([403, 'mfa_verification_rejected', 'Call us'])
    expect(inputs).toEqual([[session.user.id, phone.id, 'totp', false], true])
    expect(await sql('select id from auth_sessions where user_id = ?', session.user.id)).toEqual([])
    const [entry] = await sql(`select actor, details from auth_audit where user_id = ? and action = 'logout'`, session.user.id)
    expect(entry).toMatchObject({ actor: 'system', details: expect.stringContaining('mfaVerification') })
  })

  test('is not asked where there is nothing to verify', async () => {
    hooks.mfaVerification = () => {
      throw new Error('asked')
    }
    const { access_token: token } = await member()
    const answer = await post(`/factors/recovery-codes/verify`, { code: 'a'.repeat(16) }, { authorization: `Bearer ${token}` })
    expect(told(answer)[1]).toBe('mfa_verification_failed')
  })
})
