// The model of one view: what its rules say, over the fields that its SELECT has.
import { computedColumns } from './computed'
import { NEVER, policies } from './declared-policy'
import { DEFAULT_MAX_ROWS, DEFAULT_SCHEMA, type ColumnModel, type ForeignKey, type TableModel } from './model'
import type { Known } from './resolve'
import type { ViewDeclaration, ViewField } from './view'

/** A view with what was read of its SELECT. */
export interface ViewSource {
  readonly declaration: ViewDeclaration
  readonly name: string
  readonly fields: readonly ViewField[]
  readonly keys: readonly ForeignKey[]
  readonly report: (message: string) => void
}

/** The view as a table that is never written, without the relationships that tables give it. */
export function viewModel({ declaration, name, fields, report }: ViewSource, known: Known): TableModel {
  const { rules, file } = declaration
  const policy = policies(name, known, report)
  const key = rules.key.map((property) => fields.find((field) => field.property === property)?.name ?? property)
  if (key.length === 0) report('it has no key. Name the columns by which its rows are told apart: `key: ["id"]`.')
  const has = (property: string) => fields.some((field) => field.property === property)
  for (const property of [...rules.key, ...Object.keys(rules.columns ?? {})])
    if (!has(property)) report(`it speaks of a column "${property}" that it hasn't. Name a column of the view.`)
  const columns = new Map<string, ColumnModel>()
  for (const { property, name: column, column: declared, type, range } of fields) {
    const rule = rules.columns?.[property]
    if (columns.has(column)) report(`two columns are called "${column}". Give one of them another name.`)
    if (key.includes(column) && rule?.read) report(`the column "${property}" is part of the key, which everyone who reads the row reads.`)
    columns.set(column, {
      name: column,
      property,
      type,
      ...(range ? { range } : {}),
      notNull: key.includes(column),
      primaryKey: key.includes(column),
      hidden: rule?.hidden ?? false,
      readOnly: true,
      generated: true,
      engine: false,
      default: null,
      onUpdate: null,
      read: rule?.read ? policy(`columns.${property}.read`, rule.read) : null,
      values: declared?.enumValues && declared.enumValues.length > 0 ? declared.enumValues : null,
      maxLength: null,
      computed: null,
      bare: true,
    })
  }
  return {
    name,
    description: rules.description ?? null,
    exposed: { schema: rules.exposed?.schema ?? DEFAULT_SCHEMA, name: rules.exposed?.name ?? name },
    served: true,
    view: true,
    columns,
    computed: computedColumns({ table: name, rules: rules.computed, columns, known, policy, report }),
    primaryKey: key,
    uniques: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    relationships: [],
    policies: { read: policy('read', rules.read), insert: NEVER, update: { using: NEVER, check: NEVER }, delete: NEVER },
    partition: null,
    search: null,
    maxRows: rules.maxRows ?? DEFAULT_MAX_ROWS,
    replicas: false,
    cacheSeconds: null,
    audit: false,
    sync: false,
    file,
  }
}
