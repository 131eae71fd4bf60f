// Ways between tables and views that the app declares, beside those that foreign keys open.
import { is, SQL, type AnyColumn } from 'drizzle-orm'
import { getTableName, type SQLiteTableLike, type SQLiteViewLike } from './drizzle'
import type { Relationship, TableModel } from './model'

/** A column of a Drizzle table or view. */
export type ColumnLike = AnyColumn | SQL.Aliased

/** Equal columns on both ends, one pair each. */
export type Pairs = readonly (readonly [ColumnLike, ColumnLike])[]

export type Relation =
  /** `on` holds [column here, column there]. A `to-one` whose columns are no key over there gives any one of the rows. */
  | { readonly to: SQLiteTableLike | SQLiteViewLike; readonly kind: 'to-one' | 'to-many'; readonly on: Pairs }
  /** `on` holds [column here, column of the junction], `through.on` [column of the junction, column there]. */
  | {
      readonly to: SQLiteTableLike | SQLiteViewLike
      readonly kind: 'many-to-many'
      readonly on: Pairs
      readonly through: { readonly table: SQLiteTableLike; readonly on: Pairs }
    }

export type Relations = Readonly<Record<string, Relation>>

/** The name of a column in the database. */
export function columnName(column: ColumnLike): string {
  return is(column, SQL.Aliased) ? column.fieldAlias : column.name
}

/** The declared relations of a table. Reports those that lead nowhere. */
export function declaredRelations(
  table: TableModel,
  declared: Relations | (() => Relations) | undefined,
  tables: ReadonlyMap<string, TableModel>,
  report: (message: string) => void,
): Relationship[] {
  const relations = Object.entries((typeof declared === 'function' ? declared() : declared) ?? {})
  return relations.flatMap(([name, relation]): Relationship[] => {
    const problems: string[] = []
    const say = (message: string) => problems.push(`the relation "${name}" ${message}`)
    if (table.columns.has(name) || table.computed.has(name)) say('has the name of a column. Choose another.')
    if (!/^[a-z_]\w*$/i.test(name)) say("can't have that name. Use letters, digits and underscores.")
    const to = getTableName(relation.to)
    const through = relation.kind === 'many-to-many' ? getTableName(relation.through.table) : null
    for (const end of through === null ? [to] : [to, through]) {
      const other = tables.get(end)
      if (!other?.served) say(`leads to "${end}", which isn't served. List it in \`tables\` or \`views\`.`)
      else if ((other.partition === null) !== (table.partition === null)) say(`leads to "${end}", which lives in another database.`)
    }
    const pairs = (on: Pairs, here: string, there: string) =>
      on.map(([left, right]): [string, string] => [known(here, columnName(left)), known(there, columnName(right))])
    const known = (end: string, column: string): string => {
      const found = tables.get(end)?.columns.get(column)
      if (tables.has(end) && !found) say(`speaks of "${end}.${column}", which isn't there. Each pair names a column here, then one there.`)
      if (found?.hidden) say(`goes by "${end}.${column}", which is hidden: it would tell what the column holds.`)
      return column
    }
    if (relation.on.length === 0) say('names no columns. Give `on` a pair.')
    const common = { name, kind: relation.kind, from: table.name, to, constraint: name }
    const made: Relationship =
      relation.kind === 'many-to-many'
        ? {
            ...common,
            columns: pairs(relation.on, table.name, through!),
            junction: { table: through!, columns: pairs(relation.through.on, through!, to), constraint: name },
          }
        : { ...common, columns: pairs(relation.on, table.name, to) }
    problems.forEach(report)
    return problems.length === 0 ? [made] : []
  })
}
