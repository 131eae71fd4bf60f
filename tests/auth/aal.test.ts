// What a strong session may and a weak one may not: in sign-in itself, and in policies that ask for `auth.aal`.
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { app, fn, owner, table, value, type AuthHooks } from '../../src/define'
import { serve, sql } from '../support/backend'
import { messagesTo } from '../support/messages'
import { apiKeys, call, claimsOf, refresh, type SessionBody } from './client'
import { anotherSession, codeOf, enroll, factors, factorsOf, member, prove, run, secured } from './factors'

const FIFTY = Array.from({ length: 50 })

const payslips = sqliteTable('payslips', { id: text('id').primaryKey(), ownerId: text('owner_id').notNull(), body: text('body').notNull() })
const postcards = sqliteTable('postcards', { id: text('id').primaryKey(), ownerId: text('owner_id').notNull() })

const vault = serve(
  app({
    name: 'Vault',
    tables: [
      table(payslips, {
        read: ({ row, auth, and, eq }) => and(eq(row.ownerId, auth.uid), eq(auth.aal, 'aal2')),
        insert: ({ row, auth, and, eq }) => and(eq(row.ownerId, auth.uid), eq(auth.aal, 'aal2')),
        update: ({ row, auth, and, eq }) => and(eq(row.ownerId, auth.uid), eq(auth.aal, 'aal2')),
        delete: ({ row, auth, and, eq }) => and(eq(row.ownerId, auth.uid), eq(auth.aal, 'aal2')),
      }),
      table(postcards, {
        read: owner(postcards.ownerId),
        insert: owner(postcards.ownerId),
        update: owner(postcards.ownerId),
        delete: owner(postcards.ownerId),
      }),
    ],
    functions: [
      fn(
        'payday',
        { args: z.object({}), returns: value(z.string()), volatility: 'read', who: ({ auth, eq }) => eq(auth.aal, 'aal2') },
        () => 'the 25th',
      ),
    ],
  }),
)

beforeAll(() => vault.mount())

const codes = (answers: readonly { body: { readonly [name: string]: unknown } }[]) => answers.map(({ body }) => body['error_code'])

describe('a policy that asks for aal2', () => {
  const ask = ({ access_token: token }: SessionBody, address: string, body?: unknown, method?: string) =>
    vault.stranger(address, {
      headers: { authorization: `Bearer ${token}`, prefer: 'return=representation' },
      ...(body === undefined ? {} : { body }),
      ...(method === undefined ? {} : { method }),
    })

  test('admits a session that proved a factor, and no other of the same person', async () => {
    const { session, app: phone } = await secured()
    const row = { id: crypto.randomUUID(), owner_id: session.user.id, body: '5,000' }
    expect((await ask(session, '/rest/v1/payslips', row)).status).toBe(201)
    const weak = await anotherSession(session.user.id)
    expect((await ask(weak, '/rest/v1/payslips')).json).toEqual([])
    expect((await ask(weak, '/rest/v1/payslips', { ...row, id: crypto.randomUUID() })).status).toBe(403)
    expect((await ask(weak, '/rest/v1/rpc/payday', {})).status).toBe(403)
    expect((await ask(weak, '/rest/v1/postcards', { id: crypto.randomUUID(), owner_id: session.user.id })).status).toBe(201)
    const strong = await prove(weak.access_token, phone)
    expect((await ask(strong, '/rest/v1/payslips')).json).toMatchObject([{ id: row.id }])
    expect((await ask(strong, '/rest/v1/rpc/payday', {})).json).toBe('the 25th')
  })

  test('P20: ends with the next call when the factor goes, although the token says aal2 still', async () => {
    const { session, app: phone } = await secured()
    const row = { id: crypto.randomUUID(), owner_id: session.user.id, body: '5,000' }
    await ask(session, '/rest/v1/payslips', row)
    await factors(session.access_token, `/${phone.id}`, undefined, 'DELETE')
    expect(claimsOf(session.access_token)['aal']).toBe('aal2')
    const read = await ask(session, '/rest/v1/payslips')
    expect([read.status, read.json]).toEqual([200, []])
    expect((await ask(session, '/rest/v1/payslips', { ...row, id: crypto.randomUUID() })).status).toBe(403)
    const changed = await ask(session, `/rest/v1/payslips?id=eq.${row.id}`, { body: '6,000' }, 'PATCH')
    expect([changed.status, changed.json]).toEqual([200, []])
    expect(await sql('select body from payslips where id = ?', row.id)).toEqual([{ body: '5,000' }])
    // What asks for no strength goes on.
    expect((await ask(session, '/rest/v1/postcards', { id: crypto.randomUUID(), owner_id: session.user.id })).status).toBe(201)
    // A function's code may rest on the strength that it was let in for.
    const called = await ask(session, '/rest/v1/rpc/payday', {})
    expect([called.status, called.json]).toMatchObject([401, { code: 'PGRST303' }])
    const next = (await refresh(session.refresh_token)).body as unknown as SessionBody
    expect((await ask(next, '/rest/v1/rpc/payday', {})).status).toBe(403)
  })
})

