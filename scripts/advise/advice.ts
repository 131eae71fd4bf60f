// Tries indexes for the queries that were asked, in a scratch database at scale, and keeps those that pay. Says nothing where none does.
import { ANONYMOUS, SERVICE, type Principal } from '../../src/core'
import { buildModel, type AppDefinition, type Model } from '../../src/define'
import { expectedSchema, type DatabaseSchema } from '../../src/migrations'
import { compile, type Query } from '../../src/query'
import { candidatesOf, tablesOf, type Candidate } from './candidates'
import { describeQuery } from './question'
import { FAVOURITE, makeScratch, personId, type Scratch } from './scratch'
import { withValues } from './values'

/** A question, without who asked it. */
export interface Asked {
  readonly query: Query
  readonly role: Principal['role']
  readonly count: number
}

export interface Advice {
  readonly table: string
  readonly name: string
  /** Names in the database, and in the Drizzle declaration. */
  readonly columns: readonly string[]
  readonly properties: readonly string[]
}

/** Rows that a question read before any index was added, and with all that are advised. */
export interface Measured extends Asked {
  readonly before: number
  readonly after: number
}

export interface Outcome {
  readonly advice: readonly Advice[]
  /** All questions, the dearest first. */
  readonly measured: readonly Measured[]
}

/** Under so many rows nothing is worth an index, which every write pays for. */
const DEAR = 500
/** An index has to take away this part of the rows read, and a column more has to take away more. */
const GAIN = 0.3
/** Indexes that one question may be given. */
const MOST_INDEXES = 4

export interface Options {
  /** Rows in each table. */
  readonly rows: number
  readonly say?: (line: string) => void
}

