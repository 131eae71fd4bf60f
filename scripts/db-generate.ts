// `npm run db:generate`: writes the migration that leads from migrations/ to what app/ declares. Refuses to guess a rename and
// to drop data unasked. `-- --check` only says whether there is anything to write.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { migrationFile, parseRename, planMigration, type Intents } from '../src/migrations'
import { checkMigrations, declaredSchema, migrationFiles, PROJECT, readSnapshot, snapshotPath, type MigrationFolder } from './db-files'

export { checkMigrations } from './db-files'

/** Thrown with what the developer has to decide or repair. */
export class GenerateError extends Error {}

export interface Generated {
  /** Name of the file written; null when there was nothing to write. */
  readonly file: string | null
  readonly summary: readonly string[]
}

/** Writes the next migration and the snapshot. `title` becomes part of the file's name. Throws `GenerateError`. */
export async function generateMigration(folder: MigrationFolder, intents: Intents, title?: string): Promise<Generated> {
  const declared = await declaredSchema(folder)
  const plan = planMigration(readSnapshot(folder), declared, intents)
  if (plan.problems.length > 0) throw new GenerateError(plan.problems.join('\n'))
  if (plan.statements.length === 0) return { file: null, summary: [] }
  const number = 1 + Math.max(-1, ...migrationFiles(folder).map((name) => Number.parseInt(name, 10) || 0))
  const name = slug(title ?? (number === 0 ? 'init' : plan.summary[0]!))
  const file = `${String(number).padStart(4, '0')}_${name}.sql`
  mkdirSync(dirname(snapshotPath(folder)), { recursive: true })
  writeFileSync(join(folder.path, file), migrationFile(number === 0 ? 'Makes every table.' : plan.summary.join('; '), plan.statements))
  writeFileSync(snapshotPath(folder), `${JSON.stringify(declared, null, 1)}\n`)
  return { file, summary: plan.summary }
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 40)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      name: { type: 'string' },
      rename: { type: 'string', multiple: true, default: [] },
      drop: { type: 'string', multiple: true, default: [] },
    },
  })
  if (values.check) {
    const problems = await checkMigrations()
    if (problems.length === 0) console.log('app/ and migrations/ agree.')
    else console.error(`${problems.join('\n')}\nRun \`npm run db:generate\` and commit what it writes.`)
    return problems.length === 0 ? 0 : 1
  }
  const renames = values.rename.map((argument) => {
    const rename = parseRename(argument)
    if (!rename) throw new GenerateError(`--rename ${argument}: write table.column:new or table:new.`)
    return rename
  })
  const { file, summary } = await generateMigration(PROJECT, { renames, drops: values.drop }, values.name)
  if (file === null) console.log('Nothing to do: app/ and migrations/ agree.')
  else console.log([`migrations/${file}`, ...summary.map((line) => `  ${line}`), 'Read it, then `npm run db:migrate`.'].join('\n'))
  return 0
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return 1
  })
}
