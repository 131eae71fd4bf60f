// The paths of /rest/v1, one a served table, with its columns as filters.
import { DEFAULT_SCHEMA, type Model, type Relationship, type TableModel } from '../../define'
import { insertSchema, rowSchema, updateSchema, visibleColumns, type JsonSchema } from './schema'

export const servedTables = (model: Model): TableModel[] => [...model.tables.values()].filter((table) => table.served)

const reference = (kind: string, name: string): JsonSchema => ({ $ref: `#/components/${kind}/${name}` })
const parameters = (...names: string[]): JsonSchema[] => names.map((name) => reference('parameters', name))

/** Errors of every operation on a table; their codes are PostgREST's and Postgres'. */
const ERRORS: JsonSchema = { '4XX': reference('responses', 'RestError'), '5XX': reference('responses', 'RestError') }

export function tablePaths(model: Model): Record<string, JsonSchema> {
  return Object.fromEntries(servedTables(model).map((table) => [addressOf(table), inSchema(table, tablePath(table))]))
}

/** Tables of different schemas may have one address; a fragment, which nobody sends, tells them apart. */
function addressOf({ exposed: { schema, name } }: TableModel): string {
  return `/rest/v1/${name}${schema === DEFAULT_SCHEMA ? '' : `#${schema}`}`
}

/** The operations with the header that chooses another schema than the first. */
function inSchema({ exposed: { schema } }: TableModel, operations: Readonly<Record<string, Operation>>): JsonSchema {
  if (schema === DEFAULT_SCHEMA) return operations
  const header = (name: string) => ({ name, in: 'header', required: true, schema: { type: 'string', const: schema } })
  return Object.fromEntries(
    Object.entries(operations).map(([method, operation]) => [
      method,
      { ...operation, parameters: [...operation.parameters, header(method === 'get' ? 'Accept-Profile' : 'Content-Profile')] },
    ]),
  )
}

type Operation = JsonSchema & { readonly parameters: readonly JsonSchema[] }

