// What ends at once, although the token lives on: a banned person's access, and a role that was taken away.
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import * as z from 'zod'
import { beforeAll, describe, expect, test } from 'vitest'
import { app, fn, owner, table, value } from '../../src/define'
import { serve, sql, type Answer, type Person } from '../support/backend'

const reports = sqliteTable('reports', { id: text('id').primaryKey(), ownerId: text('owner_id').notNull(), body: text('body').notNull() })

const moderated = app({
  name: 'Moderated',
  auth: { roles: ['moderator', 'reader', 'editor'] },
  tables: [
    table(reports, {
      read: ({ row, auth, or, eq }) => or(auth.hasRole('moderator'), auth.hasRole('reader'), eq(row.ownerId, auth.uid)),
      insert: owner(reports.ownerId),
      update: ({ row, auth, or, eq }) => or(auth.hasRole('moderator'), eq(row.ownerId, auth.uid)),
      delete: ({ auth }) => auth.hasRole('moderator'),
    }),
  ],
  functions: [
    fn(
      'moderators',
      { args: z.object({}), returns: value(z.string()), volatility: 'read', who: ({ auth }) => auth.hasRole('moderator') },
      () => 'welcome',
    ),
  ],
})

const backend = serve(moderated)
const rows = (answer: Answer) => (answer.json as { id: string }[]).map(({ id }) => id).toSorted()

beforeAll(async () => {
  await backend.mount()
  await sql(`insert into reports (id, owner_id, body) values ('of nobody', 'nobody', 'x')`)
})

/** A new person whose token names the roles. */
async function withRoles(...roles: readonly string[]): Promise<Person> {
  const person = await backend.person()
  await sql(`update auth_users set app_metadata = ? where id = ?`, JSON.stringify({ roles }), person.id)
  const refreshed = await backend.refreshed(person)
  await refreshed.ask('/rest/v1/reports', { body: { id: person.id, owner_id: person.id, body: 'own' } })
  return refreshed
}

const roles = (person: Person, method: 'POST' | 'DELETE', ...names: readonly string[]) =>
  backend.service(`/auth/v1/admin/users/${person.id}/roles`, { method, body: { roles: names } })
const take = (person: Person, ...names: readonly string[]) => roles(person, 'DELETE', ...names)

describe('a role that was taken away', () => {
  test('ends with the next read and the next write, and the person goes on with what is left to them', async () => {
    const ann = await withRoles('moderator')
    expect(rows(await ann.ask('/rest/v1/reports'))).toContain('of nobody')
    await take(ann, 'moderator')
    const answer = await ann.ask('/rest/v1/reports')
    expect([answer.status, rows(answer)]).toEqual([200, [ann.id]])
    const removed = await ann.ask('/rest/v1/reports?id=eq.of nobody', { method: 'DELETE', headers: { prefer: 'return=representation' } })
    expect([removed.status, removed.json]).toEqual([200, []])
    const changed = await ann.ask(`/rest/v1/reports?id=eq.${ann.id}`, {
      method: 'PATCH',
      body: { body: 'mine' },
      headers: { prefer: 'return=representation' },
    })
    expect(changed.json).toMatchObject([{ body: 'mine' }])
  })

  test('leaves the others, and costs nobody else a thing', async () => {
    const ann = await withRoles('moderator', 'reader')
    const bob = await withRoles('moderator')
    await take(ann, 'moderator', 'editor')
    expect(rows(await ann.ask('/rest/v1/reports'))).toContain('of nobody')
    expect(
      (await ann.ask('/rest/v1/reports?id=eq.of nobody', { method: 'DELETE', headers: { prefer: 'return=representation' } })).json,
    ).toEqual([])
    const asked = await bob.ask('/rest/v1/reports')
    expect(rows(asked)).toContain('of nobody')
    expect(asked.headers.get('x-perigee-d1-calls')).toBe('1')
  })

  test('ends functions that were asked with it, and what a stale token names is never more than it named', async () => {
    const ann = await withRoles('moderator')
    expect((await ann.ask('/rest/v1/rpc/moderators', { body: {} })).json).toBe('welcome')
    await take(ann, 'moderator')
    const refused = await ann.ask('/rest/v1/rpc/moderators', { body: {} })
    expect([refused.status, (refused.json as { code: string }).code]).toEqual([401, 'PGRST303'])
    const again = await backend.refreshed(ann)
    await sql(`update auth_users set app_metadata = '{}' where id = ?`, ann.id)
    expect((await (await backend.refreshed(again)).ask('/rest/v1/rpc/moderators', { body: {} })).status).toBe(403)
  })

  test('of a session that has ended is refused as any other is', async () => {
    const ann = await withRoles('moderator')
    await sql('delete from auth_sessions where user_id = ?', ann.id)
    const refused = await ann.ask('/rest/v1/reports')
    expect([refused.status, (refused.json as { code: string }).code]).toEqual([401, 'PGRST303'])
  })
})

test('a role that the app does not declare is refused by its name, when it is given and when a person is made or changed; taken it can be', async () => {
  const ann = await withRoles('reader')
  const users = '/auth/v1/admin/users'
  const appMetadata = { app_metadata: { roles: ['reader', 'moderater'] } }
  for (const answer of [
    await roles(ann, 'POST', 'moderater'),
    await backend.service(`${users}/${ann.id}`, { method: 'PUT', body: appMetadata }),
    await backend.service(users, { body: { email: `${crypto.randomUUID()}@example.com`, ...appMetadata } }),
  ]) {
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error_code: 'validation_failed', msg: 'The app declares no role "moderater"' },
    ])
  }
  expect((await roles(ann, 'POST', 'moderator')).json).toEqual({ roles: ['reader', 'moderator'] })
  expect((await roles(ann, 'DELETE', 'moderater')).json).toEqual({ roles: ['reader', 'moderator'] })
  // Given, it comes with the next token.
  expect((await ann.ask('/rest/v1/rpc/moderators', { body: {} })).status).toBe(403)
  expect((await (await backend.refreshed(ann)).ask('/rest/v1/rpc/moderators', { body: {} })).json).toBe('welcome')
})

test('P13: the token of a banned person reads and writes nothing, until the ban is over', async () => {
  const ann = await withRoles('moderator')
  const ban = (duration: string) => backend.service(`/auth/v1/admin/users/${ann.id}`, { method: 'PUT', body: { ban_duration: duration } })
  await ban('1h')
  for (const asked of [{}, { body: { id: 'banned', owner_id: ann.id, body: 'x' } }]) {
    const refused = await ann.ask('/rest/v1/reports', asked)
    expect([refused.status, (refused.json as { code: string }).code]).toEqual([401, 'PGRST303'])
  }
  expect(await sql(`select id from reports where id = 'banned'`)).toEqual([])
  // Over by itself.
  await sql('update auth_sessions set suspended_until = cast(? as integer) where user_id = ?', String(Date.now() - 1), ann.id)
  expect((await ann.ask('/rest/v1/reports')).status).toBe(200)
})
