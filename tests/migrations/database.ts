// A database of a test's own inside the file's D1: the engine's tables are there, others come and go.
import { env } from 'cloudflare:workers'
import type { AppDefinition } from '../../src/define'
import {
  engineSchema,
  expectedSchema,
  planMigration,
  SCHEMA_QUERY,
  verifySchema,
  type DatabaseSchema,
  type Intents,
  type SchemaRow,
} from '../../src/migrations'

export const db = (env as unknown as { DB: D1Database }).DB

/** Runs statements as one batch, as wrangler does with a migration. */
export async function batch(...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  if (statements.length === 0) return []
  const results = await db.batch<Record<string, unknown>>(statements.map((sql) => db.prepare(sql)))
  return results.at(-1)!.results
}

/** Plans and applies; fails when there is no plan. */
export async function migrate(before: DatabaseSchema, after: DatabaseSchema, intents?: Intents): Promise<readonly string[]> {
  const plan = planMigration(before, after, intents)
  if (plan.problems.length > 0) throw new Error(plan.problems.join('\n'))
  await batch(...plan.statements)
  return plan.statements
}

/** Makes an app's tables beside the engine's. */
export async function mount(app: AppDefinition): Promise<DatabaseSchema> {
  const schema = expectedSchema(app)
  await migrate(engineSchema(), schema)
  return schema
}

/** What differs between the database and the schema. */
export async function drift(schema: DatabaseSchema): Promise<string[]> {
  const { results } = await db.prepare(SCHEMA_QUERY).all<SchemaRow>()
  return verifySchema(results, schema).map(({ message }) => message)
}

/** The log after `seq`, with its JSON read. */
export async function logged(
  after = 0,
): Promise<
  { op: string; tbl: string; key: unknown; columns: unknown; old: unknown; new: unknown; context: unknown; seq: number; at: number }[]
> {
  const { results } = await db
    .prepare('SELECT * FROM sys_changes WHERE seq > ? ORDER BY seq')
    .bind(String(after))
    .all<Record<string, string>>()
  const json = (value: string | undefined) => (value === null || value === undefined ? null : (JSON.parse(value) as unknown))
  return results.map((row) => ({
    op: row['op']!,
    tbl: row['tbl']!,
    key: json(row['key']),
    columns: json(row['columns']),
    old: json(row['old']),
    new: json(row['new']),
    context: json(row['context']),
    seq: Number(row['seq']),
    at: Number(row['at']),
  }))
}

export async function head(): Promise<number> {
  return Number((await batch('SELECT coalesce(max(seq), 0) AS n FROM sys_changes'))[0]!['n'])
}
