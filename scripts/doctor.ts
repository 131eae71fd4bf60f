// `npm run doctor`: whether this checkout can work, and what to do if not. `-- --remote` asks Cloudflare's own D1 what could only be tried
// on the local one; it makes a scratch database for that and deletes it. Touches no other database.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deriveApiKeys } from '../src/platform/keys'
import { AccountError, createDatabase, deleteDatabase, execute, whoami, type Answer } from './account'
import { appProblems, localSchemaProblems } from './app-check'
import { checkMigrations } from './db-files'
import { databaseFiles, statePath } from './local-database'
import { AFTERWARDS, LIMITS, PROBES, PROBE_SCHEMA, type Probe } from './probes'
import { isSealedElsewhere, SEALED_ELSEWHERE } from './sealed'
import { readSecrets } from './secrets'

const root = join(import.meta.dirname, '..')

interface Check {
  readonly name: string
  /** What is wrong, a line each; a list with nothing in it is health. */
  find(): Promise<readonly string[]> | readonly string[]
}

const LOCAL: readonly Check[] = [
  {
    name: 'Node',
    find: () => {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
      return major > 22 || (major === 22 && minor >= 12)
        ? []
        : [`Node ${process.versions.node} runs this; wrangler wants 22.12. Start it with \`npm run doctor\`.`]
    },
  },
  {
    name: 'packages',
    find: () => {
      const { devDependencies, dependencies } = readJson('package.json') as {
        devDependencies: Record<string, string>
        dependencies: Record<string, string>
      }
      return Object.entries({ ...dependencies, ...devDependencies }).flatMap(([name, version]) => {
        const path = `node_modules/${name}/package.json`
        const installed = existsSync(join(root, path)) ? (readJson(path) as { version: string }).version : 'nothing'
        return installed === version ? [] : [`${name} should be ${version}, ${installed} is installed. Run \`npm ci\`.`]
      })
    },
  },
  { name: 'app', find: () => appProblems() },
  {
    name: 'migrations',
    find: async () => (await checkMigrations()).map((line) => `${line}. Run \`npm run db:generate\`.`),
  },
  {
    name: 'secrets',
    find: async () => {
      const path = join(root, '.dev.vars')
      if (!existsSync(path)) return ['.dev.vars is missing. `npm run dev` makes it.']
      const problems: string[] = []
      if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
        problems.push('Others on this machine may read .dev.vars. Run `chmod 600 .dev.vars`.')
      await deriveApiKeys(readSecrets(root).PERIGEE_ROOT_KEY ?? '').catch((error: Error) => problems.push(error.message))
      if (await isSealedElsewhere(readSecrets(root).PERIGEE_ROOT_KEY, statePath())) problems.push(SEALED_ELSEWHERE)
      return problems
    },
  },
  {
    name: 'local database',
    find: async () => {
      if (databaseFiles(statePath()).length === 0) return ['There is none yet. `npm run dev` makes it.']
      return (await localSchemaProblems(statePath())).map((line) => `${line} Run \`npm run db:migrate\`.`)
    },
  },
]

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'))
}

function report(ok: boolean, name: string, lines: readonly string[] = []): void {
  console.log(`${ok ? 'ok    ' : 'WRONG '} ${name}`)
  for (const line of lines) console.log(`       ${line}`)
}

/** Prints each check; how many found something. */
async function examine(): Promise<number> {
  let wrong = 0
  for (const { name, find } of LOCAL) {
    let problems: readonly string[]
    try {
      problems = await find()
    } catch (error) {
      problems = [error instanceof Error ? error.message : String(error)]
    }
    if (problems.length > 0) wrong++
    report(problems.length === 0, name, problems)
  }
  return wrong
}

/** Runs the probes in a database that exists only meanwhile; how many were not as the engine needs it. */
async function probe(): Promise<number> {
  if ((await whoami()) === null) throw new AccountError('Nobody is logged in to Cloudflare. Run `npx wrangler login`, then this again.')
  const name = `perigee-doctor-${randomBytes(4).toString('hex')}`
  console.log(`Probing the scratch database ${name}. If this is interrupted: npx wrangler d1 delete ${name}`)
  await createDatabase(name)
  try {
    const made = await execute(name, PROBE_SCHEMA)
    if (!made.ok) throw new AccountError(`The probes' own tables could not be made: ${made.error}`)
    const findings = await inTurns(PROBES, async (one) => judge(one, await execute(name, one.sql)))
    const limits = await inTurns(LIMITS, async (limit) => {
      let most = `${limit.needed}, not more`
      for (const size of limit.steps) {
        const answer = await execute(name, limit.sql(size))
        if (!answer.ok) break
        most = size.toLocaleString('en')
      }
      return `${limit.name}: ${most} (needed: ${limit.needed})`
    })
    findings.push(judge(AFTERWARDS, await execute(name, AFTERWARDS.sql)))
    console.log(`\nLimits found, by trying:\n  ${limits.join('\n  ')}`)
    return findings.filter((ok) => !ok).length
  } finally {
    await deleteDatabase(name)
    console.log(`\nThe scratch database ${name} is deleted.`)
  }
}

function judge(one: Probe, answer: Answer): boolean {
  const { ok, found } = one.judge(answer)
  report(ok, one.name, ok ? [] : [`found: ${found}`, one.otherwise])
  return ok
}

/** Four at a time: each is a process of its own. Results in order. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.map((item, index) => ({ item, index }))
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next.index] = await work(next.item)
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return results
}

const { values } = parseArgs({ options: { remote: { type: 'boolean', default: false } } })
try {
  const wrong = values.remote ? await probe() : await examine()
  console.log(wrong === 0 ? '\nAll well.' : `\n${wrong} to look at.`)
  process.exitCode = wrong === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof AccountError ? error.message : error)
  process.exitCode = 1
}
