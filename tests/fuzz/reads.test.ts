// Random questions under random policies: rows, embeds, order, pages and totals are the oracle's.
import { expect, test } from 'vitest'
import { AppError, type Principal } from '../../src/core'
import { buildModel, type Model } from '../../src/define'
import { compile, queryErrors, type CompiledQuery, type Read } from '../../src/query'
import { drawApp, drawTables } from './apps'
import { open } from './database'
import { holds, type Draw } from './draw'
import { drawGroupedRead } from './groups'
import type { State } from './policy-oracle'
import { answer, differs, Unordered } from './read-oracle'
import { drawRead } from './reads'
import { drawPrincipal, drawRows, NOW } from './rows'
import { runRead } from './run'

const FILE = 'tests/fuzz/reads.test.ts'

/** Questions, and those among them whose SQL would be longer than D1 takes: policies inside policies grow fast, and that is refused by name. */
const count = { asked: 0, tooLong: 0 }

function compileRead(model: Model, read: Read, principal: Principal): CompiledQuery | null {
  count.asked++
  try {
    return compile(model, { operations: [read], shape: { form: 'list' } }, { principal, now: NOW })
  } catch (error) {
    if (!(error instanceof AppError && error.definition === queryErrors.too_complex && error.message.includes('100 kB'))) throw error
    count.tooLong++
    return null
  }
}

function readCase(choose: Draw, make: (model: Model, state: State) => Read): void {
  const specs = drawTables(choose)
  const app = drawApp(choose, specs, { columnRules: true, open: { read: 20, insert: 100, using: 100, check: 100 } })
  const model = buildModel(app)
  const state = drawRows(choose, specs)
  const ids = [...state.values()].flat().map((row) => String(row['id'] ?? row['left_id']))
  const db = open(app, specs, state)
  try {
    for (let n = 0; n < 4; n++) {
      const principal = drawPrincipal(choose, ids)
      const read = make(model, state)
      const compiled = compileRead(model, read, principal)
      if (compiled === null) continue
      const context = () =>
        `read ${JSON.stringify(read)}\nprincipal ${JSON.stringify(principal)}\npolicies ${JSON.stringify([...model.tables.values()].map(({ name, policies, columns }) => [name, policies.read, [...columns.values()].filter((column) => column.read).map((column) => [column.name, column.read])]))}\n` +
        `state ${JSON.stringify([...state])}\nsql ${compiled.statements[0]?.sql}\nparams ${JSON.stringify(compiled.statements[0]?.params)}`
      let told
      try {
        told = runRead(db, compiled)
      } catch (error) {
        throw new Error(`${String(error)}\n${context()}`, { cause: error })
      }
      if (told.live !== principal.live) throw new Error(`live is ${told.live}, the session's is ${principal.live}\n${context()}`)
      if (!principal.live) {
        if (told.rows.length > 0 || told.total) throw new Error(`A dead session learns something: ${JSON.stringify(told)}\n${context()}`)
        continue
      }
      const wanted = answer({ model, state, principal, now: NOW }, read)
      const difference = differs(read.order || read.after || read.before ? wanted.rows : new Unordered(wanted.rows), told.rows)
      if (difference) throw new Error(`${difference}\n${context()}`)
      if (read.total === 'exact' && told.total !== wanted.total)
        throw new Error(`total: expected ${wanted.total}, got ${told.total}\n${context()}`)
      if (read.total === undefined && told.total !== null) throw new Error(`A total that nobody asked for: ${told.total}\n${context()}`)
    }
  } finally {
    db.close()
  }
}

const reads = (choose: Draw) => readCase(choose, (model, state) => drawRead(choose, model, state))
const grouped = (choose: Draw) => readCase(choose, (model) => drawGroupedRead(choose, model))

test('random reads answer what the oracle answers', () => holds(FILE, 600, reads), 3_600_000)
test("random groups and aggregates are the oracle's", () => holds(FILE, 200, grouped), 3_600_000)
test('hardly any question is too long', () => expect(count.tooLong).toBeLessThanOrEqual(3 + count.asked / 1000))
