// Declares that a view is served: what may be read of it, by what its rows are told apart, and which tables they belong to.
import { is, SQL } from 'drizzle-orm'
import { getTableConfig, getViewConfig, SQLiteColumn, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { columnType, rangeKind } from './column'
import { COMPUTED_TYPES, type ComputedRule, type ComputedType } from './computed'
import { getTableName, type RowSource, type SQLiteTableLike, type SQLiteViewLike } from './drizzle'
import type { ColumnType, ForeignKey, RangeKind } from './model'
import { columnName, type ColumnLike, type Relations } from './relation'
import { callerFile, type Policy } from './table'

/** The rows of a view, as its policies and computed columns see them. */
export interface ViewRows<V extends SQLiteViewLike> {
  readonly _: { readonly columns: V['_']['selectedFields'] }
}

export interface ViewColumnRule<T extends RowSource> {
  /** The column doesn't exist for clients. */
  readonly hidden?: boolean
  /** Where this isn't TRUE the value is NULL. */
  readonly read?: Policy<T>
  /** What a text column holds. */
  readonly format?: 'uuid' | 'date' | RangeKind
  /** The type of a field that the query builder made of SQL, which Drizzle knows no type of. */
  readonly type?: ComputedType
}

export interface ViewRules<V extends SQLiteViewLike> {
  /** Which rows exist for the caller. The policies of the tables underneath don't apply: this is all there is. */
  readonly read: Policy<ViewRows<V>>
  /** The columns by which rows are told apart, never NULL: pages and cursors go by them. */
  readonly key: readonly (keyof V['_']['selectedFields'] & string)[]
  readonly columns?: { readonly [K in keyof V['_']['selectedFields']]?: ViewColumnRule<ViewRows<V>> }
  readonly computed?: Readonly<Record<string, ComputedRule<ViewRows<V>>>>
  /** Columns that are keys of tables, as foreign keys are: both ends embed the other by its name. */
  readonly references?: readonly { readonly columns: readonly ColumnLike[]; readonly foreignColumns: readonly ColumnLike[] }[]
  readonly relations?: Relations | (() => Relations)
  /** Where clients find it, as a table. */
  readonly exposed?: { readonly schema?: string; readonly name?: string }
  /** Rows that fetch no more than this at once; 1000 when absent. */
  readonly maxRows?: number
  readonly description?: string
}

/** A view together with its rules and the file that declared them. */
export interface ViewDeclaration {
  readonly view: SQLiteViewLike
  readonly rules: ViewRules<SQLiteViewLike>
  readonly file: string | null
}

/** Serves a view, to be read only. It is read with the engine's rights, so its own `read` must say who sees what. */
export function view<V extends SQLiteViewLike>(drizzleView: V, rules: ViewRules<V>): ViewDeclaration {
  return { view: drizzleView, rules: rules as unknown as ViewRules<SQLiteViewLike>, file: callerFile() }
}

/** A column of a view. */
export interface ViewField {
  readonly property: string
  /** Name in the database. */
  readonly name: string
  /** What Drizzle knows of it; null for SQL. */
  readonly column: SQLiteColumn | null
  /** The table whose column the query builder chose. */
  readonly table: SQLiteTableLike | null
  readonly type: ColumnType
  /** The kind of a `range`. */
  readonly range?: RangeKind
}

/** The columns of a view in order. `tables` are those of the app, `typeOf` and `rangeOf` know their columns. */
export function viewFields(
  declaration: ViewDeclaration,
  tables: readonly SQLiteTableLike[],
  typeOf: (table: string, column: string) => ColumnType | undefined,
  rangeOf: (table: string, column: string) => RangeKind | undefined,
  report: (message: string) => void,
): ViewField[] {
  const { selectedFields } = getViewConfig(declaration.view)
  return Object.entries(selectedFields as Record<string, unknown>).flatMap(([property, field]): ViewField[] => {
    const rule = declaration.rules.columns?.[property]
    if (is(field, SQLiteColumn)) {
      const table = tables.find((candidate) => shapeOf(candidate) === shapeOf(field.table)) ?? null
      const inherited = table && !rule?.format ? typeOf(getTableName(table), field.name) : undefined
      const type = inherited ?? columnType(field, rule, report)
      const range =
        type === 'range' ? (rangeKind(rule?.format) ?? (table ? rangeOf(getTableName(table), field.name) : undefined)) : undefined
      return [{ property, name: field.name, column: field, table, type, ...(range ? { range } : {}) }]
    }
    if (is(field, SQL.Aliased)) {
      if (rule?.type === undefined)
        report(`the column "${property}" has no type. Say it: \`columns: { ${property}: { type: 'integer' } }\`.`)
      return [{ property, name: field.fieldAlias, column: null, table: null, type: COMPUTED_TYPES[rule?.type ?? 'text'] }]
    }
    report(`the field "${property}" is no column. Select columns and \`sql\`….as('name')\` by name, side by side.`)
    return []
  })
}

/** What a table still is when Drizzle gives its columns out under a view's name. */
const shapeOf = (table: unknown): unknown => (table as Record<symbol, unknown>)[Symbol.for('drizzle:ExtraConfigColumns')]

/** The keys by which a view's rows belong to tables: those declared, and foreign keys whose columns the query builder chose. */
export function viewKeys({ view, rules }: ViewDeclaration, fields: readonly ViewField[], report: (message: string) => void): ForeignKey[] {
  const name = getTableName(view)
  const keyOf = (columns: readonly string[], foreignTable: string, foreignColumns: readonly string[]): ForeignKey => ({
    name: `${name}_${columns.join('_')}_fkey`,
    columns,
    foreignTable,
    foreignColumns,
    onDelete: 'no action',
    onUpdate: 'no action',
  })
  const declared = (rules.references ?? []).map((reference) => {
    const columns = reference.columns.map(columnName)
    const foreign = reference.foreignColumns.map((column) => (is(column, SQLiteColumn) ? column : null))
    const tables = new Set(foreign.map((column) => (column ? getTableConfig(column.table as SQLiteTable).name : null)))
    const [table] = tables
    if (tables.size !== 1 || !table) report('`references` must name columns of one table.')
    for (const column of columns)
      if (!fields.some((field) => field.name === column)) report(`\`references\` names the column "${column}", which the view hasn't.`)
    return keyOf(columns, table ?? '', reference.foreignColumns.map(columnName))
  })
  return [...declared, ...inferredKeys(fields, keyOf).filter((key) => !declared.some((other) => other.name === key.name))]
}

function inferredKeys(
  fields: readonly ViewField[],
  keyOf: (columns: readonly string[], foreignTable: string, foreignColumns: readonly string[]) => ForeignKey,
): ForeignKey[] {
  const tables = new Set(fields.flatMap(({ table }) => (table ? [table] : [])))
  return [...tables].flatMap((table) =>
    getTableConfig(table as SQLiteTable).foreignKeys.flatMap((key) => {
      const { columns, foreignColumns, foreignTable } = key.reference()
      const chosen = columns.every((column) => fields.some((one) => one.table === table && one.name === column.name))
      const other = getTableConfig(foreignTable).name
      return chosen
        ? [
            keyOf(
              columns.map(({ name }) => name),
              other,
              foreignColumns.map(({ name }) => name),
            ),
          ]
        : []
    }),
  )
}

/** Names of a view's columns by their properties. */
export function fieldNames(view: SQLiteViewLike): Map<string, string> {
  const fields = Object.entries(getViewConfig(view).selectedFields as Record<string, unknown>)
  return new Map(
    fields.flatMap(([property, field]) =>
      is(field, SQLiteColumn) || is(field, SQL.Aliased) ? [[property, columnName(field as ColumnLike)] as const] : [],
    ),
  )
}
