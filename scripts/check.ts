// `npm run check`: everything that CI asks short of tests. A line a step; what a failing one said follows. `-- lint types` runs those only.
import { join } from 'node:path'
import { appAdvice, appProblems } from './app-check'
import { checkMigrations } from './db-files'
import { runQuietly, type Outcome } from './outcome'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)

/** `advice` fails nothing. */
type Step = () => Promise<Outcome & { readonly advice?: readonly string[] }>

const command =
  (name: string, ...args: string[]): Step =>
  () =>
    runQuietly(bin(name), args, root)

/** Each asks files only, so that they can run in any order. The longest come first. */
export const STEPS: Readonly<Record<string, Step>> = {
  lint: command('oxlint', '--deny-warnings'),
  'types of the Worker': command('tsc', '-p', 'tsconfig.json'),
  'types of scripts and tests': command('tsc', '-p', 'tsconfig.node.json'),
  'unused code': command('knip', '--no-progress'),
  format: command('oxfmt', '--check', '.'),
  app: async () => ({ ...(await problemsOf(appProblems)), advice: await appAdvice() }),
  migrations: () =>
    problemsOf(async () => {
      const problems = await checkMigrations()
      return problems.length > 0 ? [...problems, 'Run `npm run db:generate` and commit what it writes.'] : []
    }),
}

async function problemsOf(find: () => Promise<string[]>): Promise<Outcome> {
  const started = Date.now()
  const problems = await find().catch((error: unknown) => [error instanceof Error ? error.message : String(error)])
  return { ok: problems.length === 0, output: problems.join('\n'), ms: Date.now() - started }
}

/** Runs the steps, two at a time; how many passed and failed. */
export async function check(names: readonly string[] = Object.keys(STEPS)): Promise<{ passed: number; failed: number }> {
  const queue = [...names]
  let failed = 0
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const { ok, output, ms, advice = [] } = await STEPS[name]!()
      if (!ok) failed++
      console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${(ms / 1000).toFixed(1)} s)`)
      if (!ok) console.log(output.trim().replaceAll(/^/gm, '       '))
      for (const line of advice) console.log(`       warning: ${line}`)
    }
  }
  await Promise.all([worker(), worker()])
  return { passed: names.length - failed, failed }
}

if (import.meta.main) {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((word) => !Object.keys(STEPS).some((name) => name.startsWith(word)))
  if (unknown.length > 0) {
    console.error(`No step is called ${unknown.join(', ')}. There are: ${Object.keys(STEPS).join(', ')}.`)
    process.exitCode = 1
  } else {
    const names = Object.keys(STEPS).filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)))
    process.exitCode = (await check(names)).failed > 0 ? 1 : 0
  }
}
