// What is allowed in a declaration and yet will be slow. Nothing here keeps an app from being built.
import type { AppDefinition } from './app'
import { buildModel } from './build'
import { getTableName } from './drizzle'
import type { Problem, TableModel } from './model'

/**
 * Foreign keys of served tables whose rows no index finds: embedding the table, and deleting or renumbering what it refers to, scan all of
 * it. Throws `ModelError` where the app can't be built.
 */
export function adviseApp(app: AppDefinition): readonly Problem[] {
  const { tables } = buildModel(app)
  return app.tables.flatMap(({ table, file }) => {
    const model = tables.get(getTableName(table))!
    return model.foreignKeys
      .filter(({ columns }) => !beginsIndex(model, columns))
      .map(({ columns }) => ({
        table: model.name,
        file,
        message: `no index begins with ${columns.join(', ')}, which refers to another table: embeds and cascades read every row. Add index('${model.name}_${columns.join('_')}').on(…).`,
      }))
  })
}

/** Whether a key or an index has these columns, in any order, before all others. */
function beginsIndex({ primaryKey, uniques, indexes }: TableModel, columns: readonly string[]): boolean {
  const first = [primaryKey, ...[...uniques, ...indexes].map((index) => index.columns)].map((names) => names.slice(0, columns.length))
  return first.some((names) => names.length === columns.length && columns.every((name) => names.includes(name)))
}
