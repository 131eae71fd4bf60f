// `npm run db:reindex`: fills every full-text index from its table and checks it, in the local database, or with `-- --remote` in the one
// in your account. After a restore, which brings the rows alone, and whenever somebody wrote past the triggers.
import { parseArgs } from 'node:util'
import { buildModel } from '../src/define'
import { reindexAll } from '../src/query'
import { loadApp } from './app-check'
import { query, stores, type MigrateOptions } from './db-migrate'

/** Reindexes every store; how many indexes there are. Throws `MigrateError`. */
export async function reindexStores(options: MigrateOptions = {}): Promise<number> {
  const say = options.say ?? console.log
  const indexes = reindexAll(buildModel(await loadApp()))
  if (indexes.length === 0) say('No table is searchable: there is nothing to index.')
  for (const binding of stores(options)) {
    for (const { index, table, statements } of indexes) {
      query(binding, statements.join('; '), options)
      say(`${binding}: ${index} holds what ${table} does.`)
    }
  }
  return indexes.length
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { remote: { type: 'boolean', default: false }, 'persist-to': { type: 'string' } } })
  await reindexStores({ remote: values.remote, ...(values['persist-to'] ? { persistTo: values['persist-to'] } : {}) }).catch(
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 1
    },
  )
}
