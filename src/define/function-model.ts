// Turns the declared functions into the model's, or says what is wrong with them. Reads zod schemas' shape only; runs none.
import type * as z from 'zod'
import { getTableName, type SQLiteTableLike } from './drizzle'
import { buildExpression, type Expression, type OperandNode } from './expression'
import type { FunctionDeclaration, Returns } from './function'
import {
  DEFAULT_MAX_ROWS,
  DEFAULT_SCHEMA,
  type ColumnModel,
  type ColumnType,
  type FunctionModel,
  type FunctionResult,
  type Problem,
  type TableModel,
} from './model'

const NEVER: Expression = { kind: 'constant', value: false }

/** Parameters of an address that are never arguments. */
const RESERVED: readonly string[] = ['select', 'order', 'limit', 'offset', 'and', 'or', 'not', 'columns', 'on_conflict', 'apikey']

/** The column that keeps the rows of a function in their order; no client knows of it. */
export const POSITION_COLUMN = '#'

/** The functions by name; reports what can't work. */
export function functionModels(
  declarations: readonly FunctionDeclaration[],
  tables: ReadonlyMap<string, TableModel>,
  problems: Problem[],
): Map<string, FunctionModel> {
  const models = new Map<string, FunctionModel>()
  for (const { name, rules, run, file } of declarations) {
    const report = (message: string) => problems.push({ table: name, of: 'function', file, message })
    if (models.has(name)) report('it is declared twice. Rename one of the two.')
    if (!/^[a-z_][a-z0-9_]{0,62}$/i.test(name)) report("that can't be a function's name. Use letters, digits and underscores.")
    const shape = (rules.args?.def.shape ?? {}) as Record<string, z.ZodType>
    for (const argument of Object.keys(shape)) {
      if (!/^[a-z_][a-z0-9_]*$/i.test(argument) || RESERVED.includes(argument))
        report(
          `the argument "${argument}" can't be sent in an address. Use letters, digits and underscores, and none of ${RESERVED.join(', ')}.`,
        )
    }
    models.set(name, {
      name,
      description: rules.description ?? null,
      writes: rules.volatility === 'write',
      who: whoMay(name, rules.who, report),
      arguments: new Map(Object.entries(shape).map(([argument, schema]) => [argument, { schema, required: !schema.isOptional() }])),
      schema: rules.args ?? null,
      result: resultOf(name, rules.returns, tables, report),
      run: run as FunctionModel['run'],
      file,
    })
  }
  return models
}

/** The guard as a tree over the caller alone: there is no row, so that it is decided before anything runs. */
function whoMay(name: string, who: FunctionDeclaration['rules']['who'] | undefined, report: (message: string) => void): Expression {
  if (who === undefined) {
    report('it says not who may call it. Give it `who`, for example `signedIn()`.')
    return NEVER
  }
  let expression: Expression
  try {
    expression = buildExpression(name, who)
  } catch (error) {
    report(
      `\`who\` throws while it is built: ${error instanceof Error ? error.message : String(error)}. It only combines the operators it is given.`,
    )
    return NEVER
  }
  const wrong = readsRows(expression)
  if (wrong !== null) {
    report(`\`who\` ${wrong}, and there is no row to ask. Speak of the caller only; rows are guarded by their tables' policies.`)
    return NEVER
  }
  return expression
}

/** What of the tree needs a row; null when nothing does. */
function readsRows(node: Expression): string | null {
  if (typeof node !== 'object' || node === null || !('kind' in node)) return 'returns something that is no condition'
  switch (node.kind) {
    case 'and':
    case 'or':
      return first(node.terms.map(readsRows))
    case 'not':
      return readsRows(node.term)
    case 'compare':
      return first([operandReads(node.left), operandReads(node.right)])
    case 'null':
    case 'inClaim':
      return operandReads(node.operand)
    case 'in':
      return first([node.operand, ...node.list].map(operandReads))
    case 'exists':
      return `looks into "${node.table}"`
    case 'entitled':
      return `asks for the entitlement "${node.name}", which isn't part of this version`
    case 'constant':
    case 'fact':
      return null
  }
}

const first = (found: readonly (string | null)[]): string | null => found.find((one) => one !== null) ?? null

function operandReads(node: OperandNode): string | null {
  switch (node.kind) {
    case 'column':
      return `reads the column "${node.column}"`
    case 'related':
      return `looks into "${node.table}"`
    case 'json':
    case 'lower':
      return operandReads(node.of)
    case 'call':
      return first(node.args.map(operandReads))
    case 'case':
      return first([readsRows(node.when), operandReads(node.then), operandReads(node.else)])
    case 'condition':
      return readsRows(node.of)
    case 'literal':
    case 'auth':
    case 'claim':
    case 'now':
      return null
  }
}

