// Makes a checkout ready to run: secrets, the start page's SDK, the local database with its migrations and its first rows. wrangler runs it
// before each build (`[build]` in wrangler.toml), so it is quick when there is nothing to do, and touches nothing unless the command is `dev`.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { databaseFiles, statePath } from './local-database'
import { isSealedElsewhere, SEALED_ELSEWHERE } from './sealed'
import { ensureSecrets, readSecrets } from './secrets'

const root = join(import.meta.dirname, '..')

export interface PrepareOptions {
  /** As wrangler's `--persist-to`; `.wrangler/state` when absent. */
  readonly persistTo?: string
  readonly say?: (line: string) => void
}

/** Thrown with what could not be made ready; what the failing command said is in the message. */
export class PrepareError extends Error {}

/** Brings secrets, assets and the local database up to date. Throws `PrepareError`. */
export async function prepare({ persistTo = statePath(), say = console.log }: PrepareOptions = {}): Promise<void> {
  if (ensureSecrets(root)) say('Made .dev.vars with a new root key. It stays on this machine.')
  if (await isSealedElsewhere(readSecrets(root).PERIGEE_ROOT_KEY, persistTo)) say(SEALED_ELSEWHERE)
  copySdk()
  const stamp = join(persistTo, 'perigee.json')
  const fingerprint = fingerprintOf()
  if (databaseFiles(persistTo).length > 0 && readStamp(stamp) === fingerprint) return
  migrateLocal(persistTo)
  if (isEmpty(persistTo)) await fill(persistTo, say)
  mkdirSync(persistTo, { recursive: true })
  writeFileSync(stamp, `${JSON.stringify({ fingerprint })}\n`)
}

/** The SDK that the start page runs, from the package that the tests use: nothing is fetched from elsewhere. */
function copySdk(): void {
  const from = join(root, 'node_modules/@supabase/supabase-js/dist/umd/supabase.js')
  const to = join(root, 'public/start/supabase.js')
  if (!existsSync(from) || (existsSync(to) && statSync(to).size === statSync(from).size)) return
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}

/** Changes when there may be something to migrate, or when another database is bound. */
function fingerprintOf(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'wrangler.toml')))
  const folder = join(root, 'migrations')
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sql')) : []
  for (const name of files.toSorted()) hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}

function readStamp(path: string): string | null {
  if (!existsSync(path)) return null
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { fingerprint?: string }).fingerprint ?? null
  } catch {
    return null
  }
}

/** A process of its own: the everyday start needn't load wrangler's libraries. */
function migrateLocal(persistTo: string): void {
  const register = join(root, 'scripts/register.mjs')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', register, join(root, 'scripts/db-migrate.ts'), '--persist-to', persistTo],
    { cwd: root, encoding: 'utf8', env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' } },
  )
  if (status !== 0)
    throw new PrepareError(
      `The local database could not be migrated.\n${stdout}${stderr}\nTo begin anew, without the local data: rm -rf .wrangler/state`,
    )
}

async function fill(persistTo: string, say: (line: string) => void): Promise<void> {
  const { seedLocal } = await import('./seed')
  const started = Date.now()
  const written = await seedLocal({ persistTo })
  if (written === null) return
  const rows = Object.values(written).reduce((sum, count) => sum + count, 0)
  say(`Filled the demo app with ${rows.toLocaleString('en')} rows in ${((Date.now() - started) / 1000).toFixed(1)} s.`)
}

/** Whether no table, but for the engine's bookkeeping, holds a row. */
function isEmpty(persistTo: string): boolean {
  return databaseFiles(persistTo).every((path) => {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      const tables = db
        .prepare(
          `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'sys_*' AND name NOT GLOB 'd1_*' AND name NOT GLOB '_cf_*'`,
        )
        .all() as { name: string }[]
      return tables.every(({ name }) => db.prepare(`SELECT 1 FROM "${name.replaceAll('"', '""')}" LIMIT 1`).get() === undefined)
    } finally {
      db.close()
    }
  })
}

if (import.meta.main) {
  // wrangler says for which command it builds; by hand there is none.
  const command = process.env.WRANGLER_COMMAND ?? 'dev'
  if (command === 'dev' && process.env.PERIGEE_PREPARE !== 'off') {
    await prepare().catch((error: unknown) => {
      console.error(error instanceof PrepareError ? error.message : error)
      process.exitCode = 1
    })
  }
}
