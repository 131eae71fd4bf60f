// Random writes: one row and many, upserts that merge and ignore, updates and deletes with filters, with and without an answer.
import type { ColumnModel, Model, TableModel } from '../../src/define'
import type { Condition, Embed, Returning } from '../../src/query/query'
import type { ColumnSpec, Kind, TableSpec } from './apps'
import type { Draw } from './draw'
import type { State } from './policy-oracle'
import { condition, drawSelect } from './reads'
import { clientValue, idOf, PEOPLE } from './rows'
import type { Write } from './write-oracle'

interface Context {
  readonly choose: Draw
  readonly spec: TableSpec
  readonly table: TableModel
  readonly state: State
}

export function drawWrite(choose: Draw, model: Model, specs: readonly TableSpec[], state: State): Write {
  const spec = choose.pick(specs)
  const table = model.tables.get(spec.name)!
  const context: Context = { choose, spec, table, state }
  const returning: { returning?: Returning } = choose.chance(45)
    ? { returning: { select: drawSelect(choose, model, table, choose.chance(25) ? 1 : 0) } }
    : {}
  const way = choose.int(9)
  if (way <= 4) return { ...drawInsert(context), ...returning }
  const where: { where?: Condition; related?: readonly Embed[] } = choose.chance(30)
    ? {}
    : choose.chance(25)
      ? byRelated(context, model)
      : { where: choose.chance(50) ? condition(choose, table, [], 1) : byKey(context) }
  if (way <= 7) return { kind: 'update', table: spec.name, set: drawSet(context), ...where, ...returning }
  return { kind: 'delete', table: spec.name, ...where, ...returning }
}

/** Some of the rows there are, by the first column of the key. */
function byKey({ choose, spec, state }: Context): Condition {
  const values = choose.some(state.get(spec.name) ?? [], 60).map((row) => String(row[spec.key[0]!]))
  return { kind: 'in', target: { column: spec.key[0]! }, values }
}

/** Rows that have, or haven't, related ones. */
function byRelated({ choose, table }: Context, model: Model): { where: Condition; related?: readonly Embed[] } {
  const related = drawSelect(choose, model, table, 1).filter((item) => item.kind === 'embed')
  const [embed] = related
  if (!embed) return { where: condition(choose, table, [], 1) }
  const asked: Condition = { kind: 'related', embed: embed.as, present: choose.chance(50) }
  const where: Condition = choose.chance(50)
    ? asked
    : { kind: choose.chance(50) ? 'and' : 'or', terms: [asked, condition(choose, table, related, 1)] }
  return { where, related }
}

const writable = (column: ColumnModel): boolean => !column.hidden && !column.readOnly && !column.engine && !column.generated

function columnsOf({ spec, table }: Context): ColumnSpec[] {
  return spec.columns.filter(({ name }) => writable(table.columns.get(name)!))
}

function drawInsert(context: Context): Write {
  const { choose, spec } = context
  const count = choose.chance(45) ? 1 : 1 + choose.int(3)
  const optional = columnsOf(context).filter(({ name, notNull }) => !notNull && !spec.key.includes(name))
  const left = choose.some(optional, 20).map(({ name }) => name)
  const columns = columnsOf(context).filter(({ name }) => !left.includes(name))
  const rows = choose.times(count, (n) =>
    Object.fromEntries(
      columns
        .filter(({ name }) => !optional.some((one) => one.name === name) || !choose.chance(8))
        .map((column) => [column.name, cell(context, column, n)]),
    ),
  )
  const conflict = choose.chance(45) ? { conflict: { action: choose.chance(65) ? ('merge' as const) : ('ignore' as const) } } : {}
  const retry = !conflict.conflict && choose.chance(40) ? { retry: true, rows: rows.map((row) => again(context, row)) } : {}
  return { kind: 'insert', table: spec.name, rows, missing: choose.chance(50) ? 'default' : 'null', ...conflict, ...retry }
}

/** Sometimes what is there already, as a client sends it that sends again. */
function again({ choose, spec, state }: Context, row: Record<string, unknown>): Record<string, unknown> {
  const known = (state.get(spec.name) ?? [])[choose.int(3)]
  if (!known || choose.chance(50)) return row
  const kinds = new Map(spec.columns.map(({ name, kind }) => [name, kind]))
  const plain = (name: string) => ['text', 'integer', 'date', 'real'].includes(kinds.get(name) ?? '')
  return Object.fromEntries(Object.keys(row).flatMap((name) => (plain(name) ? [[name, known[name] ?? null]] : [[name, row[name]]])))
}

function drawSet(context: Context): Record<string, unknown> {
  const { choose, spec } = context
  const columns = columnsOf(context).filter(({ name }) => !spec.key.includes(name) || choose.chance(6))
  const chosen = choose.some(columns, 45)
  const set = chosen.length > 0 ? chosen : columns.slice(0, 1)
  return Object.fromEntries(set.map((column) => [column.name, cell(context, column, choose.int(9))]))
}

function cell({ choose, spec, table, state }: Context, column: ColumnSpec, n: number): unknown {
  if (!column.notNull && choose.chance(12)) return null
  if (column.references) {
    const targets = state.get(column.references) ?? []
    if (targets.length > 0 && !choose.chance(4)) return choose.pick(targets)['id']
    return idOf(column.kind, column.references, choose.int(8))
  }
  if (spec.key.length === 1 && spec.key[0] === column.name) {
    const existing = state.get(table.name) ?? []
    return existing.length > 0 && choose.chance(35) ? choose.pick(existing)[column.name] : idOf(column.kind, table.name, 20 + n)
  }
  if (column.name === 'owner_id') return choose.pick(PEOPLE)
  const value = clientValue(choose, column.kind as Kind)
  return column.kind === 'json' && value === null ? {} : value
}
