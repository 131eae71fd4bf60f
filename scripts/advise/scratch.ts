// A scratch database on the local runtime's D1, filled with made-up rows of the app's own tables, to try indexes in. Nothing of it is kept.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getPlatformProxy } from 'wrangler'
import type { ColumnModel, Expression, Model, OperandNode, TableModel } from '../../src/define'
import { createIndex, createTable, engineRows } from '../../src/migrations/ddl'
import { findTable, type DatabaseSchema } from '../../src/migrations'
import { createView } from '../../src/migrations/views'
import type { CompiledStatement } from '../../src/query'

export interface Scratch {
  /** Rows that the statements read together. */
  cost(statements: readonly CompiledStatement[]): Promise<number>
  exec(sql: string): Promise<void>
  /** `count` values that stand in the column, as they are stored, out of the middle of the table. */
  sample(table: string, column: string, count: number): Promise<unknown[]>
  close(): Promise<void>
}

const CHUNK = 20_000

/** Rows of each kind that belong together: trips of an owner, members of a team. */
const PER_PARENT = 100

/** Makes the tables with the indexes that the app declares, `rows` rows in each. Constraints and triggers are left out: no plan depends on them. */
export async function makeScratch(model: Model, schema: DatabaseSchema, tables: readonly string[], rows: number): Promise<Scratch> {
  const { db, close } = await openDatabase()
  for (const name of tables) {
    const declared = findTable(schema, name)
    const table = model.tables.get(name)
    if (!declared || !table) continue
    const columns = declared.columns.map((column) => ({ ...column, check: null }))
    await db.prepare(createTable({ ...declared, columns, foreignKeys: [], checks: [] })).run()
    const insert = insertInto(table, model, rows)
    for (let from = 0; from < rows; from += CHUNK) {
      await db
        .prepare(insert)
        .bind(String(from), String(Math.min(rows, from + CHUNK)))
        .run()
    }
    // After the rows: a sort is cheaper than many insertions.
    for (const index of declared.indexes) await db.prepare(createIndex(name, { ...index, unique: false })).run()
  }
  // Cursors hold the epoch of the store.
  const engine = ['sys_store', 'sys_statement'].flatMap((name) => findTable(schema, name) ?? [])
  for (const statement of [...engine.map((table) => createTable(table)), ...engineRows()]) await db.prepare(statement).run()
  for (const view of schema.views ?? []) if (tables.includes(view.name)) await db.prepare(createView(view)).run()
  return {
    async cost(statements) {
      const prepared = statements.map(({ sql, params }) => db.prepare(sql).bind(...params))
      const results = await db.batch(prepared)
      return results.reduce((sum, { meta }) => sum + meta.rows_read, 0)
    },
    async exec(sql) {
      await db.prepare(sql).run()
    },
    async sample(table, column, count) {
      const [name, key] = [table, column].map((text) => `\`${text.replaceAll('`', '``')}\``)
      const { results } = await db
        .prepare(`select ${key} as v from ${name} where ${key} is not null limit ?1 offset ?2`)
        .bind(String(count), String(Math.floor(rows / 2)))
        .all<{ v: unknown }>()
      return results.map(({ v }) => v)
    },
    close,
  }
}

/** An empty D1 in a folder of its own. */
async function openDatabase(): Promise<{ readonly db: D1Database; readonly close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-advise-'))
  const configPath = join(folder, 'wrangler.json')
  const database = { binding: 'DB', database_name: 'scratch', database_id: 'scratch' }
  writeFileSync(configPath, JSON.stringify({ name: 'scratch', compatibility_date: '2026-10-01', d1_databases: [database] }))
  const proxy = await getPlatformProxy<{ DB: D1Database }>({ configPath, persist: { path: join(folder, 'state') } })
  return {
    db: proxy.env.DB,
    async close() {
      await proxy.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One parent, and one person, has a row in so many: the phone of somebody who uses the app most. */
const EVERY = 20
export const FAVOURITE = 7

/** The id of somebody of whom there are rows; the same ids stand in every column that holds people. */
export const personId = (number: number): string => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`

/** Inserts rows `?1` to `?2`; what collides with an earlier one is left out. */
function insertInto(table: TableModel, model: Model, rows: number): string {
  const columns = [...table.columns.values()].filter(({ generated, engine }) => !generated && !engine)
  const parents = Math.max(1, Math.ceil(rows / PER_PARENT))
  const values = columns.map((column, i) => valueOf(table, column, model, { salt: i + 1, parents }))
  const names = columns.map(({ name }) => `\`${name.replaceAll('`', '``')}\``)
  return `with recursive n(i) as (select cast(?1 as integer) union all select i + 1 from n where i + 1 < cast(?2 as integer))
    insert or ignore into \`${table.name.replaceAll('`', '``')}\` (${names.join(', ')}) select ${values.join(', ')} from n`
}

interface Spread {
  readonly salt: number
  readonly parents: number
}

function valueOf(table: TableModel, column: ColumnModel, model: Model, { salt, parents }: Spread): string {
  const keys = [table.primaryKey, ...table.uniques.map(({ columns }) => columns)].filter((key) => key.includes(column.name))
  const random = `abs((i * 2654435761 + ${salt * 2_654_404_609}) % 2147483647)`
  const together = keys.find((key) => key.length > 1)
  const link =
    table.foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === column.name) || holdsPeople(model, table, column)
  // A column of a composite key counts like a digit, so that no two rows collide while there are enough.
  const digit = together === undefined ? random : `(i / ${parents ** together.indexOf(column.name)})`
  if (keys.some((key) => key.length === 1)) return keyText(column, link ? `(i % ${2 ** 31})` : 'i')
  const value = link
    ? keyText(column, `(case when i % ${EVERY} = 0 then ${FAVOURITE} else ${digit} % ${parents} end)`)
    : plainValue(column, together === undefined ? random : digit)
  return column.notNull ? value : `case when ${random} % 10 = 0 then null else ${value} end`
}

function keyText(column: ColumnModel, number: string): string {
  if (column.type === 'text' || column.type === 'uuid') return `printf('01900000-0000-7000-8000-%012d', ${number})`
  return column.type === 'numeric' ? `cast(${number} as text)` : number
}

function plainValue({ type, values }: ColumnModel, random: string): string {
  if (values !== null) {
    const cases = values.map((value, i) => `when ${i} then '${value.replaceAll("'", "''")}'`)
    return `case ${random} % ${values.length} ${cases.join(' ')} end`
  }
  switch (type) {
    case 'integer':
    case 'bigint':
      return `${random} % 1000`
    case 'real':
      return `${random} % 1000 / 8.0`
    case 'numeric':
      return `cast(${random} % 1000 as text)`
    case 'boolean':
      return `${random} % 2`
    case 'timestamp':
      return `1700000000 + ${random} % 10000000`
    case 'timestamp_ms':
      return `1700000000000 + ${random}`
    case 'date':
      return `date('2024-01-01', '+' || (${random} % 1000) || ' days')`
    case 'json':
      return `'{}'`
    case 'blob':
      return `x'00'`
    case 'range':
      return `'["empty"]'`
    case 'uuid':
      return `printf('01900000-0000-7000-9000-%012d', ${random} % 1000)`
    default:
      return `'text ' || (${random} % 1000)`
  }
}

/** Whether any policy compares the column with who asks. */
function holdsPeople(model: Model, table: TableModel, { name }: ColumnModel): boolean {
  const isIt = (node: OperandNode) => node.kind === 'column' && node.table === table.name && node.column === name
  const isUid = (node: OperandNode) => node.kind === 'auth' && node.fact === 'uid'
  const walk = (node: Expression): boolean => {
    switch (node.kind) {
      case 'and':
      case 'or':
        return node.terms.some(walk)
      case 'not':
        return walk(node.term)
      case 'exists':
        return walk(node.where)
      case 'compare':
        return (isIt(node.left) && isUid(node.right)) || (isUid(node.left) && isIt(node.right))
      default:
        return false
    }
  }
  return [...model.tables.values()].some(({ policies, columns }) =>
    [
      policies.read,
      policies.insert,
      policies.update.using,
      policies.delete,
      ...[...columns.values()].flatMap(({ read }) => read ?? []),
    ].some(walk),
  )
}
