// The Cloudflare account that wrangler is logged in to, asked through wrangler's own commands: no credential passes through here.
import { join } from 'node:path'
import { runQuietly } from './outcome'

const root = join(import.meta.dirname, '..')
const wranglerEntry = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** A command of wrangler's failed; the message holds what it said. */
export class AccountError extends Error {}

export interface Person {
  readonly email: string | null
  readonly accounts: readonly { readonly id: string; readonly name: string }[]
}

export interface Ran {
  readonly ok: boolean
  readonly output: string
}

/** Runs wrangler to its end, asking nothing. `env` is added to the process' own. */
export async function wrangler(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const quiet = { WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1', FORCE_COLOR: '0', CI: 'true', ...env }
  return await runQuietly(process.execPath, [wranglerEntry, ...args], root, quiet)
}

async function demand(what: string, args: readonly string[]): Promise<string> {
  const { ok, output } = await wrangler(args)
  if (!ok) throw new AccountError(`${what} failed (wrangler ${args.slice(0, 3).join(' ')}):\n${output.trim()}`)
  return output
}

/** The JSON in what was printed, between other lines. */
function parseJson(output: string): unknown {
  const start = output.search(/^[[{]/m)
  return JSON.parse(output.slice(start, 1 + Math.max(output.lastIndexOf('}'), output.lastIndexOf(']'))))
}

/** Who is logged in; null when nobody is. */
export async function whoami(): Promise<Person | null> {
  const { output } = await wrangler(['whoami', '--json'])
  if (!output.includes('"loggedIn": true')) return null
  const { email, accounts } = parseJson(output) as { email?: string; accounts?: Person['accounts'] }
  return { email: email ?? null, accounts: accounts ?? [] }
}

/** Id of the database with this name; null when there is none. */
export async function findDatabase(name: string): Promise<string | null> {
  const list = parseJson(await demand('Listing databases', ['d1', 'list', '--json'])) as { uuid: string; name: string }[]
  return list.find((database) => database.name === name)?.uuid ?? null
}

/** Makes a D1 database; its id. */
export async function createDatabase(name: string, location?: string): Promise<string> {
  await demand('Creating the database', ['d1', 'create', name, '--update-config=false', ...(location ? ['--location', location] : [])])
  const id = await findDatabase(name)
  if (id === null) throw new AccountError(`The database ${name} was created but can't be found.`)
  return id
}

export async function deleteDatabase(name: string): Promise<void> {
  await demand('Deleting the database', ['d1', 'delete', name, '--skip-confirmation'])
}

/** Id of the KV namespace with this title; null when there is none. */
export async function findNamespace(title: string): Promise<string | null> {
  const list = parseJson(await demand('Listing KV namespaces', ['kv', 'namespace', 'list'])) as { id: string; title: string }[]
  return list.find((namespace) => namespace.title === title)?.id ?? null
}

/** Makes a KV namespace; its id. */
export async function createNamespace(title: string): Promise<string> {
  await demand('Creating the KV namespace', ['kv', 'namespace', 'create', title, '--update-config=false'])
  const id = await findNamespace(title)
  if (id === null) throw new AccountError(`The KV namespace ${title} was created but can't be found.`)
  return id
}

/** Whether there is a queue of that name. */
export async function findQueue(name: string): Promise<boolean> {
  const { ok, output } = await wrangler(['queues', 'info', name])
  if (!ok && !/does not exist/i.test(output)) throw new AccountError(`Looking for the queue ${name} failed:\n${output.trim()}`)
  return ok
}

export async function createQueue(name: string): Promise<void> {
  await demand('Creating the queue', ['queues', 'create', name])
}

/** Whether there is a bucket of that name; false also where R2 isn't switched on, which creating one then says. */
export async function findBucket(name: string): Promise<boolean> {
  const { ok, output } = await wrangler(['r2', 'bucket', 'list'])
  if (!ok && !/10042|enable R2/i.test(output)) throw new AccountError(`Listing R2 buckets failed:\n${output.trim()}`)
  return [...output.matchAll(/^name:\s*(\S+)\s*$/gm)].some(([, found]) => found === name)
}

export async function createBucket(name: string): Promise<void> {
  await demand('Creating the R2 bucket', ['r2', 'bucket', 'create', name, '--update-config=false'])
}

/** Names of a Worker's secrets; null when there is no such Worker. */
export async function secretNames(worker: string): Promise<string[] | null> {
  const { ok, output } = await wrangler(['secret', 'list', '--name', worker, '--format', 'json'])
  if (ok) return (parseJson(output) as { name: string }[]).map(({ name }) => name)
  if (/not found|does not exist/i.test(output)) return null
  throw new AccountError(`Listing the Worker's secrets failed:\n${output.trim()}`)
}

export type Answer =
  | { readonly ok: true; readonly results: readonly (readonly Record<string, unknown>[])[] }
  | { readonly ok: false; readonly error: string }

/** Runs statements, as one batch, on a database in the account. What the database refuses is an answer, not an exception. */
export async function execute(database: string, sql: string): Promise<Answer> {
  const { ok, output } = await wrangler(['d1', 'execute', database, '--remote', '--json', '--yes', '--command', sql])
  if (ok) return { ok, results: (parseJson(output) as { results?: Record<string, unknown>[] }[]).map(({ results }) => results ?? []) }
  try {
    const { error } = parseJson(output) as { error: { text: string; notes?: { text: string }[] } }
    return { ok: false, error: error.notes?.map(({ text }) => text).join(' ') || error.text }
  } catch {
    throw new AccountError(`The database ${database} didn't answer:\n${output.trim()}`)
  }
}
