// `npm run import:users -- users.json`: brings people along from Firebase or Supabase, with the hashes of their passwords. May be run again at
// any time: who is there stays as they are. `--deployed` for the installation that was deployed from here, `--dry-run` sends nothing.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fromFirebase, fromSupabase, readCsv, readFirebaseHash, type ImportedUser } from './import-formats'
import { deployedKeys, localKeys } from './keys'

/** People, and characters of JSON, in one request: its body may have a MiB. */
const MOST_A_REQUEST = 200
const CHARACTERS_A_REQUEST = 500_000

type Row = Readonly<Record<string, unknown>>

/** Rows of a file of JSON (a list, or `{users: [...]}`) or CSV. */
function readRows(path: string): readonly Row[] {
  const source = readFileSync(path, 'utf8')
  if (/\.csv$/i.test(path)) return readCsv(source)
  const parsed = JSON.parse(source) as Row | readonly Row[]
  const rows = Array.isArray(parsed) ? parsed : (parsed as Row)['users']
  if (!Array.isArray(rows)) throw new Error(`${path} is neither a list nor {"users": [...]}.`)
  return rows as readonly Row[]
}

/** People of an export, whichever of the two it is. */
export function readUsers(
  path: string,
  { identities, firebaseHash }: { identities?: string | undefined; firebaseHash?: string | undefined },
): ImportedUser[] {
  const rows = readRows(path)
  if (rows.some((row) => 'localId' in row)) {
    return fromFirebase({ users: rows }, firebaseHash === undefined ? null : readFirebaseHash(readFileSync(firebaseHash, 'utf8')))
  }
  if (rows.length > 0 && !rows.every((row) => 'id' in row)) throw new Error(`${path} has neither Firebase's "localId" nor Supabase's "id".`)
  return fromSupabase(rows, identities === undefined ? [] : readRows(identities))
}

/** In requests that the server takes. */
export function* chunksOf(users: readonly ImportedUser[]): Generator<ImportedUser[]> {
  let chunk: ImportedUser[] = []
  let characters = 0
  for (const user of users) {
    const length = JSON.stringify(user).length
    if (chunk.length === MOST_A_REQUEST || (chunk.length > 0 && characters + length > CHARACTERS_A_REQUEST)) {
      yield chunk
      chunk = []
      characters = 0
    }
    chunk.push(user)
    characters += length
  }
  if (chunk.length > 0) yield chunk
}

export interface Imported {
  readonly made: number
  readonly there: number
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
}

/** Sends everybody; `say` hears of each request. Throws when one fails: what was sent before stands, and a second run goes on. */
export async function importUsers(
  users: readonly ImportedUser[],
  { url, secretKey }: { url: string; secretKey: string },
  say: (line: string) => void,
): Promise<Imported> {
  let [made, there, sent] = [0, 0, 0]
  const refused: { id: string; reason: string }[] = []
  for (const chunk of chunksOf(users)) {
    const answer = await fetch(`${url}/api/v1/admin/users/import`, {
      method: 'POST',
      headers: { apikey: secretKey, 'content-type': 'application/json' },
      body: JSON.stringify({ users: chunk }),
    })
    const body = (await answer.json()) as Imported & { detail?: string; title?: string }
    if (!answer.ok) throw new Error(`${url} answered ${answer.status} after ${sent} people: ${body.detail ?? body.title ?? ''}`)
    sent += chunk.length
    made += body.made
    there += body.there
    refused.push(...body.refused)
    say(`${sent} of ${users.length}: ${made} made, ${there} there already, ${refused.length} refused`)
  }
  return { made, there, refused }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      identities: { type: 'string' },
      'firebase-hash': { type: 'string' },
      deployed: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const [path] = positionals
  if (path === undefined || positionals.length > 1) {
    throw new Error(
      'npm run import:users -- users.json|users.csv [--identities identities.json] [--firebase-hash hash.txt] [--deployed] [--dry-run]',
    )
  }
  const users = readUsers(path, { identities: values.identities, firebaseHash: values['firebase-hash'] })
  if (values['dry-run'])
    return console.log(`${users.length} people, ${users.filter((user) => user['password_hash']).length} with a password. Nothing was sent.`)
  const { refused } = await importUsers(users, await (values.deployed ? deployedKeys() : localKeys()), (line) => console.log(line))
  for (const { id, reason } of refused) console.log(`refused ${id}: ${reason}`)
  if (refused.length > 0) process.exitCode = 1
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