/** Measures every question, and gives the dear ones the indexes that help. */
export async function advise(app: AppDefinition, asked: readonly Asked[], { rows, say = () => undefined }: Options): Promise<Outcome> {
  const model = buildModel(app)
  const readable = asked.filter(
    ({ query }) =>
      query.operations.some(({ kind }) => kind !== 'insert' && kind !== 'enqueue' && kind !== 'cancel') && isKnown(model, query),
  )
  const schema = expectedSchema(app)
  const tables = withSources(schema, [...new Set(readable.flatMap(({ query }) => tablesOf(model, query)))])
  if (tables.length === 0) return { advice: [], measured: [] }
  say(`Filling ${tables.join(', ')} with ${rows.toLocaleString('en')} rows each …`)
  const scratch = await makeScratch(model, schema, tables, rows)
  try {
    const measured: { one: Asked; query: Query; before: number }[] = []
    const passed = new Map<string, string>()
    for (const one of readable) {
      try {
        const query = await withValues(model, one.query, scratch)
        measured.push({ one, query, before: await costOf(scratch, model, query, one.role) })
      } catch (error) {
        passed.set(describeQuery(one.query), reasonOf(error))
      }
    }
    for (const [question, reason] of passed) say(`Passed over: ${question} (${reason})`)
    const dear = measured.filter(({ before }) => before >= DEAR).toSorted((a, b) => b.before * b.one.count - a.before * a.one.count)
    say(`${measured.length} kinds of question, ${dear.length} of them dear. Trying indexes …`)
    let chosen: Candidate[] = []
    for (const { one, query } of dear) chosen = [...chosen, ...(await indexesFor(scratch, model, chosen, query, one.role))]
    chosen = await needed(scratch, model, chosen, dear)
    const after = withIndexes(model, chosen)
    const outcome: Measured[] = []
    for (const { one, query, before } of measured)
      outcome.push({ ...one, before, after: chosen.length === 0 ? before : await costOf(scratch, after, query, one.role) })
    return { advice: chosen.map((one) => named(model, one)), measured: outcome.toSorted((a, b) => b.before - a.before) }
  } finally {
    await scratch.close()
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message.split('\n')[0]! : String(error)
  return text.includes('no such table: sys_fts_') ? 'a full-text search goes by its own index' : text
}

/** With the tables and views that the views among them are made of: those whose names stand in their SQL. */
function withSources(schema: DatabaseSchema, names: readonly string[]): string[] {
  const found = new Set(names)
  // A set goes on over what is added to it meanwhile.
  for (const name of found) {
    const query = schema.views?.find((view) => view.name === name)?.query ?? ''
    for (const source of [...schema.tables, ...(schema.views ?? [])])
      if (new RegExp(`\\b${source.name}\\b`).test(query)) found.add(source.name)
  }
  return [...found]
}

/** Whether the app still has what a question, recorded earlier, speaks of. */
function isKnown(model: Model, query: Query): boolean {
  try {
    compile(model, query, { principal: SERVICE, now: 0 })
    return true
  } catch {
    return false
  }
}

/** Who asks: somebody with many rows and somebody without any, because each finds rows by another way. */
function askers(role: Principal['role']): readonly Principal[] {
  if (role === 'service_role') return [SERVICE]
  if (role === 'anon') return [ANONYMOUS]
  return [personId(FAVOURITE), 'nobody'].map((uid) => ({ ...ANONYMOUS, role, uid, sessionId: uid }))
}

async function costOf(scratch: Scratch, model: Model, query: Query, role: Principal['role']): Promise<number> {
  let sum = 0
  for (const principal of askers(role)) {
    const { statements } = compile(model, query, { principal, now: Date.UTC(2026, 0, 1), sessionChecked: true })
    sum += await scratch.cost(statements)
  }
  return sum
}

/** The compiler chooses its ways by the indexes that the model has. */
function withIndexes(model: Model, added: readonly Candidate[]): Model {
  const tables = [...model.tables].map(([name, table]) => {
    const mine = added.filter((one) => one.table === name).map((one) => ({ name: nameOf(one), columns: one.columns, unique: false }))
    return [name, mine.length === 0 ? table : { ...table, indexes: [...table.indexes, ...mine] }] as const
  })
  return { ...model, tables: new Map(tables) }
}

const scratchName = (one: Candidate): string => `\`advised_${one.table}_${one.columns.join('_')}\``
const create = (scratch: Scratch, one: Candidate) =>
  scratch.exec(`create index ${scratchName(one)} on \`${one.table}\` (${one.columns.map((name) => `\`${name}\``).join(', ')})`)
const drop = (scratch: Scratch, one: Candidate) => scratch.exec(`drop index ${scratchName(one)}`)

/** Adds indexes to the scratch database, one at a time, as long as each pays; they stay there. */
async function indexesFor(
  scratch: Scratch,
  model: Model,
  chosen: readonly Candidate[],
  query: Query,
  role: Principal['role'],
): Promise<Candidate[]> {
  const added: Candidate[] = []
  const cost = (extra: readonly Candidate[]) => costOf(scratch, withIndexes(model, [...chosen, ...added, ...extra]), query, role)
  let current = await cost([])
  while (current >= DEAR && added.length < MOST_INDEXES) {
    const tried: { candidates: Candidate[]; cost: number }[] = []
    const candidates = candidatesOf(withIndexes(model, [...chosen, ...added]), query)
    for (const one of candidates) {
      await create(scratch, one)
      tried.push({ candidates: [one], cost: await cost([one]) })
      await drop(scratch, one)
    }
    if (!tried.some((one) => pays(one.cost, current)) && candidates.length > 1) {
      // A policy of several reasons may need an index for each before any of them counts.
      for (const one of candidates) await create(scratch, one)
      tried.push({ candidates: [...candidates], cost: await cost(candidates) })
      for (const one of candidates) await drop(scratch, one)
    }
    const best = cheapest(tried)
    if (!best || !pays(best.cost, current)) break
    for (const one of best.candidates) await create(scratch, one)
    added.push(...best.candidates)
    current = best.cost
  }
  return added
}

/** Differences that aren't worth a column. */
const about = (cost: number): number => cost * 1.01 + 5
const pays = (cost: number, before: number): boolean => cost <= before * (1 - GAIN)

/** The fewest rows; among those that read about as few, the index of fewest columns. */
function cheapest<T extends { readonly candidates: readonly Candidate[]; readonly cost: number }>(tried: readonly T[]): T | undefined {
  const least = Math.min(...tried.map(({ cost }) => cost))
  const width = ({ candidates }: T) => candidates.reduce((sum, { columns }) => sum + columns.length, 0)
  return tried.filter(({ cost }) => cost <= about(least)).toSorted((a, b) => width(a) - width(b))[0]
}

/** Leaves out, one after another, what the questions do as well without: the widest first, and what another index begins with. */
async function needed(
  scratch: Scratch,
  model: Model,
  chosen: readonly Candidate[],
  questions: readonly { readonly one: Asked; readonly query: Query }[],
): Promise<Candidate[]> {
  let kept = [...chosen]
  const total = async () => {
    const costs: number[] = []
    for (const { one, query } of questions) costs.push(await costOf(scratch, withIndexes(model, kept), query, one.role))
    return costs
  }
  let current = await total()
  for (const one of chosen.toSorted((a, b) => b.columns.length - a.columns.length)) {
    const before = kept
    kept = kept.filter((other) => other !== one)
    await drop(scratch, one)
    const without = await total()
    if (without.every((cost, i) => cost <= about(current[i]!))) {
      current = without
    } else {
      kept = before
      await create(scratch, one)
    }
  }
  return kept
}

const nameOf = ({ table, columns }: Candidate): string => [table, ...columns.filter((name) => name !== 'id')].join('_')

function named(model: Model, one: Candidate): Advice {
  const table = model.tables.get(one.table)!
  const taken = new Set([...model.tables.values()].flatMap(({ indexes }) => indexes.map(({ name }) => name)))
  const name = taken.has(nameOf(one)) ? `${nameOf(one)}_2` : nameOf(one)
  return { table: one.table, name, columns: one.columns, properties: one.columns.map((column) => table.columns.get(column)!.property) }
}
