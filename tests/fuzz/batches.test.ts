// Random batches, later operations with values of earlier ones: what changes and what is answered are the oracle's, one operation after the
// other, all or nothing; and a batch that is undone answers the same.
import { test } from 'vitest'
import { AppError } from '../../src/core'
import { buildModel, type Model } from '../../src/define'
import { readFault } from '../../src/platform'
import { compile, type Insert, type Reference, type TableOperation } from '../../src/query'
import { drawApp, drawTables, type ColumnSpec, type Kind, type TableSpec } from './apps'
import { dump, open } from './database'
import { holds, type Draw } from './draw'
import type { Stored } from './logic'
import { admits, seen, type State, type World } from './policy-oracle'
import { answer, differs, Unordered } from './read-oracle'
import { drawRead } from './reads'
import { drawPrincipal, drawRows, NOW, stored } from './rows'
import { runBatch, type BatchAnswer } from './run'
import { effect, type Write } from './write-oracle'
import { drawWrite } from './writes'

const FILE = 'tests/fuzz/batches.test.ts'

const REFUSALS = /PERIGEE\|(rls|visible|session|reference|duplicate)\||(UNIQUE|NOT NULL|FOREIGN KEY) constraint failed/

/** Kinds whose stored values are what a client would send. */
const PLAIN: readonly Kind[] = ['text', 'integer', 'date']

function batchCase(choose: Draw): void {
  const specs = drawTables(choose)
  const app = drawApp(choose, specs, { columnRules: true, open: { read: 60, insert: 65, using: 70, check: 65 } })
  const model = buildModel(app)
  const rows = drawRows(choose, specs)
  const ids = [...rows.values()].flat().map((row) => String(row['id'] ?? row['left_id']))
  const db = open(app, specs, rows)
  const state = dump(db, specs)
  try {
    for (let n = 0; n < 3; n++) {
      const principal = drawPrincipal(choose, ids)
      const operations = drawBatch(choose, model, specs, state)
      const expected =
        principal.live || principal.role !== 'authenticated' ? run({ model, state, principal, now: NOW }, specs, operations) : null
      const query = { operations, shape: { form: 'list' as const } }
      try {
        const actual = runBatch(db, compile(model, query, { principal, now: NOW }), specs, operations.length)
        const difference = compareOutcomes(expected, actual, operations) ?? undone(expected, db, model, principal, operations, specs)
        if (difference) throw new Error(difference)
      } catch (error) {
        if (error instanceof AppError && (error.definition.postgrest === '21000' || error.definition.postgrest === '42804')) continue
        const policies = [...model.tables.values()].map((table) => [
          table.name,
          table.policies,
          [...table.columns.values()].map((column) => [column.name, column.read]),
        ])
        throw new Error(
          `${String(error)}\noperations ${JSON.stringify(operations)}\nprincipal ${JSON.stringify(principal)}\n${JSON.stringify(policies)}\nstate ${JSON.stringify([...state])}`,
          { cause: error },
        )
      }
    }
  } finally {
    db.close()
  }
}

/** The same query under `undo` tells in its failure what it would have answered. */
function undone(
  expected: Expected,
  db: Parameters<typeof runBatch>[0],
  model: Model,
  principal: World['principal'],
  operations: readonly TableOperation[],
  specs: readonly TableSpec[],
): string | null {
  if (expected === null || operations.every(({ kind }) => kind === 'read')) return null
  const compiled = compile(model, { operations, shape: { form: 'list' }, undo: true }, { principal, now: NOW })
  const { refusal } = runBatch(db, compiled, specs, operations.length)
  const fault = readFault(new Error(`D1_ERROR: ${refusal}: SQLITE_ERROR`))
  if (fault.kind !== 'told') return `undone, it was refused: ${refusal}`
  const told = JSON.parse(String(fault.answer)) as { body: string; affected: number }[]
  const answers = told.map(({ body, affected }) => ({ affected, rows: JSON.parse(body) as unknown[] }))
  const difference = compareAnswers(expected, answers)
  return difference && `undone: ${difference}`
}

function drawBatch(choose: Draw, model: Model, specs: readonly TableSpec[], state: State): TableOperation[] {
  const operations: TableOperation[] = []
  const count = 2 + choose.int(2)
  for (let i = 0; i < count; i++) {
    // A row by its key is what most references are to.
    const drawn =
      i + 1 < count && choose.chance(30)
        ? oneRow(choose, specs, state)
        : choose.chance(20)
          ? plainRead(choose, model, specs, state)
          : drawWrite(choose, model, specs, state)
    operations.push(i > 0 && choose.chance(70) ? withReference(choose, model, specs, operations, drawn) : drawn)
  }
  return operations
}

