// Random policies alone: what a caller reads of each table is what the oracle admits, no more and no less.
import { test } from 'vitest'
import { buildModel } from '../../src/define'
import { compile } from '../../src/query'
import { drawApp, drawTables } from './apps'
import { open } from './database'
import { holds, type Draw } from './draw'
import { visible } from './policy-oracle'
import { drawPrincipal, drawRows, NOW } from './rows'
import { runRead } from './run'

const FILE = 'tests/fuzz/policies.test.ts'

function policyCase(choose: Draw): void {
  const specs = drawTables(choose)
  const app = drawApp(choose, specs, { columnRules: false, open: { read: 8, insert: 100, using: 100, check: 100 } })
  const model = buildModel(app)
  const state = drawRows(choose, specs)
  const ids = [...state.values()].flat().map((row) => String(row['id'] ?? row['left_id']))
  const db = open(app, specs, state)
  try {
    for (let n = 0; n < 3; n++) {
      const principal = drawPrincipal(choose, ids)
      for (const table of model.tables.values()) {
        const key = table.primaryKey.map((column) => ({ kind: 'column' as const, target: { column }, as: column }))
        const query = { operations: [{ kind: 'read' as const, table: table.name, select: key }], shape: { form: 'list' as const } }
        const compiled = compile(model, query, { principal, now: NOW })
        const told = runRead(db, compiled)
        const expected = principal.live
          ? visible({ model, state, principal, now: NOW }, table.name).map(({ row }) => table.primaryKey.map((column) => row[column]))
          : []
        const actual = told.rows.map((row) => table.primaryKey.map((column) => (row as Record<string, unknown>)[column]))
        const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).toSorted()
        if (JSON.stringify(sorted(expected)) !== JSON.stringify(sorted(actual))) {
          throw new Error(
            `${table.name}: the oracle admits ${JSON.stringify(sorted(expected))}, SQL gave ${JSON.stringify(sorted(actual))}\n` +
              `policy ${JSON.stringify(table.policies.read)}\nprincipal ${JSON.stringify(principal)}\nsql ${compiled.statements[0]?.sql}\nparams ${JSON.stringify(compiled.statements[0]?.params)}`,
          )
        }
        if (told.live !== principal.live) throw new Error(`live is ${told.live}, the session's is ${principal.live}`)
      }
    }
  } finally {
    db.close()
  }
}

test('random policies admit exactly the rows that the oracle admits', () => holds(FILE, 600, policyCase), 3_600_000)
