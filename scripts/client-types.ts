// The `Database` type that `createClient<Database>()` of supabase-js is given, from the model that serves it: the shape that Supabase's own
// generator writes. What is hidden from clients isn't in it. Pure: reads no file, asks no database.
import { DEFAULT_SCHEMA, type ColumnModel, type ColumnType, type Model, type TableModel } from '../src/define'
import { functionTypes } from './client-type-functions'
import { CLIENT_TYPE_HELPERS } from './client-type-helpers'
import { block, byName, key, quote } from './client-type-text'

/** The dialect's version, by which supabase-js decides what it offers: to-many spreads and `maxAffected` from 13 on. */
const POSTGREST_VERSION = '14.1'

/** As Supabase maps Postgres' types: integers of 64 bits and decimals are numbers, bytes and times are text. */
const TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'string',
  uuid: 'string',
  date: 'string',
  integer: 'number',
  bigint: 'number',
  real: 'number',
  numeric: 'number',
  boolean: 'boolean',
  timestamp: 'string',
  timestamp_ms: 'string',
  json: 'Json',
  blob: 'string',
  range: 'string',
}

/** The whole file. Schemas, tables, columns and relationships stand in the order of their names, so that a change of the app is a small diff. */
export function clientTypes(model: Model): string {
  const served = [...model.tables.values()].filter((table) => table.served)
  const schemas = [...new Set([DEFAULT_SCHEMA, ...served.map(({ exposed }) => exposed.schema)])].toSorted()
  const inSchema = (schema: string) =>
    served.filter((table) => table.exposed.schema === schema).toSorted(byName(({ exposed }) => exposed.name))
  return [
    `// The backend "${model.name.replaceAll(/\s+/g, ' ')}" as supabase-js sees it. Made by \`npm run types:client\`; edit the app instead.`,
    'export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]',
    '',
    block('export type Database = {', [
      '// Tells createClient what this backend understands.',
      ...block('__InternalSupabase: {', [`PostgrestVersion: ${quote(POSTGREST_VERSION)}`]).split('\n'),
      ...schemas.flatMap((schema) => schemaType(model, schema, inSchema(schema))),
    ]),
    '',
    CLIENT_TYPE_HELPERS,
    block(
      'export const Constants = {',
      schemas.flatMap((schema) => constants(schema, inSchema(schema))),
      '} as const',
    ),
    '',
  ].join('\n')
}

function schemaType(model: Model, schema: string, tables: readonly TableModel[]): string[] {
  const enums = tables.flatMap((table) => enumsOf(table).map(({ name, values }) => `${key(name)}: ${values.map(quote).join(' | ')}`))
  return block(`${key(schema)}: {`, [
    ...section(
      'Tables',
      tables.filter(({ view }) => !view).flatMap((table) => tableType(model, table)),
    ),
    ...section(
      'Views',
      tables.filter(({ view }) => view).flatMap((view) => viewType(model, view)),
    ),
    ...section(
      'Functions',
      functionTypes(model, schema, ({ type, values }) => values?.map(quote).join(' | ') ?? TYPES[type]),
    ),
    ...section('Enums', enums),
    ...section('CompositeTypes', []),
  ]).split('\n')
}

/** An empty one has the form that supabase-js recognises as "none". */
const section = (name: string, lines: readonly string[]): string[] =>
  block(`${name}: {`, lines.length === 0 ? ['[_ in never]: never'] : lines).split('\n')

function tableType(model: Model, table: TableModel): string[] {
  const visible = visibleColumns(table)
  const writable = visible.filter((column) => !column.readOnly && !column.generated && !column.engine)
  const type = (column: ColumnModel, nullable: boolean) => `${columnType(table, column)}${nullable ? ' | null' : ''}`
  const insert = writable.map((column) => {
    const optional = !column.notNull || column.default !== null
    return `${key(column.name)}${optional ? '?' : ''}: ${type(column, !column.notNull)}`
  })
  const update = writable.map((column) => `${key(column.name)}?: ${type(column, !column.notNull)}`)
  return block(`${key(table.exposed.name)}: {`, [
    ...record('Row', rowType(table)),
    ...record('Insert', insert),
    ...record('Update', update),
    ...computedFields(table),
    ...relationships(model, table),
  ]).split('\n')
}

