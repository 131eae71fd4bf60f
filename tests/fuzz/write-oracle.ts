// What a write does to rows held in JavaScript: the policies before and after it, the constraints of the tables, all or nothing.
import type { TableModel } from '../../src/define'
import type { Delete, Insert, Returning, Update } from '../../src/query/query'
import type { ColumnSpec, TableSpec } from './apps'
import { compare, type Stored } from './logic'
import { admits, seen, type Row, type State, type World } from './policy-oracle'
import { admitted, holds, shape } from './read-oracle'
import { stored } from './rows'

export type Write = Insert | Update | Delete

/** `null` when the write must be refused and leave everything as it was. */
export type Outcome = {
  readonly state: State
  readonly affected: number
  readonly rows: readonly unknown[] | null
  /** The rows as they became, or were before they went. */
  readonly touched: readonly Row[]
} | null

type Tables = Map<string, Row[]>

/** Thrown where the database or a policy refuses. */
class Refused extends Error {}

function refuse(why: string): never {
  throw new Refused(why)
}

/** The effect of the write on the world's state, which is left alone. */
export function effect(world: World, specs: readonly TableSpec[], write: Write): Outcome {
  const after: Tables = new Map([...world.state].map(([name, rows]) => [name, [...rows]]))
  const spec = specs.find(({ name }) => name === write.table)
  const table = world.model.tables.get(write.table)
  if (!spec || !table) throw new Error(`No table ${write.table}.`)
  if (world.principal.role === 'authenticated' && !(world.principal as { live?: boolean }).live) return null
  try {
    const change = { world, specs, spec, table, after }
    const touched =
      write.kind === 'insert' ? insert(change, write) : write.kind === 'update' ? update(change, write) : remove(change, write)
    checkReferences(specs, after)
    if (touched.length > 0 && write.kind !== 'delete') touched.forEach((one) => one.check?.({ ...world, state: after }))
    return { state: after, affected: touched.length, rows: returned(change, write, touched), touched: touched.map(({ row }) => row) }
  } catch (error) {
    if (error instanceof Refused) return null
    throw error
  }
}

interface Change {
  readonly world: World
  readonly specs: readonly TableSpec[]
  readonly spec: TableSpec
  readonly table: TableModel
  readonly after: Tables
}

interface Touched {
  readonly row: Row
  readonly check?: (after: World) => void
}

const same = (columns: readonly string[], a: Row, b: Row): boolean =>
  columns.every((name) => compare('eq', a[name] ?? null, b[name] ?? null) === true)

function proposed({ world, spec, table }: Change, write: Insert, named: readonly string[], given: Readonly<Record<string, unknown>>): Row {
  const row: Record<string, Stored> = {}
  for (const column of spec.columns) {
    const model = table.columns.get(column.name)!
    const useDefault = !named.includes(column.name) || (!Object.hasOwn(given, column.name) && write.missing === 'default')
    const operand = model.default?.kind === 'operand' ? world.principal.uid : null
    row[column.name] = useDefault ? operand : Object.hasOwn(given, column.name) ? stored(column.kind, given[column.name]) : null
  }
  return row
}

function insert(change: Change, write: Insert): Touched[] {
  const { world, spec, table, after } = change
  const named = write.columns ?? [...new Set(write.rows.flatMap((row) => Object.keys(row)))]
  const target = write.conflict ? (write.conflict.columns ?? spec.key) : null
  const rows = after.get(spec.name)!
  const out: Touched[] = []
  const mustRead = write.returning !== undefined || write.conflict !== undefined
  const fresh = (row: Row) => (now: World) => {
    if (!admits(now, table.policies.insert, row) || (mustRead && !admits(now, table.policies.read, row))) refuse('policy')
  }
  for (const given of write.rows) {
    const row = proposed(change, write, named, given)
    checkRow(spec, row)
    const index = target ? rows.findIndex((other) => same(target, other, row)) : -1
    const old = rows[index]
    const known = write.retry && !write.conflict ? world.state.get(spec.name)!.find((other) => same(spec.key, other, row)) : undefined
    if (known !== undefined) {
      const { read, insert: policy } = table.policies
      const equal = named.every((name) => {
        const rule = table.columns.get(name)!.read
        if (spec.key.includes(name) || !write.rows.some((one) => Object.hasOwn(one, name))) return true
        return (known[name] ?? null) === (row[name] ?? null) && (rule === null || admits(world, rule, known))
      })
      if (!equal || !admits(world, read, known) || !admits(world, policy, known)) refuse('duplicate')
      out.push({ row: known })
      continue
    }
    if (old === undefined) {
      checkUniques(spec, rows, row)
      rows.push(row)
      out.push({ row, check: fresh(row) })
    } else if (write.conflict!.action === 'merge') {
      const { read, insert: policy, update } = table.policies
      if (!admits(world, update.using, old) || !admits(world, read, old)) refuse('policy')
      const merged: Row = {
        ...old,
        ...Object.fromEntries(named.filter((name) => !target!.includes(name)).map((name) => [name, row[name] ?? null])),
      }
      checkRow(spec, merged)
      checkUniques(spec, rows.toSpliced(index, 1), merged)
      rows[index] = merged
      out.push({
        row: merged,
        check: (now) => {
          if (!admits(now, policy, row) || !admits(now, update.check, merged) || !admits(now, read, merged)) refuse('policy')
        },
      })
    }
  }
  return out
}

