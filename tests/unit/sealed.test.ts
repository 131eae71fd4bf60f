// What `npm run dev` says of a local database that another root key has sealed.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { isSealedElsewhere } from '../../scripts/sealed'
import { deriveKeys } from '../../src/platform/keys'

const state = mkdtempSync(join(tmpdir(), 'perigee-sealed-'))
afterAll(() => rmSync(state, { recursive: true, force: true }))

test('a database that another root key sealed is told from one’s own, from an empty one and from none', async () => {
  const [own, other] = ['a', 'b'].map((letter) => letter.repeat(43))
  expect(await isSealedElsewhere(own, state)).toBe(false)
  const folder = join(state, 'v3/d1/miniflare-D1DatabaseObject')
  mkdirSync(folder, { recursive: true })
  const db = new DatabaseSync(join(folder, `${'0'.repeat(64)}.sqlite`))
  expect(await isSealedElsewhere(own, state)).toBe(false)
  db.exec('CREATE TABLE auth_signing_keys (id TEXT PRIMARY KEY, sealed_private_jwk TEXT, created_at INTEGER)')
  expect(await isSealedElsewhere(own, state)).toBe(false)
  const sealed = await (await deriveKeys(own)).seal('{}', 'signing-key:k1')
  db.prepare('INSERT INTO auth_signing_keys VALUES (?, ?, ?)').run('k1', sealed, 1)
  db.close()
  expect([await isSealedElsewhere(own, state), await isSealedElsewhere(other, state), await isSealedElsewhere('short', state)]).toEqual([
    false,
    true,
    false,
  ])
})
