// Any schema to any other, over rows: the plan leads there, keeps every row and every value that both sides have, and logs again.
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { searchSchemas, searchTriggers } from '../../src/migrations/search'
import { logTriggers } from '../../src/migrations/triggers'
import {
  engineSchema,
  planMigration,
  SCHEMA_QUERY,
  verifySchema,
  type DatabaseSchema,
  type SchemaRow,
  type TableSchema,
  type ViewSchema,
} from '../../src/migrations'

// A column's name says its type and where it refers to, so that values survive from any schema to any other.
const NAMES = ['a', 'b', 'c', 'd'] as const
const COLUMNS = ['text', 'int', 'real', 'json', 'flag', 'bytes'] as const

type Kind = (typeof COLUMNS)[number]
const TYPES = { text: 'TEXT', int: 'INTEGER', real: 'REAL', json: 'TEXT', flag: 'INTEGER', bytes: 'BLOB' } as const
const DEFAULTS: Record<Kind, string> = { text: `'x;y'`, int: '7', real: '(1.5 + 1)', json: `'{"a":1}'`, flag: '1', bytes: `x'00ff'` }
const VALUES: Record<Kind, string[]> = {
  text: [`'it''s; END'`, `''`, `'é'`],
  int: ['0', '-9', '9007199254740993'],
  real: ['0.1', '1e300'],
  json: [`'[]'`, `'null'`],
  flag: ['0', '1'],
  bytes: [`x''`, `x'0102'`],
}

interface Shape {
  readonly columns: readonly { readonly kind: Kind; readonly filled: boolean; readonly computed: boolean }[]
  readonly references: readonly { readonly to: string; readonly onDelete: string }[]
  readonly auto: boolean
  readonly indexed: boolean
  /** A view reads it, and counts another table's rows. */
  readonly viewed: 'alone' | 'beside' | null
  readonly searched: readonly ('english' | 'simple')[]
}

const shape = (auto: boolean): fc.Arbitrary<Shape> =>
  fc.record({
    columns: fc.uniqueArray(fc.record({ kind: fc.constantFrom(...COLUMNS), filled: fc.boolean(), computed: fc.boolean() }), {
      selector: ({ kind }) => kind,
    }),
    references: fc.uniqueArray(
      fc.record({ to: fc.constantFrom(...NAMES), onDelete: fc.constantFrom('cascade', 'set null', 'restrict', 'no action') }),
      { selector: ({ to }) => to },
    ),
    auto: fc.constant(auto),
    indexed: fc.boolean(),
    viewed: fc.constantFrom('alone' as const, 'beside' as const, null),
    searched: fc.subarray(['english', 'simple'] as ('english' | 'simple')[]),
  })

// Whether the key is a number stays, as nothing turns one kind of key into the other.
const shapes = fc.record({ a: fc.option(shape(true)), b: fc.option(shape(true)), c: fc.option(shape(true)), d: fc.option(shape(true)) })

function schemaOf(all: Readonly<Record<(typeof NAMES)[number], Shape | null>>): DatabaseSchema {
  const tables = NAMES.flatMap((name): TableSchema[] => {
    const one = all[name]
    if (!one) return []
    const references = one.references.filter(({ to, onDelete }) => all[to as 'a'] && !(to === name && onDelete === 'cascade'))
    const table: TableSchema = {
      name,
      columns: [
        { name: 'id', type: 'INTEGER', notNull: true, default: null, check: null, generated: null },
        ...one.columns.map(({ kind, filled, computed }) => ({
          name: kind,
          type: TYPES[kind],
          notNull: filled,
          default: filled ? (computed ? `(${DEFAULTS[kind]})` : DEFAULTS[kind]) : null,
          check: kind === 'json' ? ('json' as const) : kind === 'flag' ? ('boolean' as const) : null,
          generated: null,
        })),
        ...references.map(({ to }) => ({
          name: `to_${to}`,
          type: 'INTEGER' as const,
          notNull: false,
          default: null,
          check: null,
          generated: null,
        })),
      ],
      primaryKey: ['id'],
      autoIncrement: one.auto,
      foreignKeys: references.map(({ to, onDelete }) => ({
        columns: [`to_${to}`],
        foreignTable: to,
        foreignColumns: ['id'],
        onDelete,
        onUpdate: 'no action',
      })),
      checks: [],
      indexes: one.indexed ? [{ name: `${name}_by_id`, unique: true, terms: ['`id`'], where: null }] : [],
      triggers: [],
    }
    const log = logTriggers(table, { needed: new Set(['text']), context: one.indexed })
    const columns = table.columns.filter((column) => column.type === 'TEXT').map((column) => column.name)
    if (one.searched.length === 0 || columns.length === 0) return [{ ...table, triggers: log }]
    const rules = { name, search: { columns, languages: one.searched, rowid: '_rowid_' } }
    return [{ ...table, triggers: [...log, ...searchTriggers(rules)], search: searchSchemas(rules) }]
  })
  const views = tables.flatMap(({ name, columns }): ViewSchema[] => {
    const viewed = all[name as 'a']!.viewed
    if (viewed === null) return []
    const beside = viewed === 'beside' ? tables.at(-1)!.name : name
    const query = `select ${columns.map((column) => `\`${column.name}\``).join(', ')}, (select count(*) from \`${beside}\`) from \`${name}\``
    return [{ name: `v_${name}`, columns: [...columns.map((column) => column.name), 'all'], query }]
  })
  return { tables: [...engineSchema().tables, ...tables], ...(views.length > 0 ? { views } : {}) }
}

