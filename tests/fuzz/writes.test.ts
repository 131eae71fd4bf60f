// Random writes under random policies, also ones that read the written table: what changes, what is refused and what is answered are the oracle's.
import { test } from 'vitest'
import { AppError } from '../../src/core'
import { buildModel, type Model } from '../../src/define'
import { compile } from '../../src/query'
import { drawApp, drawTables, type TableSpec } from './apps'
import { dump, open } from './database'
import { holds, type Draw } from './draw'
import type { State } from './policy-oracle'
import { differs, Unordered } from './read-oracle'
import { drawPrincipal, drawRows, NOW } from './rows'
import { runWrite, type WriteAnswer } from './run'
import { effect, type Outcome, type Write } from './write-oracle'
import { drawWrite } from './writes'

const FILE = 'tests/fuzz/writes.test.ts'

/** What a refusal may say: a policy, a session, or a constraint that the oracle knows. */
const REFUSALS = /PERIGEE\|(rls|visible|session|duplicate)\||(UNIQUE|NOT NULL|FOREIGN KEY) constraint failed/

function writeCase(choose: Draw): void {
  const specs = drawTables(choose)
  const app = drawApp(choose, specs, { columnRules: true, open: { read: 50, insert: 45, using: 60, check: 45 } })
  const model = buildModel(app)
  const rows = drawRows(choose, specs)
  const ids = [...rows.values()].flat().map((row) => String(row['id'] ?? row['left_id']))
  const db = open(app, specs, rows)
  const state = dump(db, specs)
  try {
    for (let n = 0; n < 4; n++) {
      const principal = drawPrincipal(choose, ids)
      const write = drawWrite(choose, model, specs, state)
      const expected = effect({ model, state, principal, now: NOW }, specs, write)
      let sql = ''
      try {
        let actual: WriteAnswer
        try {
          const compiled = compile(
            model,
            { operations: [write], shape: { form: write.returning ? 'list' : 'none' } },
            { principal, now: NOW },
          )
          sql = compiled.statements.map((statement) => `${statement.role}: ${statement.sql} ${JSON.stringify(statement.params)}`).join('\n')
          actual = runWrite(db, compiled, specs)
        } catch (error) {
          if (!(error instanceof AppError) || error.definition.postgrest !== '21000') throw error
          continue
        }
        const difference = compareOutcomes(expected, actual, write, state, specs)
        if (difference) throw new Error(difference)
      } catch (error) {
        throw new Error(
          `${error instanceof Error ? error.message : String(error)}\nwrite ${JSON.stringify(write)}\nprincipal ${JSON.stringify(principal)}\n${sql}\n${describe(model, write.table)}\nstate ${JSON.stringify([...state])}`,
          { cause: error },
        )
      }
    }
  } finally {
    db.close()
  }
}

function compareOutcomes(expected: Outcome, actual: WriteAnswer, write: Write, before: State, specs: readonly TableSpec[]): string | null {
  if (expected === null) {
    if (actual.state === null) return REFUSALS.test(actual.refusal ?? '') ? null : `refused for an unknown reason: ${actual.refusal}`
    const changed = specs.some(({ name }) => differs(new Unordered(before.get(name) ?? []), actual.state?.get(name)) !== null)
    return changed || actual.rows.length > 0 || write.kind === 'insert'
      ? `LEAK: the oracle refuses, SQL changed ${actual.affected} rows and answered ${JSON.stringify(actual.rows)}`
      : null
  }
  if (actual.state === null) return `the oracle lets it pass, SQL refused: ${actual.refusal}`
  for (const { name } of specs) {
    const difference = differs(new Unordered(expected.state.get(name) ?? []), actual.state.get(name), name)
    if (difference) return difference
  }
  // Rows that are there as they were sent count, and aren't written.
  const affected = write.kind === 'insert' && write.retry ? write.rows.length : actual.affected
  if (expected.affected !== affected) return `affected: expected ${expected.affected}, got ${affected}`
  return expected.rows === null
    ? actual.rows.length > 0
      ? 'rows that nobody asked for'
      : null
    : differs(new Unordered(expected.rows), actual.rows)
}

function describe(model: Model, name: string): string {
  const table = model.tables.get(name)
  const rules = [...(table?.columns.values() ?? [])].filter(({ read }) => read !== null).map((column) => [column.name, column.read])
  return `policies ${JSON.stringify(table?.policies)}\ncolumn rules ${JSON.stringify(rules)}`
}

test('random writes do what the oracle does, all or nothing', () => holds(FILE, 700, writeCase), 3_600_000)
