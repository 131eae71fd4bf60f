// Fills full-text indexes from their tables and asks whether they agree: after a restore, which brings the rows alone.
import { searchIndexName, type Model } from '../define'
import { identifier, render, sql } from './sql'

/** An index by its name, and what makes it whole again: SQLite's error comes from the last when it still isn't. */
export interface Reindex {
  readonly index: string
  readonly table: string
  readonly statements: readonly string[]
}

/** One a searchable table and language. Each may run alone, and again. */
export function reindexAll(model: Model): Reindex[] {
  return [...model.tables.values()].flatMap((table) =>
    (table.search?.languages ?? []).map((language): Reindex => {
      const index = searchIndexName(table.name, language)
      const name = identifier(index)
      const statements = [
        sql`insert into ${name} (${name}) values ('rebuild')`,
        // With a rank, the index is compared with the table and not only with itself.
        sql`insert into ${name} (${name}, \`rank\`) values ('integrity-check', 1)`,
      ]
      return { index, table: table.name, statements: statements.map((statement) => render(statement).sql) }
    }),
  )
}
