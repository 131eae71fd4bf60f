// `npm run doctor`: what it finds here, and what it learns from a D1 in the account; the scratch database must be gone afterwards.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AFTERWARDS, PROBES } from '../../scripts/probes'
import { makeCheckout, type Checkout } from './checkout'
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

test('it says what is missing here and what to do, and finds nothing else wrong', async () => {
  writeFileSync(join(checkout.path, '.dev.vars'), 'PERIGEE_ROOT_KEY=tooshort\n', { mode: 0o644 })
  const { status, stdout } = await checkout.run('npm', ['run', '--silent', 'doctor'])
  expect(status).toBe(1)
  for (const healthy of ['Node', 'packages', 'app', 'migrations']) expect(stdout).toContain(`ok     ${healthy}`)
  expect(stdout).toContain('WRONG  secrets')
  expect(stdout).toContain('chmod 600 .dev.vars')
  expect(stdout).toContain('32 bytes')
  expect(stdout).toContain('WRONG  local database')
  expect(stdout).toContain('2 to look at')
})

test('--remote probes a scratch database, leaves the others alone and deletes it', async () => {
  const kept = cloudflare.addDatabase('somebody-elses')
  const { status, stdout, stderr } = await checkout.run('npm', ['run', '--silent', 'doctor', '--', '--remote'], cloudflare.env)
  expect(stderr).toBe('')
  expect(stdout).not.toContain('WRONG')
  expect(stdout).toContain('ok     a raised text arrives whole')
  expect(stdout).toContain('ok     a full-text index follows its table')
  expect(stdout).toContain('ok     nothing of a refused batch stayed')
  // What workerd allows, which runs the statements here.
  expect(stdout).toContain('arguments of a function: 127')
  expect(stdout).toContain('terms of a compound: 5, not more')
  expect(status).toBe(0)
  expect([...cloudflare.databases.keys()]).toEqual([kept])
  expect(cloudflare.requests.filter((request) => request.includes(kept))).toEqual([])
})

test('a D1 that refuses even tables is an error, and the scratch database goes all the same', async () => {
  cloudflare.refuse = (sql) => (/CREATE TABLE/.test(sql) ? 'not authorized' : null)
  const { status, stderr } = await checkout.run('npm', ['run', '--silent', 'doctor', '--', '--remote'], cloudflare.env)
  cloudflare.refuse = () => null
  expect(status).toBe(1)
  expect(stderr).toContain('not authorized')
  expect([...cloudflare.databases.values()].filter(({ name }) => name.startsWith('perigee-doctor'))).toEqual([])
})

test('no probe takes an unexpected refusal, or an empty answer, for health', () => {
  for (const probe of [...PROBES, AFTERWARDS]) {
    expect(probe.judge({ ok: false, error: 'not authorized: SQLITE_AUTH [code: 7500]' }).ok, probe.name).toBe(false)
    expect(probe.judge({ ok: true, results: [[]] }).ok, probe.name).toBe(false)
  }
})
