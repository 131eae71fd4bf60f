// What follows a deletion in the app's own tables: `auth.hooks.afterUserDeleted`.
import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { DELETED_PERSON_JOB } from '../../src/auth'
import { createBackend } from '../../src/backend'
import { app, nobody, owner, table, type AuthHooks } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql } from '../support/backend'

const bindings = env as unknown as Env
const cards = sqliteTable('cards', { id: text('id').primaryKey(), name: text('name').notNull() })

/** What the hook does is the test's to say. */
const hooks: { afterUserDeleted?: NonNullable<AuthHooks['afterUserDeleted']> } = {}
const hooked = app({
  name: 'Hooked',
  tables: [table(cards, { read: owner(cards.id), insert: nobody(), update: nobody(), delete: nobody() })],
  auth: { hooks },
})
const backend = serve(hooked)

beforeAll(() => backend.mount())

async function deliver(ids: readonly unknown[]): Promise<void> {
  const context = createExecutionContext()
  const messages = ids.map((id, i) => ({ id: `${String(id)}:${i}`, timestamp: new Date(), attempts: 1, body: { job: id, store: 'db' } }))
  await createBackend(hooked).queue(createMessageBatch('perigee-jobs', messages), bindings, context)
  await waitOnExecutionContext(context)
}

describe('afterUserDeleted', () => {
  const waiting = () => sql(`select id, state from sys_jobs where name = '${DELETED_PERSON_JOB}' order by id desc`)
  const remove = (id: string, body?: unknown) =>
    backend.service(`/auth/v1/admin/users/${id}`, { method: 'DELETE', ...(body === undefined ? {} : { body }) })

  test('runs as a job that the deletion took in, whoever deleted; what it removes of the app is gone with it', async () => {
    const inputs: unknown[] = []
    hooks.afterUserDeleted = async ({ user_id: id, soft, metadata }, { finish }) => {
      inputs.push([metadata.name, id, soft])
      await finish((batch) => [batch.delete(cards, { where: ({ row, eq }) => eq(row.id, id) })])
    }
    const people = [await backend.person(), await backend.person(), await backend.person()]
    const [byAdmin, softly, byThemselves] = people.map(({ id }) => id)
    for (const { id } of people) await sql("insert into cards (id, name) values (?, 'Card')", id)
    expect((await remove(byAdmin!)).status).toBe(200)
    expect((await remove(softly!, { should_soft_delete: true })).status).toBe(200)
    expect((await remove(softly!, { should_soft_delete: true })).status).toBe(200)
    expect((await people[2]!.ask('/auth/v1/user', { method: 'DELETE' })).status).toBe(200)
    const jobs = await waiting()
    expect(jobs).toHaveLength(3)
    await deliver(jobs.map(({ id }) => id))
    await vi.waitFor(async () => expect((await waiting()).map(({ state }) => state)).toEqual(['done', 'done', 'done']))
    expect(inputs).toHaveLength(3)
    expect(inputs).toEqual(
      expect.arrayContaining([
        ['after-user-deleted', byAdmin, false],
        ['after-user-deleted', softly, true],
        ['after-user-deleted', byThemselves, false],
      ]),
    )
    for (const { id } of people) expect(await sql('select id from cards where id = ?', id)).toEqual([])
  })

  test('a deletion that is refused asks for no job', async () => {
    hooks.afterUserDeleted = () => undefined
    const before = (await waiting()).length
    const { id, ask } = await backend.person()
    await sql(
      `insert into auth_factors (id, user_id, type, status, created_at, updated_at) values (?, ?, 'totp', 'verified', 0, 0)`,
      id,
      id,
    )
    expect((await ask('/auth/v1/user', { method: 'DELETE' })).status).toBe(401)
    expect((await remove(crypto.randomUUID())).status).toBe(404)
    expect(await waiting()).toHaveLength(before)
  })
})
