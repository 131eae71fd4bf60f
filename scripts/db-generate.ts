// `npm run db:generate`: writes the migration that leads from migrations/ to what app/ declares.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AppDefinition } from '../src/define'
import { createAll, engineSchema, expectedSchema, migrationFile, type DatabaseSchema } from '../src/migrations'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = `${root}migrations`

/** The schema that `app/index.ts` implies; the engine's alone while there is no app. */
async function declaredSchema(): Promise<DatabaseSchema> {
  if (!existsSync(`${root}app/index.ts`)) return engineSchema()
  const { default: app } = (await import(`${root}app/index.ts`)) as { default: AppDefinition }
  return expectedSchema(app)
}

const schema = await declaredSchema()
mkdirSync(`${folder}/meta`, { recursive: true })
writeFileSync(`${folder}/0000_init.sql`, migrationFile('Makes every table.', createAll(schema)))
writeFileSync(`${folder}/meta/snapshot.json`, `${JSON.stringify(schema, null, 2)}\n`)
console.log(`migrations/0000_init.sql: ${schema.tables.length} tables`)
