// Whether the app of this checkout can be built and its database is the one that it implies. Reads files only; starts no Worker.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { adviseApp, checkApp, type AppDefinition, type Problem } from '../src/define'
import { SCHEMA_QUERY, verifySchema, type SchemaRow } from '../src/migrations'
import { declaredSchema } from './db-files'
import { databaseFiles } from './local-database'

const root = join(import.meta.dirname, '..')

/** The app that `app/index.ts` exports. Throws with the file's name when it can't be loaded. */
export async function loadApp(path = join(root, 'app/index.ts')): Promise<AppDefinition> {
  let module: { default?: AppDefinition }
  try {
    module = (await import(path)) as { default?: AppDefinition }
  } catch (cause) {
    throw new Error(`app/index.ts can't be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (!module.default || !Array.isArray(module.default.tables)) {
    throw new Error('app/index.ts has to `export default app({ name, tables })`.')
  }
  return module.default
}

/** Everything wrong with the declaration, a line each: file, table, and what to do. */
export async function appProblems(path?: string): Promise<string[]> {
  try {
    return checkApp(await loadApp(path)).map(describeProblem)
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** What is allowed and will be slow, a line each. Empty when the app has problems. */
export async function appAdvice(path?: string): Promise<string[]> {
  try {
    return adviseApp(await loadApp(path)).map(describeProblem)
  } catch {
    return []
  }
}

/** One line: `app/tables/trips.ts: table "trips": …`. */
export function describeProblem({ file, table, of, message }: Problem): string {
  return `${file ?? 'app/index.ts'}: ${of ?? 'table'} "${table}": ${message}`
}

/** In what the local databases differ from what the app implies: tables, columns, indexes, triggers. A line each. */
export async function localSchemaProblems(persistTo: string): Promise<string[]> {
  const declared = await declaredSchema()
  return databaseFiles(persistTo).flatMap((path) => {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      return verifySchema(db.prepare(SCHEMA_QUERY).all() as unknown as SchemaRow[], declared).map(({ message }) => message)
    } finally {
      db.close()
    }
  })
}
