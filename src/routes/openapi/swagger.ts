// What the root of /rest/v1 answers: Swagger 2.0 in the shape that PostgREST gives it (src/PostgREST/Response/OpenAPI.hs), which code generators
// and low-code tools read. Of one schema, from the model that also serves it; what is hidden from clients isn't in it.
import { DEFAULT_SCHEMA, type ColumnModel, type ColumnType, type FunctionModel, type Model, type TableModel } from '../../define'
import { argumentsSchema } from './functions'
import { servedTables } from './tables'
import { storedColumns, type JsonSchema } from './schema'

export interface SwaggerDocument {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly description: string; readonly version: string }
  readonly host: string
  readonly basePath: string
  readonly schemes: readonly string[]
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
  readonly paths: Readonly<Record<string, JsonSchema>>
  readonly definitions: Readonly<Record<string, JsonSchema>>
  readonly parameters: Readonly<Record<string, JsonSchema>>
  readonly securityDefinitions: Readonly<Record<string, JsonSchema>>
  readonly security: readonly JsonSchema[]
}

const MEDIA = [
  'application/json',
  'application/vnd.pgrst.object+json;nulls=stripped',
  'application/vnd.pgrst.object+json',
  'text/csv',
] as const

/** Swagger's type, absent for JSON, and as `format` the type that Postgres would have. */
const TYPES: Readonly<Record<ColumnType, { readonly type?: string; readonly format: string }>> = {
  text: { type: 'string', format: 'text' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
  // SQLite's integers have 64 bits.
  integer: { type: 'integer', format: 'bigint' },
  bigint: { type: 'integer', format: 'bigint' },
  real: { type: 'number', format: 'double precision' },
  numeric: { type: 'number', format: 'numeric' },
  boolean: { type: 'boolean', format: 'boolean' },
  timestamp: { type: 'string', format: 'timestamp with time zone' },
  timestamp_ms: { type: 'string', format: 'timestamp with time zone' },
  json: { format: 'jsonb' },
  blob: { type: 'string', format: 'bytea' },
  range: { type: 'string', format: 'range' },
}

/** `url` is the root's own address as it was called. */
export function swaggerDocument(model: Model, schema: string, url: URL): SwaggerDocument {
  const tables = servedTables(model)
    .filter(({ exposed }) => exposed.schema === schema)
    .toSorted((a, b) => (a.exposed.name < b.exposed.name ? -1 : 1))
  return {
    swagger: '2.0',
    info: { title: model.name, description: model.description, version: '14.1' },
    host: url.host,
    basePath: '/rest/v1',
    schemes: [url.protocol.slice(0, -1)],
    consumes: MEDIA,
    produces: MEDIA,
    paths: {
      '/': ROOT,
      ...Object.fromEntries(tables.map((table) => [`/${table.exposed.name}`, tablePath(table)])),
      ...(schema === DEFAULT_SCHEMA
        ? Object.fromEntries([...model.functions.values()].map((fn) => [`/rpc/${fn.name}`, functionPath(fn)]))
        : {}),
    },
    definitions: Object.fromEntries(tables.map((table) => [table.exposed.name, definition(model, table)])),
    parameters: { ...PARAMETERS, ...Object.fromEntries(tables.flatMap(tableParameters)) },
    securityDefinitions: {
      apikey: { type: 'apiKey', name: 'apikey', in: 'header', description: 'The publishable key, or the secret key on servers.' },
      JWT: { type: 'apiKey', name: 'Authorization', in: 'header', description: "`Bearer ` and a person's access token." },
    },
    security: [{ apikey: [] }, { apikey: [], JWT: [] }],
  }
}

function definition(model: Model, table: TableModel): JsonSchema {
  const columns = storedColumns(table)
  const required = columns.filter(({ notNull, read }) => notNull && read === null).map(({ name }) => name)
  return {
    ...(table.description === null ? {} : { description: table.description }),
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(columns.map((column) => [column.name, property(model, table, column)])),
    type: 'object',
  }
}

function property(model: Model, table: TableModel, column: ColumnModel): JsonSchema {
  const notes = [...(column.primaryKey ? ['This is a Primary Key.<pk/>'] : []), ...foreignKey(model, table, column)]
  const value = defaultValue(column)
  const { type, format } = column.range ? { type: 'string', format: column.range } : TYPES[column.type]
  return {
    ...(value === undefined ? {} : { default: value }),
    ...(notes.length > 0 ? { description: ['Note:', ...notes].join('\n') } : {}),
    ...(column.values === null ? {} : { enum: column.values }),
    format: column.values === null ? format : `${table.exposed.schema}.${table.exposed.name}_${column.name}`,
    ...(column.maxLength === null ? {} : { maxLength: column.maxLength }),
    ...(type === undefined ? {} : { type }),
    ...(column.readOnly || column.generated ? { readOnly: true } : {}),
  }
}

/** The one table that a key of this column alone leads to, as PostgREST annotates it. */
function foreignKey(model: Model, table: TableModel, { name }: ColumnModel): string[] {
  const found = table.relationships.find(
    ({ kind, columns, name: declared }) => kind === 'to-one' && declared === undefined && columns.length === 1 && columns[0]?.[0] === name,
  )
  const target = found && model.tables.get(found.to)
  if (!found || target?.exposed.schema !== table.exposed.schema) return []
  const [to, column] = [target.exposed.name, found.columns[0]![1]]
  return [`This is a Foreign Key to \`${to}.${column}\`.<fk table='${to}' column='${column}'/>`]
}

/**
 * What a new row gets. Generators take a column that has one for optional, so text columns name the function that makes it, as Postgres
 * would; elsewhere only a literal of the column's own type can stand here.
 */
function defaultValue({ default: declared, type }: ColumnModel): unknown {
  if (declared === null || declared.kind === 'rowid') return undefined
  const textual = TYPES[type].type === 'string'
  if (declared.kind === 'sql') {
    const quoted = /^'((?:[^']|'')*)'$/s.exec(declared.sql)?.[1]?.replaceAll("''", "'")
    if (type === 'json') return quoted === undefined ? undefined : parsed(quoted)
    if (textual) return quoted ?? declared.sql
    if (type === 'boolean') return declared.sql === '1' ? true : declared.sql === '0' ? false : undefined
    return parsed(quoted ?? declared.sql)
  }
  if (!textual) return undefined
  if (declared.kind === 'uuid') return 'uuidv7()'
  if (declared.kind === 'operand' && declared.operand.kind === 'literal') return String(declared.operand.literal)
  if (declared.kind === 'operand' && declared.operand.kind === 'now') return 'now()'
  if (declared.kind === 'operand' && declared.operand.kind === 'auth') return `auth.${declared.operand.fact}()`
  return 'generated()'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const ref = (...names: string[]): JsonSchema[] => names.map((name) => ({ $ref: `#/parameters/${name}` }))