describe('P20: a weak session of a person with a factor', () => {
  test('enrols, unenrols and changes address or password of nobody', async () => {
    const { session, app } = await secured()
    const { access_token: token } = await anotherSession(session.user.id)
    const enrolled = await factors(token, '', { factor_type: 'totp', friendly_name: 'x' })
    expect([enrolled.status, enrolled.body['error_code']]).toEqual([403, 'insufficient_aal'])
    const removed = await factors(token, `/${app.id}`, undefined, 'DELETE')
    expect([removed.status, removed.body['error_code']]).toEqual([422, 'insufficient_aal'])
    for (const body of [{ password: 'another long one' }, { email: 'new@example.com' }]) {
      const changed = await call('/auth/v1/user', { token, method: 'PUT', body })
      expect([changed.status, changed.body['error_code']]).toEqual([401, 'insufficient_aal'])
    }
    expect((await call('/auth/v1/user', { token, method: 'PUT', body: { data: { shoe: 43 } } })).status).toBe(200)
  })

  test('P21: a session by recovery is a weak one until the factor is proved', async () => {
    const { session, app } = await secured()
    const recovered = await anotherSession(session.user.id)
    await run(
      `update auth_sessions set amr = '[{"method":"recovery","timestamp":1}]' where id = ?`,
      String(claimsOf(recovered.access_token)['session_id']),
    )
    const change = (token: string) => call('/auth/v1/user', { token, method: 'PUT', body: { password: 'a password after recovery' } })
    expect((await change(recovered.access_token)).body['error_code']).toBe('insufficient_aal')
    const raised = await prove(recovered.access_token, app)
    expect((await change(raised.access_token)).status).toBe(200)
  })
})

describe('unenrolment', () => {
  test('P20: makes the sessions weak that were strong by it, in their next tokens', async () => {
    const { session, app } = await secured()
    const other = await prove((await anotherSession(session.user.id)).access_token, app)
    const removed = await factors(session.access_token, `/${app.id}`, undefined, 'DELETE')
    expect([removed.status, removed.body]).toEqual([200, { id: app.id }])
    for (const { refresh_token: token } of [session, other]) {
      const next = await refresh(token)
      expect(claimsOf(next.body.access_token)['aal']).toBe('aal1')
      expect(JSON.stringify(claimsOf(next.body.access_token)['amr'])).not.toContain('totp')
      expect(factorsOf(next.body as unknown as SessionBody)).toEqual([])
    }
    expect(await run("select details from auth_audit where action = 'factor_unenrolled' and user_id = ?", session.user.id)).toHaveLength(1)
  })

  test('leaves alone what is strong by another factor', async () => {
    const { session, app } = await secured()
    const second = await enroll(session.access_token, 'second')
    const raised = await prove(session.access_token, second)
    await factors(raised.access_token, `/${app.id}`, undefined, 'DELETE')
    expect(claimsOf((await refresh(raised.refresh_token)).body.access_token)['aal']).toBe('aal2')
  })

  test('an unverified one goes at aal1', async () => {
    const { access_token: token } = await member()
    const { id } = await enroll(token)
    expect((await factors(token, `/${id}`, undefined, 'DELETE')).status).toBe(200)
    expect((await factors(token, `/${id}`, undefined, 'DELETE')).body['error_code']).toBe('mfa_factor_not_found')
  })

  test('fifty at once remove it once', async () => {
    const { session, app } = await secured()
    const answers = await Promise.all(FIFTY.map(() => factors(session.access_token, `/${app.id}`, undefined, 'DELETE')))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(codes(answers.filter(({ status }) => status !== 200)))).toEqual(new Set(['mfa_factor_not_found']))
  })
})

