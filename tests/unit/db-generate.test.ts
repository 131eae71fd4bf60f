// The files that `npm run db:generate` writes: whole after wrangler's splitting, right after replaying, and checked against app/.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unstable_splitSqlQuery as splitSqlQuery } from 'wrangler'
import { checkMigrations, migrationFiles, type MigrationFolder } from '../../scripts/db-files'
import { generateMigration, GenerateError } from '../../scripts/db-generate'
import { expectedSchema, planMigration } from '../../src/migrations'
import * as engine from '../../src/schema'
import ledger, * as declared from '../apps/ledger'
import next from '../apps/ledger/next'

const appPath = (name: string) => fileURLToPath(new URL(`../apps/ledger/${name}.ts`, import.meta.url).href)
const NOTHING = { renames: [], drops: [] }
const RENAMED = { renames: [{ table: 'categories', column: 'parent_id', to: 'above' }], drops: [] }
let first: MigrationFolder
let second: MigrationFolder

beforeEach(() => {
  const path = mkdtempSync(join(tmpdir(), 'perigee-migrations-'))
  first = { path, app: appPath('index') }
  second = { path, app: appPath('next') }
})
afterEach(() => rmSync(first.path, { recursive: true }))

test('the first migration makes everything, the second what changed, and then there is nothing to do', async () => {
  expect(await checkMigrations(first)).toContain('not in migrations/ yet: create accounts')
  expect((await generateMigration(first, NOTHING)).file).toBe('0000_init.sql')
  expect(await checkMigrations(first)).toEqual([])
  expect((await generateMigration(first, NOTHING)).file).toBeNull()

  expect(await checkMigrations(second)).not.toEqual([])
  await expect(generateMigration(second, NOTHING)).rejects.toThrow(GenerateError)
  await expect(generateMigration(second, NOTHING)).rejects.toThrow('--rename categories.parent_id:above')
  expect(migrationFiles(first)).toEqual(['0000_init.sql'])
  expect((await generateMigration(second, RENAMED, 'Tidy categories!')).file).toBe('0001_tidy_categories.sql')
  expect(await checkMigrations(second)).toEqual([])
})

test('the check sees an app that moved on, a file that was edited and one that fails', async () => {
  await generateMigration(first, NOTHING)
  const path = join(first.path, '0000_init.sql')
  const whole = readFileSync(path, 'utf8')
  writeFileSync(path, whole.replace(/CREATE TRIGGER `sys_log_labels_delete`[\s\S]*?END;/, ''))
  expect(await checkMigrations(first)).toEqual([
    'migrations/ lead elsewhere than app/: trigger "sys_log_labels_delete" on "labels" is missing',
  ])
  writeFileSync(path, whole.replace('`note` TEXT', '`note` INTEGER'))
  expect(await checkMigrations(first)).toEqual([expect.stringContaining('column "entries.note" is `integer`, not `text`')])
  writeFileSync(path, `${whole}\nNONSENSE;`)
  await expect(checkMigrations(first)).rejects.toThrow('migrations/0000_init.sql fails on an empty database')
})

test("wrangler's splitter takes the files apart where we put them together, triggers whole", async () => {
  await generateMigration(first, NOTHING)
  await generateMigration(second, RENAMED)
  const plans = [
    planMigration({ tables: [] }, expectedSchema(ledger)),
    planMigration(expectedSchema(ledger), expectedSchema(next), RENAMED),
  ]
  const db = new DatabaseSync(':memory:')
  for (const [i, name] of migrationFiles(first).entries()) {
    const statements = splitSqlQuery(readFileSync(join(first.path, name), 'utf8'))
    expect(statements.map((statement) => statement.replace(/^--.*\n/, ''))).toEqual(plans[i]!.statements)
    for (const statement of statements) db.prepare(statement).run()
  }
  db.exec("INSERT INTO categories (id) VALUES ('a')")
  expect(db.prepare('SELECT colour FROM categories').get()).toEqual({ colour: `it's "green"; END;` })
  expect(db.prepare('SELECT count(*) AS n FROM sys_changes').get()).toEqual({ n: 1 })
})

test('drizzle-kit reads the same tables, columns, keys and indexes off the declarations', async () => {
  const kit = (await import('drizzle-kit/api')) as unknown as {
    generateSQLiteDrizzleJson(imports: Record<string, unknown>): Promise<Snapshot>
  }
  const { tables: _, default: __, ...drizzleTables } = declared
  const snapshot = await kit.generateSQLiteDrizzleJson({ ...engine, ...drizzleTables })
  const schema = expectedSchema(ledger)
  expect(Object.keys(snapshot.tables).toSorted()).toEqual(schema.tables.map(({ name }) => name).toSorted())
  for (const table of schema.tables) {
    const theirs = snapshot.tables[table.name]!
    const ours = table.columns.filter(({ name }) => !['_version', '_updated_at'].includes(name))
    const keys =
      Object.values(theirs.compositePrimaryKeys)[0]?.columns ??
      Object.values(theirs.columns)
        .filter((column) => column.primaryKey)
        .map(({ name }) => name)
    expect(ours.map(({ name }) => name)).toEqual(Object.keys(theirs.columns))
    expect(keys).toEqual(table.primaryKey)
    for (const column of ours) {
      const their = theirs.columns[column.name]!
      expect(column.type, `${table.name}.${column.name}`).toBe(their.type.startsWith('numeric') ? 'TEXT' : their.type.toUpperCase())
      expect(column.notNull).toBe(their.notNull || keys.includes(column.name))
      const value =
        their.default === undefined ? null : typeof their.default === 'boolean' ? String(Number(their.default)) : String(their.default)
      // A Date as default is JSON text in drizzle-kit's snapshot, in a column of integers.
      if (column.name !== 'opened_at') expect(column.default).toBe(value)
    }
    const index = (name: string, unique: boolean) => `${name} ${unique}`
    const theirIndexes = Object.values(theirs.indexes).map(({ name, isUnique }) => index(name, isUnique))
    expect(table.indexes.map(({ name, unique }) => index(name, unique)).toSorted()).toEqual(theirIndexes.toSorted())
    const foreign = (
      list: readonly {
        columns?: readonly string[]
        columnsFrom?: readonly string[]
        foreignTable?: string
        tableTo?: string
        onDelete: string
      }[],
    ) => list.map((key) => [key.columns ?? key.columnsFrom, key.foreignTable ?? key.tableTo, key.onDelete])
    expect(foreign(table.foreignKeys)).toEqual(foreign(Object.values(theirs.foreignKeys)))
    expect(table.checks.map(({ name }) => name)).toEqual(Object.keys(theirs.checkConstraints))
  }
})

interface Snapshot {
  readonly tables: Record<
    string,
    {
      readonly columns: Record<string, { name: string; type: string; primaryKey: boolean; notNull: boolean; default?: unknown }>
      readonly indexes: Record<string, { name: string; isUnique: boolean }>
      readonly foreignKeys: Record<string, { columnsFrom: string[]; tableTo: string; onDelete: string }>
      readonly compositePrimaryKeys: Record<string, { columns: string[] }>
      readonly checkConstraints: Record<string, unknown>
    }
  >
}
