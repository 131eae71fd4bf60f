import { expect, test } from 'vitest'
import * as z from 'zod'
import { app, type AppDefinition } from './app'
import { buildModel, checkApp } from './build'
import { job, type JobDeclaration, type JobRules } from './job'

const payload = z.object({ id: z.string().optional() })
const declared = (rules: Partial<JobRules<typeof payload>> = {}, name = 'later') => job(name, { payload, ...rules }, () => undefined)
const appOf = (...jobs: JobDeclaration[]): AppDefinition => app({ name: 'Test', tables: [], jobs })
const problems = (...jobs: JobDeclaration[]) => checkApp(appOf(...jobs)).map(({ of, message }) => `${of}: ${message}`)

test('a job has defaults, in milliseconds', () => {
  const model = buildModel(appOf(declared())).jobs.get('later')
  expect(model).toMatchObject({ attempts: 8, leaseMs: 60_000, backoff: { firstMs: 5_000, mostMs: 3_600_000 }, cron: null, unique: null })
  expect(model?.retry(new Error('x'), 1)).toBe('retry')
})

test('bounds are those that can be kept', () => {
  expect(problems(declared({ attempts: 100, lease: 840, backoff: { first: 1, most: 7 * 86_400 } }))).toEqual([])
  for (const rules of [
    { attempts: 0 },
    { attempts: 101 },
    { lease: 841 },
    { lease: 0.5 },
    { backoff: { first: 0 } },
    { backoff: { most: 7 * 86_400 + 1 } },
  ])
    expect(problems(declared(rules)), JSON.stringify(rules)).toEqual([expect.stringContaining('Give a whole number from 1 to')])
})

test('a name is one that a log and an address can hold, and only one job has it', () => {
  expect(problems(declared({}, 'a-b_c1'))).toEqual([])
  for (const name of ['', '1a', 'A', 'a b', 'a"b', 'a'.repeat(64)])
    expect(problems(declared({}, name))[0]).toContain("can't be a job's name")
  expect(problems(declared(), declared())[0]).toContain('declared twice')
})

test('a cron is five parts that come some day, in a zone that there is, for a job that needs no payload', () => {
  expect(
    problems(declared({ cron: '*/15 9-17 * * 1-5' }), declared({ cron: { pattern: '0 0 29 2 *', zone: 'Asia/Kolkata' } }, 'leap')),
  ).toEqual([])
  for (const cron of ['* * * * * *', '@daily', '61 * * * *', '0 0 31 2 *', { pattern: '0 0 * * *', zone: 'Mars/Olympus' }])
    expect(problems(declared({ cron })), JSON.stringify(cron)).toHaveLength(1)
  const needy = job('needy', { payload: z.object({ id: z.string() }), cron: '0 0 * * *' }, () => undefined)
  expect(problems(needy)[0]).toContain('the payload {}')
})
