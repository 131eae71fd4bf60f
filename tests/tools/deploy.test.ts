// `npm run deploy` against an account that the test plays: what it says first, what it makes, and the key that it never replaces.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { deriveApiKeys } from '../../src/platform/keys'
import { makeCheckout, type Checkout, type Ran } from './checkout'
import { startCloudflare, type FakeCloudflare } from './cloudflare'

// Each run of wrangler is a process of its own, and CI's machines are slow.
vi.setConfig({ testTimeout: 240_000 })

let checkout: Checkout
let cloudflare: FakeCloudflare
beforeAll(async () => {
  checkout = makeCheckout()
  cloudflare = await startCloudflare()
})
afterAll(async () => {
  checkout.remove()
  await cloudflare.close()
})

const deploy = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  checkout.run('npm', ['run', '--silent', 'deploy', '--', ...args], { ...cloudflare.env, ...env })

const writes = () => cloudflare.requests.filter((request) => !request.startsWith('GET '))

test('without a login it says how to log in; without a yes it says what it would make and changes nothing', async () => {
  const stranger = await deploy(['--yes'], { CLOUDFLARE_API_TOKEN: 'not-the-token' })
  expect(stranger.status).toBe(1)
  expect(stranger.stderr).toContain('npx wrangler login')

  const unasked = await deploy([])
  expect(unasked.status).toBe(1)
  expect(unasked.stdout).toContain('to create  D1 database "perigee"')
  expect(unasked.stdout).toContain('5 US$ a month')
  expect(unasked.stdout).toContain('140 ms of CPU')
  expect(writes()).toEqual([])
  expect(cloudflare.databases.size).toBe(0)
})

test('it creates, migrates and uploads with a root key of its own, and prints the keys that derive from it', async () => {
  const { status, stdout, stderr } = await deploy(['--yes'])
  expect(stderr).not.toContain('does not know')
  expect(status).toBe(0)

  const [database] = cloudflare.databases.keys()
  const [namespace] = cloudflare.namespaces.keys()
  const { metadata, modules } = cloudflare.uploads.at(-1)!
  expect(modules).toContain(metadata.main_module)
  expect(metadata.bindings).toContainEqual({ type: 'd1', name: 'DB', id: database })
  expect(metadata.bindings).toContainEqual({ type: 'kv_namespace', name: 'KV', namespace_id: namespace })
  expect(metadata.bindings.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['RATE_LIMITER', 'ALARM', 'JOBS', 'MEDIA', 'FLOOD', 'ASSETS']),
  )
  expect(metadata.bindings.map(({ name }) => name)).not.toContain('PERIGEE_ENV')

  expect([...cloudflare.buckets]).toEqual(['perigee-media'])
  expect([...cloudflare.queues.values()].map(({ queue_name, consumers }) => [queue_name, consumers.length])).toEqual([['perigee-jobs', 1]])

  const tables = await cloudflare.query('perigee', "SELECT name FROM sqlite_master WHERE type = 'table'")
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['auth_users', 'sys_changes', 'd1_migrations']))

  const rootKey = cloudflare.secrets.get('PERIGEE_ROOT_KEY')!
  const keys = await deriveApiKeys(rootKey)
  expect(stdout).toContain(keys.publishableKey)
  expect(stdout).toContain('https://perigee.test-account.workers.dev')
  expect(stdout).not.toContain(rootKey)
  expect(statSync(join(checkout.path, '.perigee/deployed.vars')).mode & 0o777).toBe(0o600)

  const printed = await checkout.run('npm', ['run', '--silent', 'keys', '--', '--deployed', '--json'])
  expect(JSON.parse(printed.stdout)).toEqual({ url: 'https://perigee.test-account.workers.dev', ...keys })

  // The ids stay out of the file from which local data get their place, and nothing that was made is to be committed.
  expect(readFileSync(join(checkout.path, 'wrangler.toml'), 'utf8')).not.toContain(database)
  const { stdout: changed } = await checkout.run('git', ['status', '--porcelain', '--', '.', ':!node_modules'])
  expect(changed).toBe('')
})

test('it refuses to make a new root key for a database that holds people; given the old one it makes nothing twice', async () => {
  const old = cloudflare.secrets.get('PERIGEE_ROOT_KEY')!
  await cloudflare.query(
    'perigee',
    "INSERT INTO auth_users (id, email, created_at, updated_at) VALUES ('0191aa00-0000-7000-8000-000000000001', 'a@example.com', 1, 1)",
  )
  cloudflare.secrets.delete('PERIGEE_ROOT_KEY')
  const before = writes()
  const refused = await deploy(['--yes'])
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('holds data')
  expect(refused.stdout).toContain('is there   D1 database "perigee"')
  expect(
    writes()
      .slice(before.length)
      .filter((request) => !request.endsWith('/query')),
  ).toEqual([])

  const given = await deploy(['--yes'], { PERIGEE_ROOT_KEY: old })
  expect(given.status).toBe(0)
  expect(cloudflare.secrets.get('PERIGEE_ROOT_KEY')).toBe(old)
  const made = writes()
    .slice(before.length)
    .filter((request) => /^POST .*(?:d1\/database|kv\/namespaces|queues|r2\/buckets)$/.test(request))
  expect(made).toEqual([])
})

test('a Worker that has a root key keeps it: the upload sends none', async () => {
  const uploads = cloudflare.uploads.length
  const { status, stdout } = await deploy(['--yes'])
  expect(status).toBe(0)
  expect(stdout).toContain('is there   secret PERIGEE_ROOT_KEY')
  expect(cloudflare.uploads.length).toBe(uploads + 1)
  expect(cloudflare.uploads.at(-1)!.metadata.bindings.filter(({ name }) => name === 'PERIGEE_ROOT_KEY')).toEqual([])
})

test('with sign-in bound as a Worker of its own, that one is uploaded first, over the same database and with the same root key', async () => {
  const config = join(checkout.path, 'wrangler.toml')
  const bound = '\n[[services]]\nbinding = "AUTHENTICATION"\nservice = "perigee-sign-in"\nentrypoint = "Authentication"\n'
  writeFileSync(config, readFileSync(config, 'utf8') + bound)
  const before = cloudflare.uploads.length
  const { status, stdout, stderr } = await deploy(['--yes'])
  expect(stderr).not.toContain('does not know')
  expect(status).toBe(0)
  expect(stdout).toContain('to create  Worker "perigee-sign-in", in which sign-in runs')

  const [signIn, main] = cloudflare.uploads.slice(before)
  expect([signIn?.worker, main?.worker]).toEqual(['perigee-sign-in', 'perigee'])
  const [database] = cloudflare.databases.keys()
  expect(signIn!.metadata.bindings).toContainEqual({ type: 'd1', name: 'DB', id: database })
  expect(signIn!.metadata.bindings.map(({ name }) => name).toSorted()).toEqual(['DB', 'JOBS', 'KV', 'PERIGEE_ROOT_KEY'])
  expect(main!.metadata.bindings).toContainEqual({
    type: 'service',
    name: 'AUTHENTICATION',
    service: 'perigee-sign-in',
    entrypoint: 'Authentication',
  })
  expect(cloudflare.secretsOf('perigee-sign-in').get('PERIGEE_ROOT_KEY')).toBe(cloudflare.secrets.get('PERIGEE_ROOT_KEY'))
})