/** As Supabase's generator has one that nobody writes to. */
const viewType = (model: Model, view: TableModel): string[] =>
  block(`${key(view.exposed.name)}: {`, [...record('Row', rowType(view)), ...computedFields(view), ...relationships(model, view)]).split(
    '\n',
  )

/** Which columns `*` leaves out. */
function computedFields(table: TableModel): string[] {
  const names = visibleColumns(table).flatMap(({ name, computed }) => (computed === null ? [] : [quote(name)]))
  return names.length === 0 ? [] : [`ComputedFields: ${names.join(' | ')}`]
}

/** Computed columns stand among the others, though `*` leaves them out. */
const visibleColumns = (table: TableModel): ColumnModel[] =>
  [...table.columns.values(), ...table.computed.values()].filter((column) => !column.hidden).toSorted(byName(({ name }) => name))

/** Where a `read` rule isn't true the value is null, whatever the database holds. */
const rowType = (table: TableModel): string[] =>
  visibleColumns(table).map((column) => {
    const nullable = !column.notNull || column.read !== null
    return `${key(column.name)}: ${columnType(table, column)}${nullable ? ' | null' : ''}`
  })

/** Nothing to write is an object that takes no key. */
const record = (name: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [`${name}: Record<string, never>`] : block(`${name}: {`, lines).split('\n')

function columnType(table: TableModel, column: ColumnModel): string {
  if (column.values === null) return TYPES[column.type]
  return `Database[${quote(table.exposed.schema)}]["Enums"][${quote(enumName(table, column))}]`
}

/** Only keys of this table: supabase-js finds the other end by itself. Keys that lead to another schema can't be embedded. */
function relationships(model: Model, table: TableModel): string[] {
  const found = table.relationships.flatMap((relationship) => {
    const target = model.tables.get(relationship.to)
    if (relationship.kind !== 'to-one' || relationship.name !== undefined || target?.exposed.schema !== table.exposed.schema) return []
    const [columns, foreign] = [relationship.columns.map(([here]) => here), relationship.columns.map(([, there]) => there)]
    return [{ name: relationship.constraint, columns, single: isKey(table, columns), to: target.exposed.name, foreign }]
  })
  if (found.length === 0) return ['Relationships: []']
  const list = (names: readonly string[]) => `[${names.map(quote).join(', ')}]`
  const entries = found
    .toSorted(byName(({ name, to }) => `${name} ${to}`))
    .flatMap(({ name, columns, single, to, foreign }) =>
      block(
        '{',
        [
          `foreignKeyName: ${quote(name)}`,
          `columns: ${list(columns)}`,
          `isOneToOne: ${single}`,
          `referencedRelation: ${quote(to)}`,
          `referencedColumns: ${list(foreign)}`,
        ],
        '},',
      ).split('\n'),
    )
  return block('Relationships: [', entries, ']').split('\n')
}

function isKey(table: TableModel, columns: readonly string[]): boolean {
  const same = (other: readonly string[]) => other.length === columns.length && other.every((column) => columns.includes(column))
  return same(table.primaryKey) || table.uniques.some((unique) => same(unique.columns))
}

const enumName = (table: TableModel, column: ColumnModel): string => `${table.exposed.name}_${column.name}`

/** A text column with listed values is what Postgres would call an enum. */
function enumsOf(table: TableModel): { readonly name: string; readonly values: readonly string[] }[] {
  return [...table.columns.values()]
    .filter((column) => !column.hidden)
    .flatMap((column) => (column.values === null ? [] : [{ name: enumName(table, column), values: column.values }]))
    .toSorted(byName(({ name }) => name))
}

function constants(schema: string, tables: readonly TableModel[]): string[] {
  const enums = tables.flatMap((table) => enumsOf(table).map(({ name, values }) => `${key(name)}: [${values.map(quote).join(', ')}],`))
  return block(`${key(schema)}: {`, enums.length === 0 ? ['Enums: {},'] : block('Enums: {', enums, '},').split('\n'), '},').split('\n')
}
