import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { anyone, app, buildModel, checkApp, onChange, table, type ConsumerDeclaration } from './index'

const notes = sqliteTable('notes', { id: text('id').primaryKey(), starCount: integer('star_count').notNull() })
const other = sqliteTable('other', { id: text('id').primaryKey() })
const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
const withConsumers = (...consumers: ConsumerDeclaration[]) =>
  app({ name: 'x', tables: [table(notes, open)], internal: [other], consumers })
const nothing = () => undefined

describe('checkApp refuses', () => {
  test.each([
    ['two of one name', [onChange(notes, { name: 'a' }, nothing), onChange(notes, { name: 'a' }, nothing)], /declared twice/],
    ['a name that is none', [onChange(notes, { name: 'a.b' }, nothing)], /can't be a consumer's name/],
    ['a table that is not served', [onChange(other, { name: 'a' }, nothing)], /follows "other"/],
    ['a column that is none', [onChange(notes, { name: 'a', columns: ['star_count' as never] }, nothing)], /the column "star_count"/],
    ['no columns', [onChange(notes, { name: 'a', columns: [] }, nothing)], /follows no column/],
    ['no kinds', [onChange(notes, { name: 'a', ops: [] }, nothing)], /no kind of change/],
    ['no attempts', [onChange(notes, { name: 'a', attempts: 0 }, nothing)], /tried 0 times/],
    ['too many attempts', [onChange(notes, { name: 'a', attempts: 51 }, nothing)], /tried 51 times/],
    ['half an attempt', [onChange(notes, { name: 'a', attempts: 1.5 }, nothing)], /tried 1.5 times/],
  ])('%s', (_, consumers, message) => {
    const problems = checkApp(withConsumers(...consumers))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ of: 'consumer', message: expect.stringMatching(message) as string })
  })
})

test('properties become columns, and what is left out has its default', () => {
  const rules = { name: 'a', ops: ['insert', 'update', 'insert'], columns: ['starCount'], attempts: 50 } as const
  const { consumers } = buildModel(withConsumers(onChange(notes, rules, nothing), onChange(notes, { name: 'b', attempts: 1 }, nothing)))
  expect(consumers.get('a')).toMatchObject({ table: 'notes', ops: ['I', 'U'], columns: ['star_count'], attempts: 50, from: 'now' })
  expect(consumers.get('b')).toMatchObject({ ops: null, columns: null, attempts: 1, interrupted: null })
})