function oneRow(choose: Draw, specs: readonly TableSpec[], state: State): TableOperation {
  const spec = choose.pick(specs)
  const row = (state.get(spec.name) ?? [])[choose.int(3)]
  const terms = spec.key.map((column) => ({
    kind: 'compare' as const,
    target: { column },
    operator: 'eq' as const,
    value: String(row?.[column] ?? 'none'),
  }))
  const where = { kind: 'and' as const, terms: row ? terms : [] }
  if (choose.chance(30)) return { kind: 'delete', table: spec.name, where, returning: { select: [{ kind: 'all' }] } }
  return { kind: 'read', table: spec.name, select: [{ kind: 'all' }], where }
}

/** Groups give no rows to refer to, and a page without an order any. */
function plainRead(choose: Draw, model: Model, specs: readonly TableSpec[], state: State): TableOperation {
  const read = drawRead(choose, model, state)
  if (
    !read.select.some((item) => item.kind === 'aggregate' || item.kind === 'embed') &&
    read.after === undefined &&
    read.before === undefined
  ) {
    const { limit: _limit, offset: _offset, total: _total, ...rest } = read
    return rest
  }
  return { kind: 'read', table: choose.pick(specs).name, select: [{ kind: 'all' }] }
}

function withReference(
  choose: Draw,
  model: Model,
  specs: readonly TableSpec[],
  before: readonly TableOperation[],
  operation: TableOperation,
): TableOperation {
  const spec = specs.find(({ name }) => name === operation.table)!
  const from = choose.int(before.length - 1)
  const source = specs.find(({ name }) => name === before[from]!.table)!
  const visible = source.columns.filter(
    ({ name, kind }) => PLAIN.includes(kind) && !model.tables.get(source.name)!.columns.get(name)!.hidden,
  )
  if (visible.length === 0) return operation
  const column = choose.pick(visible)
  const reference = { reference: { operation: from, column: column.name } }
  const fits = (one: ColumnSpec) => one.kind === column.kind && !spec.key.includes(one.name)
  if (operation.kind === 'insert') {
    const target = spec.columns.find((one) => fits(one) && operation.rows.every((row) => Object.hasOwn(row, one.name)))
    if (!target) return operation
    return { ...operation, rows: operation.rows.map((row) => ({ ...row, [target.name]: reference })) }
  }
  if (operation.kind === 'update' && choose.chance(50)) {
    const target = spec.columns.find((one) => fits(one) && Object.hasOwn(operation.set, one.name))
    if (target) return { ...operation, set: { ...operation.set, [target.name]: reference } }
  }
  const known = spec.columns.filter(({ name, kind }) => kind === column.kind && !model.tables.get(spec.name)!.columns.get(name)!.hidden)
  if (known.length === 0) return operation
  const target = { column: choose.pick(known).name }
  return {
    ...operation,
    where: choose.chance(50) ? { kind: 'compare', target, operator: 'eq', value: reference } : { kind: 'in', target, values: [reference] },
  }
}

type Expected = {
  readonly state: State
  readonly answers: readonly { readonly affected: number; readonly rows: readonly unknown[] | null }[]
} | null

/** One operation after the other, each on what the ones before left; null when one is refused. */
function run(world: World, specs: readonly TableSpec[], operations: readonly TableOperation[]): Expected {
  let { state } = world
  const answers: { affected: number; rows: readonly unknown[] | null }[] = []
  const given: (readonly Record<string, Stored>[])[] = []
  const wanted = new Set(operations.flatMap((operation) => referencesIn(operation).map(({ operation: from }) => from)))
  for (const [i, asked] of operations.entries()) {
    const now = { ...world, state }
    const operation = resolved(asked, (reference) => valueOf(world, specs, operations, given, reference))
    if (operation === null) return null
    const table = world.model.tables.get(operation.table)!
    if (operation.kind === 'read') {
      const { rows } = answer(now, operation)
      answers.push({ affected: 0, rows })
      given.push(
        answer(now, {
          ...operation,
          select: [...specs.find(({ name }) => name === operation.table)!.columns]
            .filter(({ name }) => !table.columns.get(name)!.hidden)
            .map(({ name }) => ({ kind: 'column', target: { column: name }, as: name })),
        }).rows as Record<string, Stored>[],
      )
    } else {
      const outcome = effect({ ...now, principal: { ...world.principal, live: true } as never }, specs, operation as Write)
      if (outcome === null) return null
      const sight = operation.kind === 'delete' ? now : { ...world, state: outcome.state }
      given.push(outcome.touched.filter((row) => admits(sight, table.policies.read, row)).map((row) => seen(sight, table, row)))
      answers.push({ affected: outcome.affected, rows: outcome.rows })
      state = outcome.state
    }
    if (wanted.has(i) && given[i]!.length !== 1 && !referencesOf(operations, i).every((reference) => isSent(world, asked, reference)))
      return null
  }
  return { state, answers }
}

