// Full-text indexes through migrations on D1: made over rows that are there, changed, renamed and rebuilt with their table.
import { integer, sqliteTable, text, type SQLiteColumnBuilderBase } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { app, table, type Searchable, type SQLiteTableLike } from '../../src/define'
import { engineSchema, expectedSchema, type DatabaseSchema } from '../../src/migrations'
import { batch, drift, migrate } from './database'
import { drops, id, open, renames } from './tables'

const searched = (one: SQLiteTableLike, searchable?: Searchable): DatabaseSchema =>
  expectedSchema(app({ name: 'Test', tables: [table(one, { ...open, ...(searchable ? { searchable: searchable as never } : {}) })] }))

const hits = async (index: string, query: string) =>
  (await batch(`SELECT rowid FROM ${index} WHERE ${index} MATCH '${query}' ORDER BY rowid`)).map(({ rowid }) => rowid)

const intact = (index: string) => batch(`INSERT INTO ${index} (${index}, rank) VALUES ('integrity-check', 1)`)

test('an index is made over rows that are there, changes its columns and languages, and goes', async () => {
  const notes = sqliteTable('fs_notes', { ...id(), title: text('title'), body: text('body') })
  const plain = searched(notes)
  await migrate(engineSchema(), plain)
  await batch(`INSERT INTO fs_notes (id, title, body) VALUES ('a', 'Red cats', 'Blue dogs'), ('b', NULL, 'Cats')`)

  const titles = searched(notes, ['title'])
  await migrate(plain, titles)
  expect(await drift(titles)).toEqual([])
  expect(await hits('sys_fts_fs_notes', 'cat')).toEqual([1])

  const both = searched(notes, { columns: ['title', 'body'], language: ['simple', 'english'] })
  await migrate(titles, both)
  expect(await drift(both)).toEqual([])
  expect(await hits('sys_fts_fs_notes', 'cat')).toEqual([1, 2])
  expect(await hits('sys_fts_fs_notes_simple', 'cat')).toEqual([])
  expect(await hits('sys_fts_fs_notes_simple', 'cats')).toEqual([1, 2])

  await migrate(both, plain)
  expect(await drift(plain)).toEqual([])
  expect(await batch(`SELECT name FROM sqlite_master WHERE name LIKE 'sys_fts_fs_notes%'`)).toEqual([])
})

test('a rebuild numbers rows anew, and the index follows', async () => {
  const shape = (stars: SQLiteColumnBuilderBase) => sqliteTable('fs_rebuilt', { ...id(), title: text('title'), stars })
  const before = searched(shape(integer('stars')), ['title'])
  await migrate(engineSchema(), before)
  await batch(
    `INSERT INTO fs_rebuilt (id, title) VALUES ('a', 'one'), ('b', 'two'), ('c', 'three')`,
    `DELETE FROM fs_rebuilt WHERE id = 'a'`,
  )
  expect(await hits('sys_fts_fs_rebuilt', 'three')).toEqual([3])
  const after = searched(shape(integer('stars').notNull().default(1)), ['title'])
  const statements = await migrate(before, after)
  expect(statements.some((statement) => statement.includes('__new'))).toBe(true)
  expect(await drift(after)).toEqual([])
  await intact('sys_fts_fs_rebuilt')
  expect(
    await batch(`SELECT id FROM fs_rebuilt WHERE rowid IN (SELECT rowid FROM sys_fts_fs_rebuilt WHERE sys_fts_fs_rebuilt MATCH 'three')`),
  ).toEqual([{ id: 'c' }])
  await batch(`UPDATE fs_rebuilt SET title = 'four' WHERE id = 'c'`)
  await intact('sys_fts_fs_rebuilt')
})

test('a table, a searched column and another column are renamed or go', async () => {
  const before = searched(sqliteTable('fs_old', { ...id(), title: text('title'), spare: text('spare') }), ['title'])
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO fs_old (id, title) VALUES ('a', 'apple')`)
  const renamed = searched(sqliteTable('fs_new', { ...id(), headline: text('headline'), spare: text('spare') }), ['headline'])
  await migrate(before, renamed, renames('fs_old.title:headline', 'fs_old:fs_new'))
  expect(await drift(renamed)).toEqual([])
  expect(await hits('sys_fts_fs_new', 'headline : apple')).toEqual([1])
  await batch(`INSERT INTO fs_new (id, headline) VALUES ('b', 'apples')`)
  await intact('sys_fts_fs_new')
  expect(await batch(`SELECT name FROM sqlite_master WHERE name LIKE '%fs_old%'`)).toEqual([])

  const slim = searched(sqliteTable('fs_new', { ...id(), headline: text('headline') }), ['headline'])
  const statements = await migrate(renamed, slim, drops('fs_new.spare'))
  expect(statements.some((statement) => statement.includes('VIRTUAL'))).toBe(false)
  expect(await drift(slim)).toEqual([])
  await batch(`UPDATE fs_new SET headline = 'pear'`)
  await intact('sys_fts_fs_new')

  await migrate(slim, engineSchema(), drops('fs_new'))
  expect(await batch(`SELECT name FROM sqlite_master WHERE name LIKE '%fs_new%'`)).toEqual([])
})

test('what somebody changed by hand is named', async () => {
  const schema = searched(sqliteTable('fs_hand', { ...id(), title: text('title') }), ['title'])
  await migrate(engineSchema(), schema)
  await batch('DROP TRIGGER sys_fts_fs_hand_update')
  expect(await drift(schema)).toEqual(['trigger "sys_fts_fs_hand_update" on "fs_hand" is missing'])
  await batch('DROP TABLE sys_fts_fs_hand', 'CREATE VIRTUAL TABLE sys_fts_fs_hand USING fts5(title)')
  expect(await drift(schema)).toContain('full-text index "sys_fts_fs_hand" of "fs_hand" isn\'t what the model implies')
  await batch('DROP TABLE sys_fts_fs_hand')
  expect(await drift(schema)).toContain('full-text index "sys_fts_fs_hand" of "fs_hand" is missing')
})
