// The folder migrations/: its files, the snapshot of the schema they lead to, and the database that they make.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AppDefinition } from '../src/define'
import {
  engineSchema,
  expectedSchema,
  planMigration,
  SCHEMA_QUERY,
  verifySchema,
  type DatabaseSchema,
  type SchemaRow,
} from '../src/migrations'

export interface MigrationFolder {
  /** Absolute path of the folder. */
  readonly path: string
  /** Absolute path of the module whose default export is the app; the engine's tables stand alone while it isn't there. */
  readonly app: string
}

const root = fileURLToPath(new URL('..', import.meta.url).href)

/** The project's own folder and app. */
export const PROJECT: MigrationFolder = { path: join(root, 'migrations'), app: join(root, 'app/index.ts') }

/** The schema that the app implies. Throws `ModelError` or `SchemaError` with every problem. */
export async function declaredSchema(folder: MigrationFolder = PROJECT): Promise<DatabaseSchema> {
  if (!existsSync(folder.app)) return engineSchema()
  const { default: app } = (await import(pathToFileURL(folder.app).href)) as { default: AppDefinition }
  return expectedSchema(app)
}

export function snapshotPath(folder: MigrationFolder): string {
  return join(folder.path, 'meta/snapshot.json')
}

/** The schema after the last migration; empty before the first. */
export function readSnapshot(folder: MigrationFolder): DatabaseSchema {
  const path = snapshotPath(folder)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DatabaseSchema) : { tables: [] }
}

/** File names in the order in which wrangler applies them. */
export function migrationFiles(folder: MigrationFolder): string[] {
  if (!existsSync(folder.path)) return []
  return readdirSync(folder.path)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
}

/** What an empty database holds after all migrations, run by Node's own SQLite. Throws what SQLite throws, with the file's name. */
export function replay(folder: MigrationFolder): SchemaRow[] {
  const db = new DatabaseSync(':memory:')
  try {
    for (const name of migrationFiles(folder)) {
      try {
        db.exec(`BEGIN;\n${readFileSync(join(folder.path, name), 'utf8')}\nCOMMIT;`)
      } catch (cause) {
        throw new Error(`migrations/${name} fails on an empty database: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        })
      }
    }
    return db.prepare(SCHEMA_QUERY).all() as unknown as SchemaRow[]
  } finally {
    db.close()
  }
}

/** Why `app/` and `migrations/` disagree, one line each; empty when they agree. */
export async function checkMigrations(folder: MigrationFolder = PROJECT): Promise<string[]> {
  const declared = await declaredSchema(folder)
  const plan = planMigration(readSnapshot(folder), declared)
  if (plan.summary.length + plan.problems.length + plan.statements.length > 0) {
    return [...plan.summary, ...plan.problems].map((line) => `not in migrations/ yet: ${line}`)
  }
  return verifySchema(replay(folder), declared).map(({ message }) => `migrations/ lead elsewhere than app/: ${message}`)
}
