// `npm run new`: the demo app makes way, everything still works, and nothing uncommitted is lost unasked.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeCheckout, type Checkout } from './checkout'

// Each run of wrangler is a process of its own, and CI's machines are slow.
vi.setConfig({ testTimeout: 240_000 })

let checkout: Checkout
beforeAll(() => {
  checkout = makeCheckout()
})
afterAll(() => checkout.remove())

const npm = (...args: string[]) => checkout.run('npm', ['run', '--silent', ...args])

test('it refuses while app/ has changes that are not committed, and without somebody to say yes', async () => {
  const index = join(checkout.path, 'app/index.ts')
  const before = readFileSync(index, 'utf8')
  writeFileSync(index, `${before}\n`)
  const uncommitted = await npm('new', '--', '--yes')
  expect(uncommitted.status).toBe(1)
  expect(uncommitted.stderr).toContain('app/index.ts')
  expect(readFileSync(index, 'utf8')).toBe(`${before}\n`)

  writeFileSync(index, before)
  const unasked = await npm('new')
  expect(unasked.status).toBe(1)
  expect(existsSync(join(checkout.path, 'app/tables/trips.ts'))).toBe(true)
})

test('it leaves an app of one table whose migrations, model and types agree', async () => {
  writeFileSync(join(checkout.path, '.dev.vars'), 'PERIGEE_ROOT_KEY=kept\n')
  const { status, stderr } = await npm('new', '--', '--yes')
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(readdirSync(join(checkout.path, 'app/tables'))).toEqual(['notes.ts'])
  const migrations = readdirSync(join(checkout.path, 'migrations')).filter((name) => name.endsWith('.sql'))
  expect(migrations).toEqual(['0000_init.sql'])
  const sql = readFileSync(join(checkout.path, 'migrations/0000_init.sql'), 'utf8')
  expect(sql).toContain('notes')
  expect(sql).not.toContain('trips')
  expect(readFileSync(join(checkout.path, '.dev.vars'), 'utf8')).toBe('PERIGEE_ROOT_KEY=kept\n')

  // The engine's tests go on with the demo app, from its new place.
  expect(existsSync(join(checkout.path, 'tests/apps/trailhead/tables/trips.ts'))).toBe(true)
  expect(readFileSync(join(checkout.path, 'tests/support/worker.ts'), 'utf8')).toContain('createBackend(trailhead)')
  const checked = await npm('check', '--', 'app', 'migrations', 'types', 'format', 'unused')
  expect(checked.stdout).not.toContain('FAILED')
  expect(checked.status).toBe(0)
})

test('a policy that names no column of the table fails the check with file, table and remedy', async () => {
  const path = join(checkout.path, 'app/tables/notes.ts')
  const before = readFileSync(path, 'utf8')
  writeFileSync(path, before.replace('read: owner(notes.ownerId)', "read: ({ row, auth, eq }) => eq((row as never)['writer'], auth.uid)"))
  const { status, stdout } = await npm('check', '--', 'app')
  writeFileSync(path, before)
  expect(status).toBe(1)
  expect(stdout).toContain('app/tables/notes.ts')
  expect(stdout).toContain('table "notes"')
})