const referencesOf = (operations: readonly TableOperation[], from: number) =>
  operations.flatMap(referencesIn).filter(({ operation }) => operation === from)

function referencesIn(operation: TableOperation): Reference[] {
  const found: Reference[] = []
  JSON.stringify(operation, (key, value: unknown) => {
    if (key === 'reference') found.push(value as Reference)
    return value
  })
  return found
}

/** What the client sent with an insert of one row is known without asking anybody, unless it was itself what another operation wrote. */
function isSent(world: World, source: TableOperation, { column }: Reference): boolean {
  if (source.kind !== 'insert' || source.conflict || source.rows.length !== 1) return false
  const value = source.rows[0]![column]
  const isReference = typeof value === 'object' && value !== null && 'reference' in value
  return (
    !isReference && value !== null && value !== undefined && world.model.tables.get(source.table)!.columns.get(column)!.type !== 'timestamp'
  )
}

/** The value; undefined when there isn't one row. */
function valueOf(
  world: World,
  specs: readonly TableSpec[],
  operations: readonly TableOperation[],
  given: readonly (readonly Record<string, Stored>[])[],
  reference: Reference,
): Stored | undefined {
  const source = operations[reference.operation]!
  if (isSent(world, source, reference)) {
    const { kind } = specs.find(({ name }) => name === source.table)!.columns.find(({ name }) => name === reference.column)!
    return stored(kind, (source as Insert).rows[0]![reference.column])
  }
  const rows = given[reference.operation]!
  return rows.length === 1 ? (rows[0]![reference.column] ?? null) : undefined
}

/** The operation with values in place of its references; null when there is none. */
function resolved(operation: TableOperation, look: (reference: Reference) => Stored | undefined): TableOperation | null {
  let missing = false
  const inFilter =
    operation.kind === 'insert'
      ? new Set<Reference>()
      : new Set(referencesIn({ ...operation, set: {} } as TableOperation).map((one) => JSON.stringify(one)))
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace)
    if (typeof value !== 'object' || value === null) return value
    if ('reference' in value) {
      const found = look(value.reference as Reference)
      if (found === undefined) missing = true
      return found !== null && found !== undefined && (inFilter as Set<unknown>).has(JSON.stringify(value.reference))
        ? String(found)
        : (found ?? null)
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]))
  }
  const out = referencesIn(operation).length > 0 ? (replace(operation) as TableOperation) : operation
  return missing ? null : out
}

function compareOutcomes(expected: Expected, actual: BatchAnswer, operations: readonly TableOperation[]): string | null {
  if (expected === null) {
    if (actual.state === null) return REFUSALS.test(actual.refusal ?? '') ? null : `refused for an unknown reason: ${actual.refusal}`
    return operations.every(({ kind }) => kind === 'read') ? null : 'LEAK: the oracle refuses, SQL let it pass'
  }
  if (actual.state === null) return `the oracle lets it pass, SQL refused: ${actual.refusal}`
  for (const [name, rows] of expected.state) {
    const difference = differs(new Unordered(rows), actual.state.get(name), name)
    if (difference) return difference
  }
  // Rows that are there as they were sent count, and aren't written.
  const counted = actual.operations.map((one, i) => {
    const operation = operations[i]!
    return operation.kind === 'insert' && operation.retry ? { ...one, affected: operation.rows.length } : one
  })
  return compareAnswers(expected, counted)
}

function compareAnswers(expected: NonNullable<Expected>, actual: BatchAnswer['operations']): string | null {
  for (const [i, { affected, rows }] of expected.answers.entries()) {
    const told = actual[i]!
    if (affected !== told.affected) return `operation ${i} affected ${told.affected}, expected ${affected}`
    const difference = differs(new Unordered(rows ?? []), told.rows, `operation ${i}`)
    if (difference) return difference
  }
  return null
}

test('random batches do what their operations do one after the other, all or nothing', () => holds(FILE, 400, batchCase), 3_600_000)
