// What may be declared searchable, and what is said of the rest.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { anyone, app, buildModel, checkApp, table, type SQLiteTableLike } from './index'

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  headLine: text('head_line').notNull(),
  body: text('body'),
  meta: text('meta', { mode: 'json' }),
  stars: integer('stars'),
  rank: text('rank'),
})

const declared = (searchable: unknown, rules: object = {}, one: SQLiteTableLike = notes) =>
  app({ name: 'x', tables: [table(one, { ...open, ...rules, searchable } as never)] })
const problems = (...given: Parameters<typeof declared>) => checkApp(declared(...given)).map(({ message }) => message)

describe('searchable', () => {
  test('names columns by their properties; the model holds their wire names, English unless told', () => {
    const model = (searchable: unknown) => buildModel(declared(searchable)).tables.get('notes')!.search
    expect(model(['headLine', 'body'])).toEqual({ columns: ['head_line', 'body'], languages: ['english'], rowid: 'rowid' })
    expect(model({ columns: ['body'], language: 'simple' })).toMatchObject({ languages: ['simple'] })
    expect(model({ columns: ['body', 'body'], language: ['simple', 'english'] })).toMatchObject({
      columns: ['body'],
      languages: ['simple', 'english'],
    })
    expect(model(undefined)).toBeNull()
  })

  test.each([
    [['nope'], {}, /names a column "nope" that it hasn't/],
    [['_version'], {}, /names a column "_version" that it hasn't/],
    [['body'], { columns: { body: { hidden: true } } }, /names the hidden column "body"/],
    [['stars'], {}, /"stars", which holds integer and not text/],
    [['meta'], {}, /"meta", which holds json and not text/],
    [['body'], { columns: { body: { format: 'date' } } }, /"body", which holds date and not text/],
    [['rank'], {}, /"rank", a name that full-text tables keep/],
    [[], {}, /names no column/],
    [{ columns: ['body'], language: [] }, {}, /names no language/],
    [{ columns: ['body'], language: 'klingon' }, {}, /a language "klingon" that there isn't. There are: english, simple/],
  ])('%j is refused, and said why', (searchable, rules, message) => {
    expect(problems(searchable, rules)).toEqual([expect.stringMatching(message) as string])
  })

  test('a table whose columns have taken a name of the row number uses another', () => {
    const columns = { id: text('id').primaryKey(), title: text('title'), a: text('ROWID'), b: text('oid') }
    const two = sqliteTable('two', columns)
    expect(buildModel(declared(['title'], {}, two)).tables.get('two')!.search!.rowid).toBe('_rowid_')
    const three = sqliteTable('three', { ...columns, c: text('_rowid_') })
    expect(problems(['title'], {}, three)).toEqual([expect.stringContaining('columns have taken all its names') as string])
  })

  test('two tables whose index tables would meet are refused', () => {
    const pair = (name: string) =>
      checkApp(
        app({
          name: 'x',
          tables: [notes, sqliteTable(name, { id: text('id').primaryKey(), body: text('body') })].map((one) =>
            table(one as typeof notes, { ...open, searchable: { columns: ['body'], language: ['english', 'simple'] } }),
          ),
        }),
      ).map(({ table: name, message }) => [name, message])
    expect(pair('notes_idx')).toEqual([['notes_idx', expect.stringContaining('like one of "notes"') as string]])
    expect(pair('notes_simple')[0]).toEqual(['notes_simple', expect.stringContaining('like one of "notes"') as string])
    expect(pair('notes_other')).toEqual([])
  })
})
