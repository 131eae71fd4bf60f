import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { ANONYMOUS, SERVICE, type Principal } from '../core'
import { app, buildModel, nobody, owner, table } from '../define'
import { compile } from './compile'
import type { Query } from './query'

const closed = { insert: nobody(), update: nobody(), delete: nobody() }
const notes = sqliteTable('notes', { id: text('id').primaryKey(), ownerId: text('owner_id').notNull() })
const news = sqliteTable('news', { id: text('id').primaryKey(), at: integer('at', { mode: 'timestamp_ms' }).notNull() })
const model = buildModel(
  app({
    name: 'x',
    tables: [
      table(notes, { ...closed, read: owner(notes.ownerId) }),
      table(news, { ...closed, read: ({ row, lte, now, and, always }) => and(always, lte(row.at, now)) }),
    ],
  }),
)
const all = (name: string): Query => ({ operations: [{ kind: 'read', table: name, select: [{ kind: 'all' }] }], shape: { form: 'list' } })
const person = (uid: string): Principal => ({ ...ANONYMOUS, role: 'authenticated', uid, sessionId: `s-${uid}` })
const run = (query: Query, principal: Principal, now = 1) => compile(model, query, { principal, now })

test('the same query of the same caller is compiled once', () => {
  const query = all('notes')
  const ada = person('ada')
  expect(run(query, ada, 1)).toBe(run(query, ada, 2))
  expect(run(all('notes'), ada)).not.toBe(run(query, ada))
})

test('nobody is given what was compiled for another, not even one who says the same of themselves', () => {
  const query = all('notes')
  const params = [person('ada'), person('bo'), ANONYMOUS, SERVICE].map((principal) => JSON.stringify(run(query, principal)))
  expect(new Set(params).size).toBe(4)
  expect(params[1]).not.toContain('ada')
  expect(run(query, person('ada'))).not.toBe(run(query, person('ada')))
})

test('what depends on the time is compiled each time', () => {
  const query = all('news')
  const [before, after] = [1_000, 2_000].map((now) => JSON.stringify(run(query, ANONYMOUS, now)))
  expect(before).not.toBe(after)
})

test('the service acting for a person is not answered as that person', () => {
  const query = all('notes')
  const ada = person('ada')
  const own = JSON.stringify(run(query, ada))
  expect(JSON.stringify(compile(model, query, { principal: ada, now: 1, asService: 'a reason' }))).not.toBe(own)
  expect(JSON.stringify(compile(model, query, { principal: ada, now: 1, sessionChecked: true }))).not.toBe(own)
})
