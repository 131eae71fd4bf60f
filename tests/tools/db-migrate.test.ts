// `npm run db:migrate` on a local database of its own, as a developer runs it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url).href)
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-migrate-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const migrate = (...flags: string[]) => command('db-migrate.ts', ...flags)

function command(name: string, ...flags: string[]): { status: number | null; output: string } {
  const script = ['--import', './scripts/register.mjs', `scripts/${name}`, '--persist-to', folder, ...flags]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' }
  const { status, stdout, stderr } = spawnSync(process.execPath, script, { cwd: root, encoding: 'utf8', env })
  return { status, output: `${stdout}${stderr}` }
}

function open<T>(use: (db: DatabaseSync) => T): T {
  const place = join(folder, 'v3/d1/miniflare-D1DatabaseObject')
  const [file] = readdirSync(place).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
  const db = new DatabaseSync(join(place, file!))
  try {
    return use(db)
  } finally {
    db.close()
  }
}

const epoch = () => open((db) => db.prepare('SELECT epoch FROM sys_store').get() as { epoch: string }).epoch

test('it migrates, finds nothing to apply the second time, and names what somebody changed by hand', () => {
  const first = migrate()
  expect(first.output).toContain('The database is what app/ implies.')
  expect(first.status).toBe(0)
  const before = epoch()
  expect(before).toMatch(/^[0-9a-f]{32}$/)

  expect(migrate('--renew-epoch').status).toBe(0)
  expect(epoch()).not.toBe(before)

  open((db) => db.exec('ALTER TABLE auth_users ADD COLUMN surprise TEXT; DROP INDEX auth_sessions_user'))
  const second = migrate()
  expect(second.output).toContain('No migrations to apply')
  expect(second.status).toBe(1)
  expect(second.output).toContain(`column "auth_users.surprise" isn't declared`)
  expect(second.output).toContain('index "auth_sessions_user" on "auth_sessions" is missing')
})

test('in the database that is there now, db:reindex makes the full-text indexes whole and says so', () => {
  open((db) =>
    db.exec(
      `INSERT INTO profiles (id, handle, display_name, created_at) VALUES ('p', 'pp', 'P', 0);
       INSERT INTO trips (id, owner_id, title, created_at) VALUES ('t', 'p', 'Over the pass', 0);
       INSERT INTO sys_fts_trips (sys_fts_trips) VALUES ('delete-all')`,
    ),
  )
  const found = () => open((db) => db.prepare(`SELECT count(*) AS n FROM sys_fts_trips WHERE sys_fts_trips MATCH 'pass'`).get())
  expect(found()).toEqual({ n: 0 })
  const { status, output } = command('db-reindex.ts')
  expect(output).toContain('DB: sys_fts_trips holds what trips does.')
  expect(status).toBe(0)
  expect(found()).toEqual({ n: 1 })
})