const isZod = (of: SQLiteTableLike | z.ZodType): of is z.ZodType => '_zod' in of

function resultOf(
  name: string,
  { kind, of }: Returns<unknown>,
  tables: ReadonlyMap<string, TableModel>,
  report: (message: string) => void,
): FunctionResult {
  if (kind === 'nothing' || of === null) return { kind: 'nothing' }
  if (!isZod(of)) {
    const table = tables.get(getTableName(of))
    if (!table?.served)
      report(`it returns rows of "${getTableName(of)}", which the app doesn't serve. Add the table to \`tables\`, or return a zod object.`)
    if (kind === 'value') report('`value` takes a zod schema. Use `one(table)` or `setOf(table)`.')
    return { kind: 'table', many: kind === 'set', table: getTableName(of) }
  }
  if (kind === 'value') return { kind: 'value', many: false, schema: of }
  if (of.def.type === 'object') return { kind: 'rows', many: kind === 'set', schema: of, table: rowTable(name, of as z.ZodObject) }
  if (kind === 'one') report('`one` takes a table or a zod object. Use `value(schema)`.')
  return { kind: 'value', many: true, schema: of }
}

/** Rows of the app's own as a table that nobody can write and that leads nowhere. */
function rowTable(name: string, schema: z.ZodObject): TableModel {
  const columns = Object.entries(schema.def.shape as Record<string, z.ZodType>).map(([column, type]) => rowColumn(column, type))
  const position: ColumnModel = {
    ...COMMON,
    name: POSITION_COLUMN,
    property: POSITION_COLUMN,
    type: 'integer',
    notNull: true,
    primaryKey: true,
    hidden: true,
  }
  return {
    name,
    description: null,
    exposed: { schema: DEFAULT_SCHEMA, name },
    served: true,
    columns: new Map([...columns, position].map((column) => [column.name, column])),
    primaryKey: [POSITION_COLUMN],
    uniques: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    relationships: [],
    search: null,
    computed: new Map(),
    view: false,
    policies: { read: { kind: 'constant', value: true }, insert: NEVER, update: { using: NEVER, check: NEVER }, delete: NEVER },
    partition: null,
    maxRows: DEFAULT_MAX_ROWS,
    replicas: false,
    cacheSeconds: null,
    audit: false,
    sync: false,
    file: null,
  }
}

const COMMON = {
  notNull: false,
  primaryKey: false,
  hidden: false,
  readOnly: true,
  generated: false,
  engine: false,
  default: null,
  onUpdate: null,
  read: null,
  values: null,
  maxLength: null,
  computed: null,
  bare: false,
} as const

function rowColumn(name: string, schema: z.ZodType): ColumnModel {
  const { inner, nullable } = unwrap(schema)
  const values = inner.def.type === 'enum' ? Object.values((inner.def as unknown as { entries: Record<string, unknown> }).entries) : []
  const texts = values.length > 0 && values.every((one) => typeof one === 'string') ? (values as string[]) : null
  return { ...COMMON, name, property: name, type: texts ? 'text' : columnType(inner), notNull: !nullable, values: texts }
}

const WRAPPERS: readonly string[] = ['optional', 'nullable', 'default', 'prefault', 'readonly', 'nonoptional', 'catch']

/** The schema inside its wrappers, and whether they let null or nothing in. */
export function unwrap(schema: z.ZodType): { readonly inner: z.ZodType; readonly nullable: boolean } {
  let inner = schema
  let nullable = false
  while (WRAPPERS.includes(inner.def.type)) {
    nullable ||= inner.def.type === 'nullable' || inner.def.type === 'optional'
    inner = (inner.def as unknown as { innerType: z.ZodType }).innerType
  }
  return { inner, nullable }
}

function columnType(schema: z.ZodType): ColumnType {
  const { type, format } = schema.def as { type: string; format?: string }
  switch (type) {
    case 'string':
      return format === 'uuid' || format === 'guid' ? 'uuid' : format === 'date' ? 'date' : format === 'datetime' ? 'timestamp_ms' : 'text'
    case 'number':
      return format === undefined || format.startsWith('float') ? 'real' : 'integer'
    case 'bigint':
      return 'bigint'
    case 'boolean':
      return 'boolean'
    case 'date':
      return 'timestamp_ms'
    default:
      return 'json'
  }
}
