// Whether the local database was sealed with another root key than the one in `.dev.vars`: then nobody can sign in, and what a phone hears
// (503) doesn't say that the way out is on this machine.
import { DatabaseSync } from 'node:sqlite'
import { deriveKeys } from '../src/platform/keys'
import { databaseFiles } from './local-database'

/** What to do about it. */
export const SEALED_ELSEWHERE =
  'The local database was sealed with another root key than that of .dev.vars, so nobody can sign in. Put the old key back, or begin anew, without the local data: rm -rf .wrangler/state'

interface SigningKey {
  readonly kid: string
  readonly sealed: string
}

function newestSigningKey(persistTo: string): SigningKey | null {
  for (const path of databaseFiles(persistTo)) {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'auth_signing_keys'").get() === undefined) continue
      const row = db.prepare('SELECT id, sealed_private_jwk AS sealed FROM auth_signing_keys ORDER BY created_at DESC LIMIT 1').get()
      if (row !== undefined) return { kid: String(row['id']), sealed: String(row['sealed']) }
    } finally {
      db.close()
    }
  }
  return null
}

/** False as well where nobody has signed in yet, or the key is no key. */
export async function isSealedElsewhere(rootKey: string | undefined, persistTo: string): Promise<boolean> {
  const key = newestSigningKey(persistTo)
  const keys = await deriveKeys(rootKey).catch(() => null)
  if (key === null || keys === null) return false
  return keys.unseal(key.sealed, `signing-key:${key.kid}`).then(
    () => false,
    () => true,
  )
}