/** Rows that the policy lets the caller change and the filter finds; the others are skipped, not refused. */
function candidates({ world, table }: Change, write: Update | Delete): Row[] {
  const using = write.kind === 'update' ? table.policies.update.using : table.policies.delete
  return (world.state.get(table.name) ?? []).filter((row) => {
    if (!admits(world, using, row)) return false
    // Whoever filters, or has rows answered, looks at them.
    if (write.where === undefined && write.returning === undefined) return true
    return (
      admits(world, table.policies.read, row) &&
      (write.where === undefined || holds(world, table, seen(world, table, row), write.where, write.related) === true)
    )
  })
}

function update(change: Change, write: Update): Touched[] {
  const { spec, table, after } = change
  const rows = after.get(spec.name)!
  const found = candidates(change, write)
  if (Object.keys(write.set).length === 0) return []
  const out: Touched[] = []
  for (const old of found) {
    const next: Record<string, Stored> = { ...old }
    for (const [name, value] of Object.entries(write.set))
      next[name] = stored(spec.columns.find((column) => column.name === name)!.kind, value)
    const index = rows.indexOf(old)
    checkRow(spec, next)
    checkUniques(spec, rows.toSpliced(index, 1), next)
    rows[index] = next
    const mustRead = write.returning !== undefined
    out.push({
      row: next,
      check: (now) => {
        if (!admits(now, table.policies.update.check, next) || (mustRead && !admits(now, table.policies.read, next))) refuse('policy')
      },
    })
  }
  return out
}

function remove(change: Change, write: Delete): Touched[] {
  const { table, after, specs } = change
  const found = candidates(change, write)
  drop(specs, after, table.name, found)
  return found.map((row) => ({ row }))
}

/** Deletes rows and carries it on along the keys that point at them. */
function drop(specs: readonly TableSpec[], state: Tables, name: string, rows: readonly Row[]): void {
  if (rows.length === 0) return
  state.set(
    name,
    state.get(name)!.filter((row) => !rows.includes(row)),
  )
  for (const child of specs) {
    for (const column of child.columns.filter(({ references }) => references === name)) {
      const points = (row: Row) => rows.some((gone) => compare('eq', row[column.name] ?? null, gone['id'] ?? null) === true)
      if (column.onDelete === 'cascade') drop(specs, state, child.name, state.get(child.name)!.filter(points))
      if (column.onDelete === 'set null')
        state.set(
          child.name,
          state.get(child.name)!.map((row) => (points(row) ? { ...row, [column.name]: null } : row)),
        )
    }
  }
}

function checkRow(spec: TableSpec, row: Row): void {
  if (spec.columns.some(({ name, notNull }) => row[name] === null && (notNull || spec.key.includes(name)))) refuse('not null')
}

function checkUniques(spec: TableSpec, others: readonly Row[], row: Row): void {
  const uniques = [spec.key, ...spec.columns.filter(({ unique }) => unique).map(({ name }) => [name])]
  if (uniques.some((columns) => others.some((other) => same(columns, other, row)))) refuse('unique')
}

function checkReferences(specs: readonly TableSpec[], state: State): void {
  for (const spec of specs) {
    for (const column of spec.columns.filter(({ references }) => references !== null)) {
      const dangling = (row: Row) =>
        row[column.name] !== null &&
        !state
          .get((column as ColumnSpec & { references: string }).references)!
          .some((target) => compare('eq', target['id'] ?? null, row[column.name] ?? null) === true)
      if (state.get(spec.name)!.some(dangling)) refuse('foreign key')
    }
  }
}

/** What the caller is told: rows as they are after an insert or update, as they were before a delete. */
function returned({ world, table, after }: Change, write: Write, touched: readonly Touched[]): unknown[] | null {
  const returning: Returning | undefined = write.returning
  if (returning === undefined) return null
  const now: World = write.kind === 'delete' ? world : { ...world, state: after }
  const shown = touched.map(({ row }) => seen(now, table, row)).filter((row) => admitted(now, table, row, undefined, returning.select))
  return shown.map((row) => shape(now, table, row, returning.select))
}