function fill(db: DatabaseSync, schema: DatabaseSchema): void {
  const own = schema.tables.filter(({ name }) => NAMES.includes(name as 'a'))
  for (const table of own) {
    for (let row = 1; row <= 3; row++) {
      const kinds = table.columns
        .filter(({ name }) => name in VALUES)
        .map(({ name, notNull }) => ({
          name,
          value: row === 3 && !notNull ? 'NULL' : VALUES[name as Kind][row % VALUES[name as Kind].length]!,
        }))
      db.exec(
        `INSERT INTO ${table.name} (${['id', ...kinds.map(({ name }) => name)].join(', ')}) VALUES (${[row, ...kinds.map(({ value }) => value)].join(', ')})`,
      )
    }
    db.exec(`DELETE FROM ${table.name} WHERE id = 3 AND ${table.name === 'a' ? 1 : 0}`)
  }
  for (const table of own) {
    for (const key of table.foreignKeys) db.exec(`UPDATE ${table.name} SET ${key.columns[0]} = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 END`)
  }
}

const read = (db: DatabaseSync, table: string, columns: readonly string[]) =>
  JSON.stringify(
    db.prepare(`SELECT ${columns.map((name) => `quote(\`${name}\`) AS \`${name}\``).join(', ')} FROM ${table} ORDER BY id`).all(),
  )

function apply(db: DatabaseSync, statements: readonly string[]): void {
  db.exec(`BEGIN;\n${statements.map((statement) => `${statement};`).join('\n')}\nCOMMIT;`)
}

/** Each full-text index holds what its table does, no more and no less, and nothing is left of others. */
function indexesHold(db: DatabaseSync, schema: DatabaseSchema): void {
  const wanted = schema.tables.flatMap((table) => table.search ?? []).map(({ name }) => name)
  for (const name of wanted.filter((one) => !one.endsWith('_terms')))
    db.exec(`INSERT INTO ${name} (${name}, rank) VALUES ('integrity-check', 1)`)
  const there = db.prepare(`SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%' ORDER BY name`).all()
  expect(there.map(({ name }) => name)).toEqual(wanted.toSorted())
  expect(db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name LIKE 'sys_fts_%' AND type = 'trigger'`).get()).toEqual({
    n: 3 * schema.tables.filter(({ search }) => search).length,
  })
}

test('a plan leads from any schema to any other without losing a row', () => {
  fc.assert(
    fc.property(shapes, shapes, (from, to) => {
      const before = schemaOf(from)
      const after = schemaOf(to)
      const db = new DatabaseSync(':memory:')
      try {
        apply(db, planMigration({ tables: [] }, before).statements)
        fill(db, before)
        const kept = after.tables.flatMap((table) => {
          const old = before.tables.find(({ name }) => name === table.name)
          if (!old || !NAMES.includes(table.name as 'a')) return []
          // A column that may no longer be NULL takes its default where it was.
          const columns = table.columns.filter((column) =>
            old.columns.some(({ name, notNull }) => name === column.name && (notNull || !column.notNull)),
          )
          return [{ name: table.name, columns: columns.map(({ name }) => name) }]
        })
        const was = kept.map(({ name, columns }) => read(db, name, columns))
        const logged = db.prepare('SELECT max(seq) AS n FROM sys_changes').get()
        const drops = before.tables.flatMap((table) => {
          const now = after.tables.find(({ name }) => name === table.name)
          return now
            ? table.columns
                .filter(({ name }) => !now.columns.some((column) => column.name === name))
                .map(({ name }) => `${table.name}.${name}`)
            : [table.name]
        })
        const plan = planMigration(before, after, { renames: [], drops })
        expect(plan.problems).toEqual([])
        apply(db, plan.statements)
        expect(verifySchema(db.prepare(SCHEMA_QUERY).all() as unknown as SchemaRow[], after)).toEqual([])
        expect(kept.map(({ name, columns }) => read(db, name, columns))).toEqual(was)
        expect(db.prepare('SELECT max(seq) AS n FROM sys_changes').get()).toEqual(logged)
        expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([])
        expect(planMigration(after, after).statements).toEqual([])
        indexesHold(db, after)
        for (const { name, query } of after.views ?? []) {
          const rows = (from: string) => db.prepare(`SELECT count(*) AS n FROM ${from}`).get()
          expect(rows(name)).toEqual(rows(`(${query})`))
        }
        const views = db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE type = 'view'`).get()
        expect(views).toEqual({ n: after.views?.length ?? 0 })
        for (const { name } of kept) {
          // Number 3 was given and is gone in `a`, there in the others.
          db.exec(`INSERT INTO ${name} DEFAULT VALUES`)
          expect(db.prepare(`SELECT max(id) AS n FROM ${name}`).get()).toEqual({ n: 4 })
          expect(db.prepare('SELECT tbl, key FROM sys_changes ORDER BY seq DESC').get()).toEqual({ tbl: name, key: '[4]' })
        }
        for (const { name } of kept) {
          const texts = after.tables.find((table) => table.name === name)!.columns.some((column) => column.name === 'text')
          db.exec(`UPDATE ${name} SET id = 40${texts ? ", text = 'other words'" : ''} WHERE id = 4`)
          indexesHold(db, after)
          db.exec(`DELETE FROM ${name} WHERE id = 40`)
        }
        indexesHold(db, after)
      } finally {
        db.close()
      }
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 150), ...(process.env['FUZZ_SEED'] ? { seed: Number(process.env['FUZZ_SEED']) } : {}) },
  )
}, 60_000)