function tablePath(table: TableModel): Readonly<Record<string, Operation>> {
  const { name } = table
  const filters = visibleColumns(table).map((column) => ({
    name: column.name,
    in: 'query',
    description: `Filter: an operator and a value, for example \`${example(column.type)}\`.${table.search?.columns.includes(column.name) ? SEARCH : ''}`,
    schema: { type: 'string' },
    examples: { [column.name]: { value: example(column.type) } },
  }))
  const tags = [name]
  const rows = (schema: JsonSchema) => ({
    'application/json': { schema },
    'application/vnd.pgrst.object+json': { schema: reference('schemas', name) },
  })
  const list = { type: 'array', items: reference('schemas', name) }
  const read = {
    tags,
    parameters: [
      ...parameters('select', 'order', 'limit', 'offset', 'cursor', 'or', 'and'),
      ...filters,
      ...parameters('PreferRead', 'Range', 'IfNoneMatch', 'Bookmark'),
    ],
    responses: {
      200: {
        description: 'The rows that the caller may read.',
        headers: headers(
          'Content-Range',
          'Content-Location',
          'Preference-Applied',
          'ETag',
          'X-Next-Cursor',
          'X-Prev-Cursor',
          'Link',
          'X-D1-Bookmark',
          'Cache-Status',
          'Age',
        ),
        content: {
          ...rows(list),
          'text/csv': { schema: { type: 'string' } },
          // What holds geometries is JSON.
          ...(visibleColumns(table).some(({ type }) => type === 'json') ? { 'application/geo+json': { schema: { type: 'object' } } } : {}),
        },
      },
      304: { description: 'The client has these rows: `If-None-Match` named their ETag.' },
      206: { description: 'A part of them: `count` was preferred, and there are more.', headers: headers('Content-Range') },
      ...ERRORS,
    },
  }
  const written = (status: number, description: string) => ({
    [status]: { description, headers: headers('Content-Range', 'Preference-Applied', 'ETag'), content: rows(list) },
    412: { description: 'The row is not as `If-Match` or `If-None-Match` says; `ETag` is its version.', headers: headers('ETag') },
    ...(status === 200 ? { 204: { description: 'Done; no representation was preferred.' } } : {}),
    ...ERRORS,
  })
  const reading = { ...read, operationId: `read_${name}`, summary: `Read ${name}`, description: describeEmbeds(table) }
  if (table.view) return { get: reading }
  return {
    get: reading,
    post: {
      tags,
      operationId: `insert_${name}`,
      summary: `Insert or upsert ${name}`,
      parameters: parameters('select', 'columns', 'on_conflict', 'PreferInsert', 'IdempotencyKey', 'IfMatch', 'IfAbsent'),
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: { oneOf: [insertReference(name), { type: 'array', items: insertReference(name) }] } },
          'text/csv': { schema: { type: 'string', description: 'A header row, then the rows; `NULL` is null.' } },
        },
      },
      responses: { ...written(201, 'Inserted.'), 200: { description: 'Merged into rows that were there.' } },
    },
    put: {
      tags,
      operationId: `put_${name}`,
      summary: `Put one of ${name} under its key`,
      description: `The filters are \`eq\` of each column of the primary key (${table.primaryKey.map((column) => `\`${column}\``).join(', ')}), and the body holds the same values.`,
      parameters: [
        ...parameters('select'),
        ...filters.filter((filter) => table.primaryKey.includes(filter.name)),
        ...parameters('PreferWrite', 'IdempotencyKey', 'IfMatch', 'IfAbsent'),
      ],
      requestBody: { required: true, content: { 'application/json': { schema: insertReference(name) } } },
      responses: { ...written(200, 'The row, which took the place of another.'), 201: { description: 'The row, which is new.' } },
    },
    patch: {
      tags,
      operationId: `update_${name}`,
      summary: `Update ${name}`,
      parameters: [...parameters('select', 'columns', 'or', 'and'), ...filters, ...parameters('PreferUpdate', 'IdempotencyKey', 'IfMatch')],
      requestBody: { required: true, content: { 'application/json': { schema: reference('schemas', `${name}.update`) } } },
      responses: written(200, 'The rows as they are now.'),
    },
    delete: {
      tags,
      operationId: `delete_${name}`,
      summary: `Delete ${name}`,
      parameters: [...parameters('select', 'or', 'and'), ...filters, ...parameters('PreferWrite', 'IdempotencyKey', 'IfMatch')],
      responses: written(200, 'The rows as they were.'),
    },
  }
}

/** Said of columns that are declared searchable. */
const SEARCH =
  ' Full-text search: `wfts."exact words" or other -unwanted`, `plfts.all words`, `phfts.one after the other`, `fts.a & (b | c:*)`.'

const insertReference = (name: string): JsonSchema => reference('schemas', `${name}.insert`)
const headers = (...names: string[]): JsonSchema => Object.fromEntries(names.map((name) => [name, { schema: { type: 'string' } }]))

function example(type: string): string {
  switch (type) {
    case 'integer':
    case 'bigint':
    case 'real':
    case 'numeric':
      return 'gte.10'
    case 'boolean':
      return 'is.true'
    case 'timestamp':
    case 'timestamp_ms':
      return 'gte.2026-01-31T12:00:00Z'
    case 'date':
      return 'eq.2026-01-31'
    case 'json':
      return 'not.is.null'
    case 'range':
      return 'ov.[1,10)'
    case 'uuid':
      return 'eq.0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3b'
    default:
      return 'eq.value'
  }
}

function describeEmbeds(table: TableModel): string {
  const lines = [...new Set(table.relationships.map(describe))].map((line) => `- ${line}`)
  return lines.length === 0 ? 'Nothing can be embedded.' : `Related rows that \`select\` can embed:\n\n${lines.join('\n')}`
}

function describe({ kind, to, constraint, junction, name }: Relationship): string {
  if (name !== undefined) return `\`${to}\`, ${kind === 'to-one' ? 'one object or null' : 'a list'}: \`${name}(*)\``
  const way = junction ? `through \`${junction.table}\`, \`${to}!${junction.constraint}(*)\`` : `\`${to}!${constraint}(*)\``
  return `\`${to}\`, ${kind === 'to-one' || kind === 'one-to-one' ? 'one object or null' : 'a list'}: ${way}`
}

