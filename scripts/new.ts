// `npm run new`: takes the demo app away and begins yours, with one table. Migrations start over and the local data go.
// Refuses to touch what git couldn't bring back.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { confirm } from './ask'
import { statePath } from './local-database'
import { runningUrl } from './running'

const root = join(import.meta.dirname, '..')

/** What is replaced: the declaration and the database that it led to. */
const REPLACED = ['app', 'migrations']
/** Where the demo app goes: the engine's tests go on asking it. */
const TEST_APP = 'tests/apps/trailhead'
/** What drives the whole Worker with the demo app in it, and means nothing without. */
const DEMO_ONLY = [
  'scripts/demo.ts',
  'tests/apps/harbour',
  'tests/browser',
  'tests/clients',
  'tests/tools/dev.test.ts',
  'tests/tools/new.test.ts',
]

/** Why it must not be done now; null when it may. */
function objection(): string | null {
  const running = runningUrl()
  if (running) return `The development server is running at ${running}. Stop it first.`
  const { status, stdout } = spawnSync('git', ['status', '--porcelain', '--', ...REPLACED], { cwd: root, encoding: 'utf8' })
  if (status !== 0)
    return 'This is not a git checkout, so nothing could bring app/ and migrations/ back. `-- --force` replaces them all the same.'
  if (stdout.trim() !== '') {
    return `These changes are not committed and would be lost:\n${stdout.trimEnd()}\nCommit them, or say \`-- --force\`.`
  }
  return null
}

function replaceApp(): void {
  for (const path of DEMO_ONLY) rmSync(join(root, path), { recursive: true, force: true })
  if (!existsSync(join(root, TEST_APP))) keepForTests()
  for (const path of REPLACED) rmSync(join(root, path), { recursive: true, force: true })
  cpSync(join(root, 'scripts/starter'), join(root, 'app'), { recursive: true })
  // By line, so that the rest of the file stays as somebody laid it out.
  edit('package.json', (text) => text.replace(/^ *"demo": .*\n/m, ''))
}

/** Moves the demo app to the tests' apps, and the tests with it. */
function keepForTests(): void {
  cpSync(join(root, 'app'), join(root, TEST_APP), { recursive: true })
  cpSync(join(root, 'migrations'), join(root, TEST_APP, 'migrations'), { recursive: true })
  const files = ['tests', 'bench', 'src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  const ours = files.filter((name) => !name.includes('node_modules') && name.endsWith(name.startsWith('src') ? '.test.ts' : '.ts'))
  for (const file of ours) {
    const target = relative(dirname(file), TEST_APP)
    edit(file, (text) => text.replaceAll(/'(?:\.\.\/)+app(\/[^']*)?'/g, (_, rest: string | undefined) => `'${target}${rest ?? ''}'`))
  }
  edit('vitest.config.ts', (text) => text.replace("'./migrations'", `'./${TEST_APP}/migrations'`))
  edit('tests/support/worker.ts', (text) =>
    text.replace(
      /^export \{(.*?)\s*\bdefault\b,?(.*?)\} from '\.\.\/\.\.\/src\/index'$/m,
      "import { createBackend } from '../../src/backend'\nimport trailhead from '../apps/trailhead'\n\n" +
        "export {$1$2} from '../../src/index'\nexport default createBackend(trailhead)",
    ),
  )
}

function edit(file: string, change: (text: string) => string): void {
  const path = join(root, file)
  if (!existsSync(path)) return
  const before = readFileSync(path, 'utf8')
  const after = change(before)
  if (after !== before) writeFileSync(path, after)
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false }, force: { type: 'boolean', default: false } } })
  const refusal = objection()
  if (refusal !== null && (!values.force || refusal.startsWith('The development server'))) {
    console.error(refusal)
    return 1
  }
  const state = process.env.PERIGEE_STATE ? statePath() : '.wrangler/state'
  const question = `This replaces app/ by a starter of one table, begins migrations/ anew, and deletes the local data in ${state}.`
  if (!values.yes && !(await confirm(question))) return 1
  replaceApp()
  rmSync(statePath(), { recursive: true, force: true })
  // A process of its own: this one may have loaded the old app.
  const generate = spawnSync(process.execPath, ['--import', './scripts/register.mjs', 'scripts/db-generate.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (generate.status !== 0) {
    console.error(`The first migration could not be written.\n${generate.stdout}${generate.stderr}`)
    return 1
  }
  const gone = DEMO_ONLY.filter((path) => !existsSync(join(root, path)))
  console.log(
    [
      'Your app stands in app/: index.ts and tables/notes.ts.',
      `The demo app moved to ${TEST_APP}, where the engine's tests use it. Gone with it: ${gone.join(', ')}.`,
      '',
      '  npm run dev           starts it',
      '  npm run db:generate   writes a migration after you changed a table',
      '  npm run check         says whether all fits together',
    ].join('\n'),
  )
  return 0
}

process.exitCode = await main()
