// `npm run db:migrate`: applies migrations/ to the local database, or with `-- --remote` to the one in your account, and checks that
// what is there afterwards is what app/ implies. Before anything remote it notes the bookmark that leads back.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SCHEMA_QUERY, verifySchema, type SchemaRow } from '../src/migrations'
import { localSchemaProblems } from './app-check'
import { checkMigrations, declaredSchema, PROJECT } from './db-files'
import { statePath } from './local-database'

const root = fileURLToPath(new URL('..', import.meta.url).href)
const wranglerEntry = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** Thrown with what went wrong and what to do; wrangler's own words have been printed by then. */
export class MigrateError extends Error {}

export interface MigrateOptions {
  /** The databases in the account instead of the local ones. */
  readonly remote?: boolean
  /** Where the local databases live; `PERIGEE_STATE` or `.wrangler/state` when absent. */
  readonly persistTo?: string
  /** wrangler's configuration, TOML; the project's when absent. */
  readonly config?: string
  readonly say?: (line: string) => void
}

/** Applies migrations to every store. Throws `MigrateError`. */
export async function migrate(options: MigrateOptions = {}): Promise<void> {
  const say = options.say ?? console.log
  const disagreements = await checkMigrations()
  if (disagreements.length > 0) {
    const message = `app/ and migrations/ disagree:\n  ${disagreements.join('\n  ')}\nRun \`npm run db:generate\`.`
    if (options.remote) throw new MigrateError(message)
    say(message)
  }
  for (const binding of stores(options)) {
    if (options.remote) noteBookmark(binding, options, say)
    const applied = wrangler(['d1', 'migrations', 'apply', binding], options, 'inherit')
    if (applied.status !== 0) throw new MigrateError(`The migration of ${binding} failed and was undone; see above.`)
  }
  if (disagreements.length > 0) return
  const found = options.remote ? await remoteProblems(options) : await localSchemaProblems(options.persistTo ?? statePath())
  if (found.length > 0)
    throw new MigrateError(`The database isn't what app/ implies; somebody changed it by hand:\n  ${found.join('\n  ')}`)
  say('The database is what app/ implies.')
}

async function remoteProblems(options: MigrateOptions): Promise<string[]> {
  const declared = await declaredSchema(PROJECT)
  return stores(options).flatMap((binding) =>
    verifySchema(query(binding, SCHEMA_QUERY, options) as unknown as SchemaRow[], declared).map(({ message }) => `${binding}: ${message}`),
  )
}

/** Begins another time line in every store, as after a Time Travel restore: phones that follow the change log start over. */
export function renewEpochs(options: MigrateOptions = {}): void {
  for (const binding of stores(options)) query(binding, 'UPDATE sys_store SET epoch = lower(hex(randomblob(16))) WHERE id = 1', options)
}

/** The bindings of the databases, as wrangler.toml names them. */
export function stores(options: MigrateOptions): string[] {
  const config = readFileSync(options.config ?? join(root, 'wrangler.toml'), 'utf8')
  return [...config.matchAll(/^\s*binding\s*=\s*["'](DB(?:_\d+)?)["']/gm)].map(([, binding]) => binding!)
}

function noteBookmark(binding: string, options: MigrateOptions, say: (line: string) => void): void {
  const { status, stdout } = wrangler(['d1', 'time-travel', 'info', binding, '--json'], { ...options, remote: false }, 'pipe', [])
  const bookmark = status === 0 ? /"bookmark":\s*"([^"]+)"/.exec(stdout)?.[1] : undefined
  if (bookmark === undefined)
    throw new MigrateError(`No Time Travel bookmark of ${binding} could be had, so nothing was changed. Does the database exist?`)
  say(
    `${binding} before the migration: bookmark ${bookmark}\n` +
      `To go back: npx wrangler d1 time-travel restore ${binding} --bookmark=${bookmark} && npm run db:migrate -- --remote --renew-epoch`,
  )
}

/** Runs SQL in one database; the rows of the first statement. Throws `MigrateError`. */
export function query(binding: string, sql: string, options: MigrateOptions): Record<string, unknown>[] {
  const { status, stdout } = wrangler(['d1', 'execute', binding, '--json', '--command', sql], options, 'pipe')
  if (status !== 0) throw new MigrateError(`${binding} didn't answer: ${stdout.trim()}`)
  const [result] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { results: Record<string, unknown>[] }[]
  return result?.results ?? []
}

function wrangler(
  command: readonly string[],
  options: MigrateOptions,
  stdio: 'inherit' | 'pipe',
  place = placeOf(options),
): { status: number | null; stdout: string } {
  const config = options.config ? ['--config', options.config] : []
  const { status, stdout } = spawnSync(process.execPath, [wranglerEntry, ...command, ...place, ...config], {
    cwd: root,
    // Locally there is nothing to confirm.
    stdio: [options.remote ? 'inherit' : 'ignore', stdio, 'inherit'],
    encoding: 'utf8',
  })
  return { status, stdout: stdout ?? '' }
}

function placeOf({ remote, persistTo }: MigrateOptions): string[] {
  if (remote) return ['--remote']
  return ['--local', '--persist-to', persistTo ?? statePath()]
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      remote: { type: 'boolean', default: false },
      'persist-to': { type: 'string' },
      'renew-epoch': { type: 'boolean', default: false },
    },
  })
  const options = { remote: values.remote, ...(values['persist-to'] ? { persistTo: values['persist-to'] } : {}) }
  if (values['renew-epoch']) renewEpochs(options)
  else await migrate(options)
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
