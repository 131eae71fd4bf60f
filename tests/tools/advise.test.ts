// `npm run advise` on an app without an index: it names those that are missing, the rows read fall, and where nothing helps it says so.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { advise, type Asked, type Outcome } from '../../scripts/advise/advice'
import { describeAdvice } from '../../scripts/advise/report'
import { buildModel } from '../../src/define'
import { planRequest } from '../../src/rest'
import { run } from './checkout'
import unindexed from '../apps/unindexed'

const root = join(import.meta.dirname, '../..')
const model = buildModel(unindexed)

function asked(address: string, more: Partial<Asked> & { method?: string } = {}): Asked {
  const { method = 'GET', ...rest } = more
  const { pathname, search } = new URL(address, 'http://localhost')
  const body = method === 'PATCH' ? new TextEncoder().encode('{"topic":"x"}') : null
  const header = (name: string) => (name === 'content-type' && body ? 'application/json' : null)
  const { query } = planRequest(model, { method, table: pathname.slice(1), search: search.slice(1), header, body })
  return { query, role: 'authenticated', count: 1, ...rest }
}

let folder: string
let outcome: Outcome
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-advise-'))
  outcome = await advise(
    unindexed,
    [
      asked('/notes?select=topic&order=created_at.desc&limit=20'),
      asked('/folders?select=name,notes(topic)&limit=10', { count: 5 }),
      asked('/notes?topic=eq.hills', { method: 'PATCH', role: 'service_role' }),
      asked('/folders?id=eq.x'),
      // Half of everything: no index makes that less.
      asked('/folders?select=name&order=id&limit=1000', { role: 'anon' }),
      asked('/notes?select=topic&order=created_at.desc&limit=20&cursor='),
    ],
    { rows: 5000 },
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the list gets an index for each reason to be read, in its order; the embed one for its key; the write one for its filter', () => {
  expect(outcome.advice.map(({ table, columns }) => `${table}(${columns.join()})`).toSorted()).toEqual([
    'members(user_id)',
    'notes(author_id,created_at)',
    'notes(folder_id)',
    'notes(topic)',
  ])
  expect(outcome.advice.find(({ columns }) => columns.length === 2)).toEqual({
    table: 'notes',
    name: 'notes_author_id_created_at',
    columns: ['author_id', 'created_at'],
    properties: ['authorId', 'createdAt'],
  })
})

test('pages by cursor are measured like others', () => {
  expect(outcome.measured).toHaveLength(6)
})

test('each dear question reads far fewer rows with them, and a cheap one as many as before', () => {
  const costs = outcome.measured.map(({ before, after }) => [before, after] as const)
  const dear = costs.filter(([before]) => before > 5000)
  expect(dear).toHaveLength(4)
  for (const [before, after] of dear) expect(after).toBeLessThan(before / 20)
  const key = outcome.measured.find(({ query }) => JSON.stringify(query).includes('"eq"') && JSON.stringify(query).includes('folders'))
  expect(key).toMatchObject({ before: key?.after })
  expect(key?.before).toBeLessThan(10)
})

test('the command prints them as Drizzle code with the rows read', async () => {
  const requests = join(folder, 'requests.txt')
  writeFileSync(requests, '/rest/v1/notes?topic=eq.hills&select=id\n\n')
  const args = ['--app', join(root, 'tests/apps/unindexed/index.ts'), '--requests', requests, '--rows', '2000']
  const { status, stdout, stderr } = await run('npm', ['run', '--silent', 'advise', '--', ...args], root)
  expect(stderr).toContain('2,000 rows')
  expect(stdout).toContain('Add to "notes" in tests/apps/unindexed/index.ts')
  expect(stdout).toContain("  index('notes_topic').on(t.topic),\n")
  expect(stdout).toMatch(/\n {2}4,\d{3} → \d\d? {2}read notes where topic eq … {2}\(authenticated, asked 1 time\)\n$/)
  expect(status).toBe(0)
})

test('where nothing helps, or nothing was asked, it says so', async () => {
  const idle = outcome.measured.filter(({ before, after }) => before === after)
  expect(describeAdvice(model, { advice: [], measured: idle }, 5000)).toBe(
    `Nothing to add: no index makes any of ${idle.length} kinds of question read fewer rows.`,
  )
  const nothing = await advise(unindexed, [], { rows: 5000 })
  expect(describeAdvice(model, nothing, 5000)).toBe('No question was asked that reads rows.')
})