describe('an operator with the secret key', () => {
  const asService = (path: string, method = 'GET') => call(`/auth/v1/admin/users/${path}`, { apiKey: apiKeys.secretKey, method })

  test('P20: sees and removes the factors of others; their sessions are weak at once, and the person is told by mail', async () => {
    const { session, app: phone } = await secured()
    const made = await factors(session.access_token, '/recovery-codes', undefined, 'POST')
    await run('update auth_users set email_confirmed_at = 1 where id = ?', session.user.id)
    const path = `${session.user.id}/factors`
    const shown = await asService(path)
    expect((shown.body as unknown as { factor_type: string }[]).map((one) => one.factor_type)).toEqual(['totp', 'recovery_code'])
    expect(shown.text).not.toContain(phone.secret)
    const [removed, again] = await Promise.all([asService(`${path}/${phone.id}`, 'DELETE'), asService(`${path}/${phone.id}`, 'DELETE')])
    expect(new Set([removed.status, again.status])).toEqual(new Set([200, 404]))
    // Codes don't stand alone.
    expect((await asService(path)).body).toEqual([])
    expect(await run('select * from auth_recovery_codes where user_id = ?', session.user.id)).toEqual([])
    expect(made.status).toBe(200)
    const next = await refresh(session.refresh_token)
    expect(claimsOf(next.body.access_token)).toMatchObject({ aal: 'aal1', amr: [{ method: 'anonymous' }] })
    expect(await run("select actor from auth_audit where action = 'factor_deleted' and user_id = ?", session.user.id)).toEqual([
      { actor: 'service' },
    ])
    const [person] = await run('select email from auth_users where id = ?', session.user.id)
    expect((await messagesTo(String(person!['email']))).map(({ kind }) => kind)).toEqual(['mfa_factor_unenrolled'])
  })

  test('gives a factor another name, which no other of the person has, and a number only to one by text message', async () => {
    const { session, app: phone } = await secured()
    const { user } = session
    const change = (id: string, body: unknown) =>
      call(`/auth/v1/admin/users/${user.id}/factors/${id}`, { apiKey: apiKeys.secretKey, method: 'PUT', body })
    await run(
      `insert into auth_factors (id, user_id, type, status, friendly_name, phone, created_at, updated_at) values (?, ?, 'phone', 'verified', 'Mobile', '41781112233', 0, 0)`,
      user.id,
      user.id,
    )
    expect((await change(phone.id, { friendly_name: ' Old phone ' })).body).toMatchObject({
      id: phone.id,
      friendly_name: 'Old phone',
      status: 'verified',
    })
    expect((await change(user.id, { friendly_name: 'Old phone' })).body['error_code']).toBe('mfa_factor_name_conflict')
    expect((await change(phone.id, { phone: '+41781112244' })).body['error_code']).toBe('validation_failed')
    expect((await change(phone.id, { friendly_name: 'x'.repeat(101) })).body['error_code']).toBe('validation_failed')
    expect((await change(crypto.randomUUID(), {})).body['error_code']).toBe('mfa_factor_not_found')
    expect((await change(user.id, { phone: '+41781112233' })).body).toMatchObject({ phone: '41781112233', status: 'verified' })
    // Nobody proved the new number.
    expect((await change(user.id, { phone: '+41781112244' })).body).toMatchObject({ phone: '41781112244', status: 'unverified' })
    expect(
      await run(
        "select json_extract(details, '$.number') as n from auth_audit where action = 'factor_updated' and user_id = ? order by rowid",
        user.id,
      ),
    ).toEqual([{ n: 0 }, { n: 0 }, { n: 1 }])
  })

  test('is nobody else', async () => {
    const { session, app: phone } = await secured()
    const path = `/auth/v1/admin/users/${session.user.id}/factors`
    for (const [address, method] of [
      [path, 'GET'],
      [`${path}/${phone.id}`, 'DELETE'],
    ] as const) {
      const answer = await call(address, { token: session.access_token, method })
      expect([answer.status, answer.body['error_code']]).toEqual([403, 'not_admin'])
    }
    expect((await asService(`${crypto.randomUUID()}/factors`)).body['error_code']).toBe('user_not_found')
    expect((await asService('x/factors')).body['error_code']).toBe('validation_failed')
    const stranger = await member()
    expect((await asService(`${stranger.user.id}/factors/${phone.id}`, 'DELETE')).body['error_code']).toBe('mfa_factor_not_found')
  })
})

