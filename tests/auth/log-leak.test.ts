// Nothing that opens a door, and nobody's address or number, is in the log, in an audit entry or in what operators see of jobs, whatever was called.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Env } from '../../src/platform'
import lodge from '../apps/lodge'
import { serve, sql } from '../support/backend'
import { endpoints } from './endpoints'
import { live, type Life } from './whole-life'

const lines: string[] = []
let life: Life

beforeAll(async () => {
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation(
      (...args: unknown[]) => void lines.push(args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ')),
    )
  life = await live(env as unknown as Env)
}, 120_000)

afterAll(() => {
  vi.restoreAllMocks()
})

/** The secrets that a text holds; a code of digits only where no other digit stands beside it. */
function found(text: string): string[] {
  const holds = (secret: string) => (/^\d+$/.test(secret) ? new RegExp(`(?<![\\d.])${secret}(?!\\d)`).test(text) : text.includes(secret))
  return [...life.secrets].filter(([, secret]) => holds(secret) || holds(encodeURIComponent(secret))).map(([name]) => name)
}

test('every address of sign-in was called', () => {
  expect(endpoints.map(({ method, path }) => `${method} ${path}`).filter((name) => !life.called.has(name))).toEqual([])
})

test('the log holds a line for every request and none of the secrets', () => {
  expect(lines.filter((line) => line.includes('"event":"request"')).length).toBeGreaterThan(60)
  expect(lines.flatMap((line) => found(line).map((name) => [name, line]))).toEqual([])
})

test('what was refused is told without them', () => {
  expect(life.refusals.length).toBeGreaterThan(10)
  expect(life.refusals.flatMap((text) => found(text).map((name) => [name, text]))).toEqual([])
})

test('audit entries hold none', async () => {
  const entries = await sql('SELECT * FROM auth_audit')
  expect(entries.length).toBeGreaterThan(10)
  expect(found(JSON.stringify(entries))).toEqual([])
})

test('jobs hold none, neither as they are kept nor as they are shown', async () => {
  const kept = await sql('SELECT * FROM sys_jobs')
  expect(kept.length).toBeGreaterThan(5)
  expect(found(JSON.stringify(kept))).toEqual([])
  const { service } = serve(lodge)
  const shown = await service('/api/v1/admin/jobs?limit=100')
  expect(shown.status, shown.text).toBe(200)
  expect(found(shown.text)).toEqual([])
  for (const { id } of kept) expect(found((await service(`/api/v1/admin/jobs/${String(id)}`)).text)).toEqual([])
})

test('no table holds what opens a door as it was sent', async () => {
  const tables = await sql("SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'auth%' OR name LIKE 'sys%')")
  // What a person is called by, what an operator gave, and what only names a row.
  const open = /^(?:address|new address|number|hash of a password|state|challenge of a passkey)/
  for (const { name } of tables) {
    const text = JSON.stringify(await sql(`SELECT * FROM "${String(name)}"`))
    expect([name, found(text).filter((secret) => !open.test(secret.replace(/ \d+$/, '')))]).toEqual([name, []])
  }
})
