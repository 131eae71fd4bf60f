// What the model knows of a column: read off its Drizzle declaration and the table's rules.
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { MakePolicy } from './declared-policy'
import { AUTH, NOW, type OperandNode } from './expression'
import { UPDATED_AT_COLUMN, VERSION_COLUMN, type ColumnDefault, type ColumnModel, type ColumnType, type RangeKind } from './model'
import type { ColumnRule, DefaultArgument } from './table'
import type { SQLiteTableLike } from './drizzle'

interface Source {
  readonly column: SQLiteColumn
  readonly property: string
  readonly rule: ColumnRule<SQLiteTableLike> | undefined
  readonly primaryKey: readonly string[]
  readonly policy: MakePolicy
  readonly report: (message: string) => void
}

/** Builds one column, reporting what can't be served. */
export function columnModel({ column, property, rule, primaryKey, policy, report }: Source): ColumnModel {
  const inKey = primaryKey.includes(column.name)
  const generated = column.generated !== undefined
  const type = columnType(column, rule, report)
  if (inKey && rule?.read)
    report(`the column "${property}" is part of the primary key, which everyone who reads the row reads. Remove its \`read\`.`)
  if (rule?.hidden && column.notNull && !column.hasDefault && !rule.default && !generated) {
    report(`the hidden column "${property}" is NOT NULL and has no default, so that no client could insert a row. Give it a default.`)
  }
  return {
    name: column.name,
    property,
    type,
    ...(type === 'range' ? { range: rangeKind(rule?.format)! } : {}),
    notNull: column.notNull || inKey,
    primaryKey: inKey,
    hidden: rule?.hidden ?? false,
    readOnly: rule?.readOnly ?? false,
    generated,
    engine: false,
    default: defaultOf(column, type, rule, inKey && primaryKey.length === 1),
    onUpdate: rule?.onUpdate ? operandOf(rule.onUpdate) : null,
    read: rule?.read ? policy(`columns.${property}.read`, rule.read) : null,
    values: column.enumValues && column.enumValues.length > 0 ? column.enumValues : null,
    maxLength: (column as unknown as { length?: number }).length ?? null,
    computed: null,
    bare: false,
  }
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  SQLiteText: 'text',
  SQLiteTextJson: 'json',
  SQLiteInteger: 'integer',
  SQLiteBoolean: 'boolean',
  SQLiteReal: 'real',
  SQLiteNumeric: 'numeric',
  SQLiteNumericNumber: 'numeric',
  SQLiteNumericBigInt: 'numeric',
  SQLiteBlobBuffer: 'blob',
}

/** How a column's values are stored and written. Reports a kind that can't be served. */
export function columnType(
  column: SQLiteColumn,
  rule: Pick<ColumnRule<SQLiteTableLike>, 'format'> | undefined,
  report: (message: string) => void,
): ColumnType {
  if (column.columnType === 'SQLiteTimestamp')
    return (column as unknown as { mode: string }).mode === 'timestamp' ? 'timestamp' : 'timestamp_ms'
  const type = TYPES[column.columnType]
  if (type === undefined) {
    report(
      `the column "${column.name}" is of a kind (${column.columnType}) that can't be served. Use text, integer, real, numeric, json, timestamp, boolean or blob buffer.`,
    )
    return 'text'
  }
  if (rule?.format && type !== 'text')
    report(`the column "${column.name}" has the format ${rule.format}, which only text columns can have.`)
  if (rangeKind(rule?.format) === undefined) return (rule?.format as 'uuid' | 'date' | undefined) ?? type
  if (column.default !== undefined)
    report(`the range column "${column.name}" has a default in SQL, which doesn't know how ranges are stored. Give its rule a \`default\`.`)
  return 'range'
}

/** The kind of range that a format names. */
export function rangeKind(format: ColumnRule<SQLiteTableLike>['format']): RangeKind | undefined {
  return format === 'uuid' || format === 'date' ? undefined : format
}

const ARGUMENT: DefaultArgument = { auth: AUTH, now: NOW }

function operandOf(make: NonNullable<ColumnRule<SQLiteTableLike>['default']>): OperandNode {
  const made: unknown = make(ARGUMENT)
  if (typeof made === 'object' && made !== null && 'kind' in made) return made as OperandNode
  return { kind: 'literal', literal: made as never }
}

function defaultOf(
  column: SQLiteColumn,
  type: ColumnType,
  rule: ColumnRule<SQLiteTableLike> | undefined,
  soleKey: boolean,
): ColumnDefault | null {
  if (rule?.default) return { kind: 'operand', operand: operandOf(rule.default) }
  if (column.defaultFn) return { kind: 'function', make: column.defaultFn }
  if (column.default !== undefined) return { kind: 'sql', sql: defaultSql(column) }
  if (soleKey && type === 'integer') return { kind: 'rowid' }
  if (soleKey && (type === 'text' || type === 'uuid')) return { kind: 'uuid' }
  return null
}

/** The text that stands behind DEFAULT in the table's DDL, in parentheses when it is an expression. */
function defaultSql(column: SQLiteColumn): string {
  const value: unknown = column.default
  if (typeof value === 'object' && value !== null && 'queryChunks' in value) {
    const chunks = (value as { queryChunks: { value?: string[] }[] }).queryChunks
    return `(${chunks
      .map((chunk) => chunk.value?.join('') ?? '')
      .join('')
      .replace(/^\((.*)\)$/s, '$1')})`
  }
  const driver = column.mapToDriverValue(value as never) as unknown
  if (typeof driver === 'number' || typeof driver === 'bigint') return String(driver)
  if (typeof driver === 'boolean') return driver ? '1' : '0'
  return `'${String(driver).replaceAll("'", "''")}'`
}

/** The columns that every served table has besides its own. */
export function engineColumns(): ColumnModel[] {
  const common = {
    notNull: true,
    primaryKey: false,
    hidden: true,
    readOnly: true,
    generated: false,
    engine: true,
    onUpdate: null,
    read: null,
    values: null,
    maxLength: null,
    computed: null,
    bare: false,
  } as const
  return [
    { ...common, name: VERSION_COLUMN, property: VERSION_COLUMN, type: 'integer', default: { kind: 'sql', sql: '1' } },
    {
      ...common,
      name: UPDATED_AT_COLUMN,
      property: UPDATED_AT_COLUMN,
      type: 'timestamp_ms',
      default: { kind: 'sql', sql: "(cast(unixepoch('subsec') * 1000 as integer))" },
    },
  ]
}
