// The same cases on real D1, fewer of them: its limits on depth, compounds and patterns are tighter than Node's SQLite has them.
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, test } from 'vitest'
import { buildModel } from '../../../src/define'
import { run } from '../../../src/platform'
import { compile } from '../../../src/query'
import { drawApp, drawTables, type TableSpec } from '../apps'
import { draw, seed, type Draw } from '../draw'
import type { Row } from '../policy-oracle'
import { answer, differs, Unordered } from '../read-oracle'
import { drawRead } from '../reads'
import { drawPrincipal, drawRows, NOW } from '../rows'
import { ddl, filling } from '../tables'
import { effect } from '../write-oracle'
import { drawWrite } from '../writes'

const db = (env as unknown as { DB: D1Database }).DB
const NAMES = ['delta', 'gamma', 'beta', 'alpha']

beforeAll(async () => {
  // People and sessions once; the generated tables are made anew for each case.
  await run(db, filling([], new Map()))
})

async function make(
  specs: readonly TableSpec[],
  app: Parameters<typeof ddl>[0],
  state: ReadonlyMap<string, readonly Row[]>,
): Promise<void> {
  const own = ddl(app).filter((sql) =>
    specs.some(({ name }) => new RegExp(`^CREATE (TABLE|(UNIQUE )?INDEX .* ON|TRIGGER .* ON) \`${name}\``, 's').test(sql)),
  )
  const fill = filling(specs, state).filter(({ sql }) => !sql.includes(' auth_'))
  await run(db, [
    ...NAMES.map((name) => ({ sql: `drop table if exists \`${name}\``, params: [] })),
    ...own.map((sql) => ({ sql, params: [] })),
    ...fill,
  ] as Parameters<typeof run>[1])
}

async function dump(specs: readonly TableSpec[]): Promise<Map<string, Row[]>> {
  const state = new Map<string, Row[]>()
  for (const { name, columns } of specs) {
    const { results } = await db.prepare(`select ${columns.map((column) => `\`${column.name}\``).join(', ')} from \`${name}\``).all<Row>()
    state.set(name, results as Row[])
  }
  return state
}

async function oneCase(choose: Draw): Promise<void> {
  const specs = drawTables(choose)
  const app = drawApp(choose, specs, { columnRules: true, open: { read: 30, insert: 45, using: 60, check: 45 } })
  const model = buildModel(app)
  const drawn = drawRows(choose, specs)
  await make(specs, app, drawn)
  const state = await dump(specs)
  const ids = [...state.values()].flat().map((row) => String(row['id'] ?? row['left_id']))
  const tell = (what: string, query: unknown, principal: unknown) =>
    `${what}\n${JSON.stringify(query)}\n${JSON.stringify(principal)}\n${JSON.stringify([...model.tables.values()].map(({ name, policies }) => [name, policies]))}\n${JSON.stringify([...state])}`

  for (let n = 0; n < 3; n++) {
    const principal = drawPrincipal(choose, ids)
    const read = drawRead(choose, model, state)
    const [statement] = compile(model, { operations: [read], shape: { form: 'list' } }, { principal, now: NOW }).statements
    const [result] = await run(db, [statement!])
    const rows =
      statement!.role === 'read'
        ? (JSON.parse(String(result?.results[0]?.['body'] ?? '[]')) as unknown[])
        : (result?.results ?? []).slice(1).map(({ d }) => JSON.parse(String(d)) as unknown)
    const wanted = principal.live ? answer({ model, state, principal, now: NOW }, read).rows : []
    const difference = differs(read.order || read.after || read.before ? wanted : new Unordered(wanted), rows)
    if (difference) throw new Error(tell(difference, read, principal))
  }

  const principal = drawPrincipal(choose, ids)
  const write = drawWrite(choose, model, specs, state)
  const expected = effect({ model, state, principal, now: NOW }, specs, write)
  let refusal: unknown = null
  try {
    await run(db, compile(model, { operations: [write], shape: { form: 'none' } }, { principal, now: NOW }).statements)
  } catch (error) {
    refusal = error
  }
  const after = await dump(specs)
  for (const { name } of specs) {
    const difference = differs(new Unordered((expected?.state ?? state).get(name) ?? []), after.get(name), name)
    if (difference) throw new Error(tell(`${difference} (${String(refusal)})`, write, principal))
  }
}

test('random reads and writes on D1 are the oracle’s', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), (g) => oneCase(draw(g))),
    { numRuns: 60, seed, endOnFailure: true },
  )
}, 240_000)