function tablePath(table: TableModel): JsonSchema {
  const { name } = table.exposed
  const [summary, ...lines] = (table.description ?? '').split('\n')
  const description = lines.join('\n').trim()
  const operation = { tags: [name], ...(summary ? { summary } : {}), ...(description ? { description } : {}) }
  const filters = ref(...storedColumns(table).map((column) => `rowFilter.${name}.${column.name}`))
  const read = {
    get: {
      ...operation,
      parameters: [...filters, ...ref('select', 'order', 'range', 'rangeUnit', 'offset', 'limit', 'preferCount')],
      responses: {
        200: { description: 'OK', schema: { type: 'array', items: { $ref: `#/definitions/${name}` } } },
        206: { description: 'Partial Content' },
      },
    },
  }
  if (table.view) return read
  return {
    ...read,
    post: {
      ...operation,
      parameters: ref(`body.${name}`, 'select', 'preferPost'),
      responses: { 201: { description: 'Created' } },
    },
    delete: { ...operation, parameters: [...filters, ...ref('preferReturn')], responses: NO_CONTENT },
    patch: { ...operation, parameters: [...filters, ...ref(`body.${name}`, 'preferReturn')], responses: NO_CONTENT },
  }
}

/** Arguments with the types that Swagger 2.0 has words for; one of several types may be anything. */
function functionPath(fn: FunctionModel): JsonSchema {
  const schema = argumentsSchema(fn)
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>).map(
    ([name, { type, format, description }]) => [
      name,
      {
        ...(typeof type === 'string' ? { type } : {}),
        ...(format === undefined ? {} : { format }),
        ...(description === undefined ? {} : { description }),
      },
    ],
  )
  const required = Array.isArray(schema['required']) && schema['required'].length > 0 ? { required: schema['required'] as unknown } : {}
  const args = { type: 'object', properties: Object.fromEntries(properties) as unknown, ...required }
  const operation = {
    tags: [`(rpc) ${fn.name}`],
    ...(fn.description === null ? {} : { summary: fn.description }),
    responses: { 200: { description: 'OK' } },
  }
  const post = { ...operation, parameters: [{ name: 'args', in: 'body', required: true, schema: args }] }
  if (fn.writes) return { post }
  const inAddress = [...fn.arguments].map(([name, { required: needed }]) => ({ name, in: 'query', required: needed, type: 'string' }))
  return { get: { ...operation, parameters: inAddress }, post }
}

const NO_CONTENT = { 204: { description: 'No Content' } }

const ROOT: JsonSchema = {
  get: {
    tags: ['Introspection'],
    summary: 'OpenAPI description (this document)',
    produces: ['application/openapi+json', 'application/json'],
    responses: { 200: { description: 'OK' } },
  },
}

function tableParameters(table: TableModel): [string, JsonSchema][] {
  const { name } = table.exposed
  const body = { name, description: name, required: false, in: 'body', schema: { $ref: `#/definitions/${name}` } }
  const filters = storedColumns(table).map((column): [string, JsonSchema] => [
    `rowFilter.${name}.${column.name}`,
    { name: column.name, required: false, in: 'query', type: 'string' },
  ])
  return table.view ? filters : [[`body.${name}`, body], ...filters]
}

const parameter = (name: string, place: 'query' | 'header', description: string, rest: JsonSchema = {}): JsonSchema => ({
  name,
  description,
  required: false,
  in: place,
  type: 'string',
  ...rest,
})
const prefer = (...values: string[]): JsonSchema => parameter('Prefer', 'header', 'Preference', { enum: values })

const RETURN = ['return=representation', 'return=minimal', 'return=headers-only']

const PARAMETERS: Readonly<Record<string, JsonSchema>> = {
  preferReturn: prefer(...RETURN),
  preferCount: prefer('count=exact', 'count=planned', 'count=estimated'),
  preferPost: prefer(...RETURN, 'resolution=ignore-duplicates', 'resolution=merge-duplicates'),
  select: parameter('select', 'query', 'Filtering Columns'),
  on_conflict: parameter('on_conflict', 'query', 'On Conflict'),
  order: parameter('order', 'query', 'Ordering'),
  range: parameter('Range', 'header', 'Limiting and Pagination'),
  rangeUnit: parameter('Range-Unit', 'header', 'Limiting and Pagination', { default: 'items' }),
  offset: parameter('offset', 'query', 'Limiting and Pagination'),
  limit: parameter('limit', 'query', 'Limiting and Pagination'),
}
