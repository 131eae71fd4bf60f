// /api/v1/admin/users/import: who may, what is refused, and that those who come sign in as they did before; again and again.
import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import { app } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql } from '../support/backend'

vi.setConfig({ testTimeout: 30_000 })
const backend = serve(app({ name: 'Moved', tables: [] }), env as unknown as Env)
const { service, stranger, nobody } = backend
const ROOT = '/api/v1/admin/users/import'
const BCRYPT = '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'

interface Imported {
  readonly made: number
  readonly there: number
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
}
const send = async (...users: object[]) => {
  const answer = await service(ROOT, { body: { users } })
  expect(answer.status, answer.text).toBe(200)
  return answer.json as Imported
}
const newId = () => crypto.randomUUID()
const newEmail = () => `p${newId()}@example.com`

test('those who come sign in as they did before, with their ids, roles and providers', async () => {
  const [id, email] = [newId(), newEmail()]
  const ada = {
    id,
    email: email.toUpperCase(),
    password_hash: BCRYPT,
    email_confirmed_at: '2023-11-14T22:13:20Z',
    user_metadata: { name: 'Ada', sub: 'forged', email_verified: 'forged' },
    app_metadata: { roles: ['moderator'], provider: 'email' },
    created_at: '2023-11-14T22:13:20+01:00',
    last_sign_in_at: '2024-01-01T00:00:00Z',
    identities: [{ provider: 'google', id: `g-${id}`, email, identity_data: { name: 'Ada' } }],
  }
  expect(await send(ada)).toEqual({ made: 1, there: 0, refused: [] })
  const answer = await stranger('/auth/v1/token?grant_type=password', { body: { email, password: 'abc' } })
  expect(answer.status, answer.text).toBe(200)
  const { user } = answer.json as { user: Record<string, unknown> & { identities: { provider: string; id: string }[] } }
  expect(user).toMatchObject({
    id,
    email,
    email_confirmed_at: '2023-11-14T22:13:20.000Z',
    created_at: '2023-11-14T21:13:20.000Z',
    is_anonymous: false,
    app_metadata: { roles: ['moderator'], provider: 'email', providers: ['email', 'google'] },
    user_metadata: { name: 'Ada', sub: id, email, email_verified: true },
  })
  expect(Object.fromEntries(user.identities.map((one) => [one.provider, one.id]))).toEqual({ email: id, google: `g-${id}` })
  expect(answer.text).not.toContain('$2a$')
})

test('a second run makes nobody twice and undoes nothing that people did since; a hundred runs at once neither', async () => {
  const people = Array.from({ length: 20 }, () => ({
    id: newId(),
    email: newEmail(),
    email_confirmed_at: '2024-01-01T00:00:00Z',
    identities: [{ provider: 'github', id: newId() }],
  }))
  const runs = await Promise.all(Array.from({ length: 10 }, () => send(...people)))
  expect(runs.reduce((sum, { made }) => sum + made, 0)).toBe(20)
  expect(runs.every(({ refused }) => refused.length === 0)).toBe(true)
  const [first] = people
  await sql('delete from auth_identities where user_id = ?', first!.id)
  await sql("update auth_users set email = 'new@example.com' where id = ?", first!.id)
  expect(await send(...people)).toEqual({ made: 0, there: 20, refused: [] })
  expect(await sql('select count(*) as n from auth_identities where user_id = ?', first!.id)).toEqual([{ n: 0 }])
  expect(await sql('select email from auth_users where id = ?', first!.id)).toEqual([{ email: 'new@example.com' }])
  expect(
    (await sql("select count(*) as n from auth_audit where action = 'users_imported' and actor = 'service'"))[0]!['n'],
  ).toBeGreaterThan(10)
})

test('who can’t be taken is named with the reason, and holds up nobody else', async () => {
  const taken = newEmail()
  const ok = { id: newId(), email: taken }
  const users = [
    ok,
    { id: newId(), email: taken.toUpperCase() },
    { id: newId(), password_hash: BCRYPT.replace('$06$', '$15$') },
    { id: newId(), password_hash: 'plain' },
    { id: newId(), user_metadata: { text: 'x'.repeat(9_000) } },
    { id: newId(), app_metadata: { text: 'half \ud800' } },
    { id: newId(), phone: '4915112345678' },
    { id: newId(), phone: '4915112345678' },
    { id: newId(), email: 'a@b.example\r\nBcc: everybody@example.com' },
  ]
  const answer = await send(...users)
  expect(answer.made).toBe(2)
  expect(Object.fromEntries(answer.refused.map(({ id, reason }) => [users.findIndex((user) => user.id === id), reason]))).toEqual({
    1: expect.stringMatching(/somebody else/),
    2: expect.stringMatching(/cost is 15, 14 at most/),
    3: expect.stringMatching(/none of bcrypt/),
    4: expect.stringMatching(/8192 bytes/),
    5: expect.stringMatching(/surrogate/),
    7: expect.stringMatching(/somebody else/),
    8: expect.stringMatching(/e-mail address can.t be one/),
  })
})

test('five hundred at once are taken, more are not, nor what isn’t in the form', async () => {
  const many = (n: number) => Array.from({ length: n }, () => ({ id: newId(), email: newEmail(), password_hash: BCRYPT }))
  expect((await send(...many(500))).made).toBe(500)
  for (const body of [
    { users: many(501) },
    { users: [] },
    {},
    { users: [{ id: 'x' }] },
    { users: [{ id: newId(), password: 'x' }] },
    { users: [{ id: newId(), phone: '+49' }] },
    { users: [{ id: newId(), created_at: 'yesterday' }] },
  ]) {
    const answer = await service(ROOT, { body })
    expect([answer.status, (answer.json as { code: string }).code]).toEqual([400, 'bad_request'])
  }
})

test('with the secret key only', async () => {
  const person = await backend.person()
  const body = { users: [{ id: newId(), email: newEmail() }] }
  for (const [path, asked] of [
    [ROOT, { body }],
    ['/api/v1/admin/signing-keys', {}],
    ['/api/v1/admin/signing-keys/rotate', { method: 'POST' }],
  ] as const) {
    for (const ask of [stranger, person.ask]) expect((await ask(path, asked)).json).toMatchObject({ code: 'service_only', status: 403 })
    expect((await nobody(path, asked)).status).toBe(401)
  }
  expect(await sql('select id from auth_users where id = ?', body.users[0]!.id)).toEqual([])
})