/** Components of every table: the row, a new one, and a change. */
export function tableSchemas(model: Model): Record<string, JsonSchema> {
  return Object.fromEntries(
    servedTables(model).flatMap((table) => [
      [table.name, rowSchema(table)] as const,
      ...(table.view
        ? []
        : [[`${table.name}.insert`, insertSchema(table)] as const, [`${table.name}.update`, updateSchema(table)] as const]),
    ]),
  )
}

const query = (name: string, description: string, example: string, schema: JsonSchema = { type: 'string' }): JsonSchema => ({
  name,
  in: 'query',
  description,
  schema,
  example,
})
const prefer = (values: string, example: string): JsonSchema => ({
  name: 'Prefer',
  in: 'header',
  description: `Comma-separated preferences: ${values}.`,
  schema: { type: 'string' },
  example,
})

export const TABLE_PARAMETERS: Readonly<Record<string, JsonSchema>> = {
  select: query('select', 'Columns, aliases, JSON paths, casts and embedded tables.', 'id,name:title,owner:profiles(handle)'),
  order: query('order', 'Columns with `.asc` or `.desc`, and `.nullsfirst` or `.nullslast`.', 'created_at.desc,id'),
  limit: query('limit', 'At most so many rows.', '20', { type: 'integer', minimum: 0 }),
  offset: query('offset', 'Pass over so many rows.', '0', { type: 'integer', minimum: 0 }),
  cursor: query('cursor', 'Pages that stay where they are: empty for the first, then `X-Next-Cursor` of the answer.', ''),
  or: query('or', 'Filters of which one must hold; `and(…)` and `or(…)` nest.', '(a.eq.1,b.is.null)'),
  and: query('and', 'Filters that must all hold.', '(a.gte.1,a.lt.9)'),
  columns: query('columns', 'The keys of the body to use; others are passed over.', 'id,title'),
  on_conflict: query('on_conflict', 'Columns of the unique key that an upsert goes by; the primary key when absent.', 'id'),
  Range: {
    name: 'Range',
    in: 'header',
    description: 'A window of rows, from zero, both ends included.',
    schema: { type: 'string' },
    example: '0-19',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Sent again with the same request within 24 hours, the write is done once, and answered as it was.',
    schema: { type: 'string', maxLength: 255 },
  },
  Bookmark: {
    name: 'X-D1-Bookmark',
    in: 'header',
    description: 'The same header of the last answer, so that a replica may answer without hiding what this client wrote or saw.',
    schema: { type: 'string', maxLength: 1024 },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The ETag of an earlier answer: 304 when nothing has changed.',
    schema: { type: 'string' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The ETag of the one row, its version in quotes, or `*`: written only while the row is at that version.',
    schema: { type: 'string' },
    example: '"3"',
  },
  IfAbsent: {
    name: 'If-None-Match',
    in: 'header',
    description: '`*`: the row is made, or nothing is done when its key is taken.',
    schema: { type: 'string', const: '*' },
  },
  PreferRead: prefer('`count=exact|planned|estimated`, `timezone=Europe/Rome`, `handling=strict`', 'count=exact'),
  PreferInsert: prefer(
    '`return=minimal|headers-only|representation`, `resolution=merge-duplicates|ignore-duplicates`, `missing=default`, `retry=same`, `count=exact`, `handling=strict` with `max-affected=10`',
    'return=representation',
  ),
  PreferUpdate: prefer(
    '`return=minimal|headers-only|representation`, `missing=default` with `columns`, `count=exact`, `handling=strict` with `max-affected=1`',
    'return=representation',
  ),
  PreferWrite: prefer(
    '`return=minimal|headers-only|representation`, `count=exact`, `handling=strict` with `max-affected=1`',
    'return=representation',
  ),
}

export const REST_ERROR: JsonSchema = {
  type: 'object',
  required: ['code', 'message', 'details', 'hint'],
  properties: {
    code: { type: 'string', description: 'A code of PostgREST (`PGRST…`) or an SQLSTATE.', examples: ['PGRST205', '23505'] },
    message: { type: 'string' },
    details: { description: 'Text, or a list for an ambiguous embed.' },
    hint: { type: ['string', 'null'] },
    operation: { type: 'integer', description: 'Of a batch: which operation failed, counted from 0.' },
  },
}
