// `npm run seed -- --scale 20`: fills the local database with what app/seed invents. Writes past the policies, never to a deployed database.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { getPlatformProxy, unstable_readConfig as readConfig } from 'wrangler'

type Rows = readonly Readonly<Record<string, string | number | null>>[]

/** What an app's `app/seed/index.ts` exports. Parents come before children; the same call makes the same rows. */
interface SeedModule {
  seed(options: { scale: number }): Iterable<{ readonly table: string; readonly rows: Rows }>
}

export interface SeedOptions {
  /** Multiplies the number of people, teams and trips; 1 when absent. */
  readonly scale?: number
  /** As wrangler's `--persist-to`; `.wrangler/state` when absent. */
  readonly persistTo?: string
}

const root = join(import.meta.dirname, '..')

/** A bound value may have 2 MB on D1; this leaves room for characters of several bytes. */
const CHARACTERS_A_STATEMENT = 600_000

/**
 * Fills the migrated local database; rows that are there already stay as they are, so that a second run adds nothing.
 * Answers how many rows each table was given; null when the app has no seed.
 */
export async function seedLocal({ scale = 1, persistTo = join(root, '.wrangler/state') }: SeedOptions = {}): Promise<Record<
  string,
  number
> | null> {
  const path = join(root, 'app/seed/index.ts')
  if (!existsSync(path)) return null
  const { seed } = (await import(path)) as SeedModule
  const database = await openLocalDatabase(persistTo)
  try {
    const written: Record<string, number> = {}
    for (const { table, rows } of seed({ scale })) {
      await insert(database.db, table, rows)
      written[table] = (written[table] ?? 0) + rows.length
    }
    return written
  } finally {
    await database.close()
  }
}

/** The database that `wrangler dev` opens, in the same files; nothing else of the Worker is started. */
async function openLocalDatabase(persistTo: string): Promise<{ db: D1Database; close: () => Promise<void> }> {
  const { name, compatibility_date, d1_databases } = readConfig({ config: join(root, 'wrangler.toml') })
  const folder = mkdtempSync(join(tmpdir(), 'perigee-seed-'))
  const configPath = join(folder, 'wrangler.json')
  writeFileSync(configPath, JSON.stringify({ name, compatibility_date, d1_databases }))
  const proxy = await getPlatformProxy<{ DB: D1Database }>({ configPath, persist: { path: join(persistTo, 'v3') } })
  return {
    db: proxy.env.DB,
    async close() {
      await proxy.dispose()
      rmSync(folder, { recursive: true })
    },
  }
}

async function insert(db: D1Database, table: string, rows: Rows): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  if (columns.length === 0) return
  const values = columns.map((_, index) => `value ->> ${index}`).join(', ')
  // `WHERE true` keeps SQLite's parser from reading ON CONFLICT as part of a join.
  const sql = `INSERT INTO "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) SELECT ${values} FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`
  const statement = db.prepare(sql)
  await db.batch([...packed(rows, columns)].map((list) => statement.bind(list)))
}

/** JSON lists of rows, each short enough to be bound. */
function* packed(rows: Rows, columns: readonly string[]): Generator<string> {
  let list: string[] = []
  let length = 0
  for (const row of rows) {
    const text = JSON.stringify(columns.map((column) => row[column] ?? null))
    if (length + text.length > CHARACTERS_A_STATEMENT && list.length > 0) {
      yield `[${list.join(',')}]`
      list = []
      length = 0
    }
    list.push(text)
    length += text.length + 1
  }
  if (list.length > 0) yield `[${list.join(',')}]`
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' }, 'persist-to': { type: 'string' } } })
  const scale = Number(values.scale)
  if (!Number.isFinite(scale) || scale <= 0) throw new Error('--scale takes a number above 0, for example --scale 20')
  const started = Date.now()
  const written = await seedLocal({ scale, ...(values['persist-to'] === undefined ? {} : { persistTo: values['persist-to'] }) })
  if (written === null) console.log('This app has no app/seed/index.ts, so there is nothing to fill it with.')
  else {
    for (const [table, count] of Object.entries(written)) console.log(`${count.toLocaleString('en').padStart(10)}  ${table}`)
    console.log(`in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  }
}
