import { foreignKey, index, primaryKey, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { adviseApp, anyone, app, table } from './index'

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
const id = () => text('id').primaryKey()
const people = sqliteTable('people', { id: id(), first: text('first'), last: text('last') }, (t) => [unique().on(t.first, t.last)])
const to = () => text('person_id').references(() => people.id)

const advice = (...tables: Parameters<typeof table>[0][]) =>
  adviseApp(app({ name: 'x', tables: [table(people, open), ...tables.map((one) => table(one, open))] })).map(({ table: name, message }) => [
    name,
    /begins with (.*?), which/.exec(message)?.[1],
  ])

test('a foreign key without an index of its own is told of', () => {
  expect(advice(sqliteTable('pets', { id: id(), personId: to() }))).toEqual([['pets', 'person_id']])
  const late = sqliteTable('pets', { id: id(), name: text('name'), personId: to() }, (t) => [index('late').on(t.name, t.personId)])
  expect(advice(late)).toEqual([['pets', 'person_id']])
})

test('an index, a unique or the primary key that begins with it is enough', () => {
  expect(advice(sqliteTable('pets', { id: id(), personId: to() }, (t) => [index('by').on(t.personId)]))).toEqual([])
  expect(advice(sqliteTable('pets', { id: id(), personId: to().unique() }))).toEqual([])
  expect(
    advice(sqliteTable('pets', { personId: to().notNull(), n: text('n').notNull() }, (t) => [primaryKey({ columns: [t.personId, t.n] })])),
  ).toEqual([])
})

test('a key of several columns needs all of them first, in any order', () => {
  const pets = (...columns: ('first' | 'last' | 'name')[]) =>
    sqliteTable('pets', { id: id(), name: text('name'), first: text('first'), last: text('last') }, (t) => [
      foreignKey({ columns: [t.first, t.last], foreignColumns: [people.first, people.last] }),
      index('by').on(...(columns.map((name) => t[name]) as [typeof t.name])),
    ])
  expect(advice(pets('last', 'first', 'name'))).toEqual([])
  expect(advice(pets('first', 'name', 'last'))).toEqual([['pets', 'first, last']])
})

test('a table that is not served is left alone', () => {
  const pets = sqliteTable('pets', { id: id(), personId: to() })
  expect(adviseApp(app({ name: 'x', tables: [table(people, open)], internal: [pets] }))).toEqual([])
})
