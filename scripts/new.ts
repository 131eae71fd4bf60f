// `npm run new`: takes the demo app away and begins yours, with one table. Migrations start over and the local data go.
// Refuses to touch what git couldn't bring back.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { confirm } from './ask'
import { statePath } from './local-database'
import { runningUrl } from './running'

const root = join(import.meta.dirname, '..')

/** What is replaced: the declaration and the database that it led to. */
const REPLACED = ['app', 'migrations']
/** Files that know the demo app's tables and mean nothing without them. */
const DEMO_ONLY = ['scripts/demo.ts', 'tests/browser', 'tests/demo']

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
  for (const path of [...REPLACED, ...DEMO_ONLY]) rmSync(join(root, path), { recursive: true, force: true })
  cpSync(join(root, 'scripts/starter'), join(root, 'app'), { recursive: true })
  // By line, so that the rest of the file stays as somebody laid it out.
  const path = join(root, 'package.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^ *"demo": .*\n/m, ''))
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false }, force: { type: 'boolean', default: false } } })
  const refusal = objection()
  if (refusal !== null && (!values.force || refusal.startsWith('The development server'))) {
    console.error(refusal)
    return 1
  }
  const question = 'This replaces app/ by a starter of one table, begins migrations/ anew, and deletes the local data in .wrangler/state.'
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
      `Gone with the demo: ${gone.join(', ')}.`,
      '',
      '  npm run dev           starts it',
      '  npm run db:generate   writes a migration after you changed a table',
      '  npm run check         says whether all fits together',
    ].join('\n'),
  )
  return 0
}

process.exitCode = await main()
