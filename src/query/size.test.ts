import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { ask, openDatabase, planOf, statementOf } from '../../tests/unit/database'
import { ann, closed, compare } from '../../tests/unit/journal'
import { ANONYMOUS, SERVICE, type Principal } from '../core'
import { anyone, app, buildModel, owner, table } from '../define'
import type { Read } from './query'

const named = sqliteTable('named', { id: text('id').primaryKey(), ownerId: text('owner_id') })
const owned = sqliteTable('owned', { id: text('id').primaryKey(), ownerId: text('owner_id') })
const numbered = sqliteTable('numbered', { id: integer('id').primaryKey() })
const declared = app({
  name: 'x',
  tables: [
    table(named, { ...closed, read: anyone() }),
    table(owned, { ...closed, read: owner(owned.ownerId) }),
    table(numbered, { ...closed, read: anyone() }),
  ],
})
const model = buildModel(declared)
const db = openDatabase(declared)
const many = (rows: number) => `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}) `
for (const name of ['named', 'owned'])
  db.exec(`${many(1500)} insert into ${name} (id, owner_id) select printf('r%05d', i), iif(i % 2, 'p1', 'p2') from n`)
db.exec(`${many(1500)} insert into numbered (id) select i * 1000000 from n`)
db.exec("delete from named where id between 'r00100' and 'r00199'")
db.exec("insert into auth_users (id, created_at, updated_at) values ('p1', 0, 0); insert into auth_sessions (id, user_id, refreshed_at, created_at) values ('s1', 'p1', 0, 0)") // prettier-ignore

const read = (name: string, total: 'exact' | 'planned' | 'estimated', rest: Partial<Read> = {}): Read => ({
  kind: 'read',
  table: name,
  select: [{ kind: 'all' }],
  limit: 1,
  total,
  ...rest,
})
const total = (query: Read, principal: Principal = SERVICE) => ask(db, model, query, { principal, now: 0 }).total

test('a large table that everyone reads is told by the span of its rows, anything else is counted', () => {
  expect(total(read('named', 'exact'))).toBe(1400)
  for (const estimate of ['planned', 'estimated'] as const) {
    expect(total(read('named', estimate), ANONYMOUS)).toBe(1500)
    expect(total(read('named', estimate, { where: compare('owner_id', 'eq', 'p1') }), ANONYMOUS)).toBe(700)
    expect(total(read('owned', estimate), ann)).toBe(750)
    expect(total(read('owned', estimate), ANONYMOUS)).toBe(0)
    // Its ids are the clients' own, and say nothing.
    expect(total(read('numbered', estimate), ANONYMOUS)).toBe(1500)
  }
})

test('up to a thousand rows are counted to the last one', () => {
  db.exec("delete from named where id > 'r01100'")
  expect(total(read('named', 'exact'))).toBe(1000)
  expect(total(read('named', 'estimated'))).toBe(1000)
  db.exec("insert into named (id) values ('r09999')")
  expect(total(read('named', 'estimated'))).toBe(1101)
})

test('an estimate scans no table beyond its first rows', () => {
  const plan = planOf(db, statementOf(model, read('named', 'estimated', { order: [{ target: { column: 'id' }, descending: false }] }), { principal: SERVICE, now: 0 })) // prettier-ignore
  expect(plan.filter((line) => line.startsWith('SEARCH named'))).toHaveLength(2)
})
