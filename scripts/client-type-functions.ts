// The app's functions in a client's types: their arguments as they are sent, and what they give as it comes back. Pure.
import * as z from 'zod'
import { DEFAULT_SCHEMA, type ColumnModel, type FunctionModel, type Model, type Relationship, type TableModel } from '../src/define'
import { block, byName, key, quote } from './client-type-text'

/**
 * The members of `Functions` of a schema: the app's functions, and the relations that its tables declare, which supabase-js knows as functions of a
 * row. `column` gives the type of a column of rows that are a function's own.
 */
export function functionTypes(model: Model, schema: string, column: (column: ColumnModel) => string): string[] {
  const found = new Map<string, string[]>()
  const add = (name: string, type: string) => found.set(name, [...(found.get(name) ?? []), type])
  if (schema === DEFAULT_SCHEMA) for (const fn of model.functions.values()) add(fn.name, functionType(model, fn, column))
  for (const table of model.tables.values()) {
    if (!table.served || table.exposed.schema !== schema) continue
    for (const relationship of table.relationships) {
      const to = model.tables.get(relationship.to)
      if (relationship.name !== undefined && to?.exposed.schema === schema) add(relationship.name, relationType(table, to, relationship))
    }
  }
  // Several tables may have a relation of one name.
  return [...found].toSorted(byName(([name]) => name)).map(([name, types]) => `${key(name)}: ${types.join(' | ')}`)
}

const rowOf = ({ exposed: { schema, name }, view }: TableModel): string =>
  `Database[${quote(schema)}]["${view ? 'Views' : 'Tables'}"][${quote(name)}]["Row"]`

function relationType(from: TableModel, to: TableModel, { kind }: Relationship): string {
  const single = kind === 'to-one' || kind === 'one-to-one'
  const options = [`from: ${quote(from.exposed.name)}`, `to: ${quote(to.exposed.name)}`, `isOneToOne: ${single}`, 'isSetofReturn: true']
  return block('{', [`Args: { "": ${rowOf(from)} }`, `Returns: ${rowOf(to)}[]`, block('SetofOptions: {', options)])
}

function functionType(model: Model, fn: FunctionModel, column: (column: ColumnModel) => string): string {
  const args = [...fn.arguments].map(([name, { schema, required }]) => `${key(name)}${required ? '' : '?'}: ${wireType(schema, 'input')}`)
  const table = fn.result.kind === 'table' ? model.tables.get(fn.result.table) : undefined
  const from = table && rowOf(table)
  const many = 'many' in fn.result && fn.result.many
  return block('{', [
    ...(args.length === 0 ? ['Args: Record<PropertyKey, never>'] : block('Args: {', args).split('\n')),
    `Returns: ${listed(from ?? resultType(fn, column), many)}`,
    // Rows of a table are selected from and filtered like the table's own.
    ...(table?.exposed.schema === DEFAULT_SCHEMA
      ? block('SetofOptions: {', ['from: "*"', `to: ${quote(table.exposed.name)}`, `isOneToOne: ${!many}`, `isSetofReturn: ${many}`]).split(
          '\n',
        )
      : []),
  ])
}

const listed = (type: string, many: boolean): string => (many ? `${grouped(type)}[]` : type)

/** Without its list. */
function resultType({ result }: FunctionModel, column: (column: ColumnModel) => string): string {
  if (result.kind === 'nothing') return 'undefined'
  if (result.kind === 'value') return wireType(result.schema, 'output')
  if (result.kind !== 'rows') return 'unknown'
  const columns = [...result.table.columns.values()].filter(({ hidden }) => !hidden)
  return block(
    '{',
    columns.map((one) => `${key(one.name)}: ${column(one)}${one.notNull ? '' : ' | null'}`),
  )
}

interface Json {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Json[]
  readonly oneOf?: readonly Json[]
  readonly allOf?: readonly Json[]
  readonly items?: Json | boolean
  readonly prefixItems?: readonly Json[]
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Json | boolean
}

/** A zod schema as the TypeScript of its JSON: a date is text there; what JSON has no word for may be any JSON. */
export function wireType(schema: z.ZodType, io: 'input' | 'output'): string {
  const json = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = (zodSchema as unknown as z.ZodType).def
      if (type === 'date') Object.assign(jsonSchema, { type: 'string' })
      if (type === 'bigint') Object.assign(jsonSchema, { type: 'integer' })
    },
  })
  return jsonType(json as Json)
}

function jsonType(json: Json): string {
  if (json.const !== undefined) return JSON.stringify(json.const)
  if (json.enum) return union(json.enum.map((value) => JSON.stringify(value)))
  const several = json.anyOf ?? json.oneOf
  if (several) return union(several.map(jsonType))
  if (json.allOf) return json.allOf.map((one) => grouped(jsonType(one))).join(' & ')
  if (Array.isArray(json.type)) return union(json.type.map((type: string) => jsonType({ ...json, type })))
  switch (json.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return json.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      if (json.prefixItems) return `[${json.prefixItems.map(jsonType).join(', ')}]`
      return `${grouped(typeof json.items === 'object' ? jsonType(json.items) : 'Json')}[]`
    case 'object':
      return objectType(json)
    default:
      return 'Json'
  }
}

function objectType({ properties = {}, required = [], additionalProperties }: Json): string {
  const members = Object.entries(properties).map(([name, type]) => `${key(name)}${required.includes(name) ? '' : '?'}: ${jsonType(type)}`)
  const rest = typeof additionalProperties === 'object' ? `[key: string]: ${jsonType(additionalProperties)}` : null
  if (members.length === 0) return rest === null ? '{ [key: string]: Json | undefined }' : `{ ${rest} }`
  return `{ ${members.join('; ')} }`
}

const union = (types: readonly string[]): string => [...new Set(types)].join(' | ')
const grouped = (type: string): string => (/[|&]/.test(type) && !/^\{.*\}$/s.test(type) ? `(${type})` : type)
