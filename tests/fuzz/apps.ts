// Small random apps: two to four tables with keys between them, typed columns, column rules and policies.
import { index, integer, primaryKey, real, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core'
import {
  app,
  table,
  type AppDefinition,
  type ColumnType,
  type Expression,
  type SQLiteTableLike,
  type TableDeclaration,
} from '../../src/define'
import type { Draw } from './draw'
import { policyOver, valueOver } from './policies'
import { CLASSES } from './values'

/** Types of generated columns; keys and references are `text` or `integer`. */
export type Kind = Extract<ColumnType, 'text' | 'integer' | 'real' | 'boolean' | 'timestamp' | 'timestamp_ms' | 'json' | 'date' | 'range'>

export interface ColumnSpec {
  /** Name in the database; the property differs from it. */
  readonly name: string
  readonly property: string
  readonly kind: Kind
  readonly notNull: boolean
  readonly references: string | null
  readonly onDelete: 'no action' | 'cascade' | 'set null'
  readonly unique: boolean
  /** Lets the compiler begin with the caller's own rows. */
  readonly indexed: boolean
}

export interface TableSpec {
  readonly name: string
  readonly columns: readonly ColumnSpec[]
  /** Wire names. */
  readonly key: readonly string[]
}

export interface AppOptions {
  /** Whether columns are hidden, read-only, or have a policy of their own. */
  readonly columnRules: boolean
  /** How many of a hundred policies admit everybody, so that other ones are reached. */
  readonly open: { readonly read: number; readonly insert: number; readonly using: number; readonly check: number }
}

const NAMES = ['alpha', 'beta', 'gamma', 'delta'] as const
const KINDS: readonly Kind[] = ['text', 'integer', 'real', 'boolean', 'timestamp', 'timestamp_ms', 'json', 'date', 'range']

const column = (name: string, kind: Kind, rest: Partial<ColumnSpec> = {}): ColumnSpec => ({
  name,
  property: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  kind,
  notNull: false,
  references: null,
  onDelete: 'no action',
  unique: false,
  indexed: false,
  ...rest,
})

/** Tables and the keys between them, without rules. */
export function drawTables(choose: Draw): TableSpec[] {
  const tables: TableSpec[] = []
  for (const name of NAMES.slice(0, 2 + choose.int(2))) {
    const entities = tables.filter(({ key }) => key.length === 1)
    tables.push(entities.length > 0 && choose.chance(30) ? junction(choose, name, entities) : entity(choose, name, entities))
  }
  return tables
}

function keyKind(target: TableSpec): Kind {
  return target.columns.find(({ name }) => name === target.key[0])?.kind ?? 'text'
}

function reference(choose: Draw, name: string, target: TableSpec, rest: Partial<ColumnSpec> = {}): ColumnSpec {
  const onDelete = choose.pick(['no action', 'cascade', rest.notNull ? 'cascade' : 'set null'] as const)
  return column(name, keyKind(target), {
    references: target.name,
    onDelete,
    unique: choose.chance(10),
    indexed: choose.chance(40),
    ...rest,
  })
}

function entity(choose: Draw, name: string, others: readonly TableSpec[]): TableSpec {
  const columns: ColumnSpec[] = [column('id', choose.chance(75) ? 'text' : 'integer', { notNull: true })]
  const bare: TableSpec = { name, columns, key: ['id'] }
  columns.push(column('owner_id', 'text', { notNull: choose.chance(40), indexed: choose.chance(60) }))
  for (const other of others) if (choose.chance(70)) columns.push(reference(choose, `${other.name}_id`, other))
  if (choose.chance(40)) {
    // Migrations refuse a cascade within a table.
    const onDelete = choose.pick(['no action', 'set null'] as const)
    columns.push(reference(choose, 'parent_id', bare, { unique: false, onDelete }))
  }
  choose.times(1 + choose.int(3), (i) => columns.push(column(`c_${'abcd'[i] ?? i}`, choose.pick(KINDS), { notNull: choose.chance(20) })))
  return bare
}

function junction(choose: Draw, name: string, entities: readonly TableSpec[]): TableSpec {
  const left = choose.pick(entities)
  const right = choose.pick(entities)
  const ends = [
    reference(choose, 'left_id', left, { notNull: true, unique: false }),
    reference(choose, 'right_id', right, { notNull: true, unique: false }),
  ]
  return {
    name,
    key: ['left_id', 'right_id'],
    columns: [...ends, column('c_a', choose.pick(KINDS)), column('owner_id', 'text', { indexed: choose.chance(60) })],
  }
}

/** Declares the tables with random policies and column rules, as an app's developer would. */
export function drawApp(choose: Draw, specs: readonly TableSpec[], options: AppOptions): AppDefinition {
  const made = new Map<string, SQLiteTableLike>()
  for (const spec of specs) made.set(spec.name, drizzleTable(spec, made))
  const tables = specs.map((spec): TableDeclaration => {
    const policy = (percentOpen: number): (() => Expression) => {
      const expression = choose.chance(percentOpen) ? ({ kind: 'constant', value: true } as const) : policyOver(choose, specs, spec)
      return () => expression
    }
    return table(made.get(spec.name)!, {
      read: policy(options.open.read),
      insert: policy(options.open.insert),
      update: choose.chance(20) ? policy(options.open.check) : { using: policy(options.open.using), check: policy(options.open.check) },
      delete: policy(options.open.using),
      columns: options.columnRules ? columnRules(choose, specs, spec) : {},
      computed: options.columnRules ? computedRules(choose, specs, spec) : {},
    } as Parameters<typeof table>[1])
  })
  return app({ name: 'Fuzz', tables })
}

function columnRules(choose: Draw, specs: readonly TableSpec[], spec: TableSpec): Record<string, unknown> {
  const rules: Record<string, unknown> = {}
  for (const { name, property, notNull, kind } of spec.columns) {
    const inKey = spec.key.includes(name)
    const rule: Record<string, unknown> = {}
    if (kind === 'date') rule['format'] = 'date'
    if (kind === 'range') rule['format'] = 'int4range'
    if (!inKey && !notNull && choose.chance(8)) rule['hidden'] = true
    if (!inKey && !notNull && choose.chance(8)) rule['readOnly'] = true
    if (!inKey && choose.chance(18)) {
      const expression = policyOver(choose, specs, spec)
      rule['read'] = () => expression
    }
    if (name === 'owner_id' && choose.chance(30)) rule['default'] = ({ auth }: { auth: { uid: unknown } }) => auth.uid
    rules[property] = rule
  }
  return rules
}

function computedRules(choose: Draw, specs: readonly TableSpec[], spec: TableSpec): Record<string, unknown> {
  return Object.fromEntries(
    choose.times(choose.int(3), (i) => {
      const type = choose.pick(['text', 'integer', 'real', 'boolean', 'timestamp'] as const)
      const value = valueOver(choose, specs, spec, CLASSES[type]!)
      const read = choose.chance(15) ? policyOver(choose, specs, spec) : null
      return [`v_${'abc'[i]}`, { type, value: () => value, hidden: choose.chance(8), ...(read ? { read: () => read } : {}) }]
    }),
  )
}

function drizzleTable(spec: TableSpec, made: ReadonlyMap<string, SQLiteTableLike>): SQLiteTableLike {
  let self: SQLiteTableLike | null = null
  const columns = Object.fromEntries(
    spec.columns.map((one) => {
      let builder = builderOf(one)
      if (one.notNull) builder = builder.notNull()
      if (spec.key.length === 1 && spec.key[0] === one.name) builder = builder.primaryKey()
      if (one.references) {
        const target = one.references
        builder = builder.references(() => (target === spec.name ? self : made.get(target))!['id' as never], { onDelete: one.onDelete })
      }
      return [one.property, builder]
    }),
  )
  self = sqliteTable(spec.name, columns as never, (t) => {
    const at = (name: string) => (t as Record<string, never>)[spec.columns.find((one) => one.name === name)!.property]!
    return [
      ...(spec.key.length > 1 ? [primaryKey({ columns: spec.key.map(at) as never })] : []),
      ...spec.columns.filter((one) => one.unique).map((one) => unique(`${spec.name}_${one.name}_key`).on(at(one.name))),
      ...spec.columns.filter((one) => one.indexed).map((one) => index(`${spec.name}_${one.name}`).on(at(one.name))),
    ] as never
  }) as unknown as SQLiteTableLike
  return self
}

interface Builder {
  notNull(): Builder
  primaryKey(): Builder
  references(target: () => unknown, actions: { onDelete: string }): Builder
}

function builderOf({ name, kind }: ColumnSpec): Builder {
  switch (kind) {
    case 'integer':
      return integer(name) as unknown as Builder
    case 'real':
      return real(name) as unknown as Builder
    case 'boolean':
      return integer(name, { mode: 'boolean' }) as unknown as Builder
    case 'timestamp':
    case 'timestamp_ms':
      return integer(name, { mode: kind }) as unknown as Builder
    case 'json':
      return text(name, { mode: 'json' }) as unknown as Builder
    default:
      return text(name) as unknown as Builder
  }
}
