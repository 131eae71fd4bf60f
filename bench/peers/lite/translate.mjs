// Prints, as one line of JSON, the tables of schema.sql and of @supabase/lite's own sign-in as it translates them for SQLite, and what its Worker has to
// know of them.
import { readFileSync } from 'node:fs'
import { getAuthSchemaSql, splitSqlStatements } from '@supabase/lite'
import { createConnection } from '@supabase/lite/sqlite'

const connection = await createConnection({ url: ':memory:' })
const own = await connection.translateDdl(getAuthSchemaSql(), { strict: true })
const schema = await connection.translateDdl(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'), { strict: true })
const ddl = [own, schema].flatMap((translated) => splitSqlStatements(translated.ddl))
process.stdout.write(`${JSON.stringify({ ddl, deparse: connection.constructor.serializeDeparseInfo(schema) })}\n`)