/** What it does is the test's to say. */
const hooks: { accessToken?: NonNullable<AuthHooks['accessToken']> } = {}
const hooked = serve(app({ name: 'Hooked', tables: [], auth: { hooks } }))

test('a hook that fails on a second factor fails the step and signs nobody out: the tokens of before count, weak as they were', async () => {
  const { session, app: phone } = await secured()
  const weak = await anotherSession(session.user.id)
  const ask = (path: string, body: unknown) =>
    hooked.stranger(`/auth/v1/factors/${phone.id}/${path}`, { body, headers: { authorization: `Bearer ${weak.access_token}` } })
  const answer = async (steps: number) =>
    ask('verify', { challenge_id: ((await ask('challenge', {})).json as { id: string }).id, code: await codeOf(phone, steps) })
  hooks.accessToken = () => {
    throw new Error('away')
  }
  expect((await answer(0)).status).toBe(500)
  delete hooks.accessToken
  const refreshed = await refresh(weak.refresh_token)
  expect(refreshed.status, refreshed.text).toBe(200)
  expect(claimsOf(refreshed.body.access_token)).toMatchObject({ aal: 'aal1', amr: [{ method: 'password' }] })
  const raised = await answer(1)
  expect(raised.status, raised.text).toBe(200)
  expect(claimsOf((raised.json as SessionBody).access_token)['aal']).toBe('aal2')
  expect((await refresh(weak.refresh_token)).body['error_code']).toBe('refresh_token_already_used')
})

test('a token of before the second factor, whoever kept it, stays weak after its session became strong', async () => {
  const { session, app: phone } = await secured()
  const weak = await anotherSession(session.user.id)
  const strong = await prove(weak.access_token, phone)
  const stolen = weak.access_token
  const spare = await enroll(strong.access_token, 'Spare')
  const set = await factors(strong.access_token, '/recovery-codes', {}, 'POST')
  expect(set.status, set.text).toBe(200)
  const tries = await Promise.all([
    factors(stolen, `/${phone.id}`, undefined, 'DELETE'),
    factors(stolen, '', { factor_type: 'totp', friendly_name: 'Mine' }),
    factors(stolen, `/${spare.id}/challenge`, {}),
    factors(stolen, '/recovery-codes/regenerate', undefined, 'POST'),
    factors(stolen, '/recovery-codes', undefined, 'DELETE'),
    call('/auth/v1/user', { method: 'PUT', token: stolen, body: { password: 'the thief has another' } }),
    call('/auth/v1/user', { method: 'PUT', token: stolen, body: { email: 'thief@example.com' } }),
    call('/auth/v1/user', { method: 'DELETE', token: stolen }),
    call(`/auth/v1/user/identities/${crypto.randomUUID()}`, { method: 'DELETE', token: stolen }),
  ])
  expect(codes(tries)).toEqual(tries.map(() => 'insufficient_aal'))
  expect((await call('/auth/v1/user', { token: stolen })).status).toBe(200)
  expect((await factors(strong.access_token, `/${phone.id}`, undefined, 'DELETE')).status).toBe(422)
})
