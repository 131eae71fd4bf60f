// Parameters and the model to the parts of a query: finds relationships, hangs filters, order and limits where they belong.
// Columns and values are judged by the compiler, for every dialect; only a column that an embed hasn't is told here, in PostgREST's words.
import { AppError } from '../core'
import { knownColumn, type Model, type Relationship, type TableModel } from '../define'
import { undefinedColumn, type Condition, type Embed, type OrderTerm, type SelectItem } from '../query'
import { restErrors } from './errors'
import type { At, Parameters } from './parameters'
import { findRelationship } from './relationship'
import type { EmbedNode, SelectNode } from './select'

/** What a read, or the representation of a write, is made of. */
export interface Selection {
  readonly select: readonly SelectItem[]
  readonly where?: Condition
  readonly order?: readonly OrderTerm[]
  readonly limit?: number
  readonly offset?: number
}

interface Draft {
  readonly table: TableModel
  readonly items: (SelectItem | EmbedDraft)[]
  readonly embeds: EmbedDraft[]
  readonly where: Condition[]
  order: readonly OrderTerm[] | null
  limit: number | null
  offset: number | null
}

interface EmbedDraft extends Draft {
  readonly kind: 'draft'
  readonly node: EmbedNode
  readonly relationship: Relationship
  readonly as: string
}

/** How limits and offsets of a request count: a write ignores them all. */
export interface ResolveOptions {
  readonly ignoreLimits: boolean
  /** Filters of the root aren't the selection's (a POST has no rows to filter). */
  readonly ignoreRootFilters: boolean
}

/** Errors: PGRST108, 118, 120, 200, 201, 103, 42712. */
export function resolveSelection(model: Model, table: TableModel, parameters: Parameters, options: ResolveOptions): Selection {
  const root = draft(model, table, parameters.select)
  for (const { path, value } of parameters.filters) {
    if (path.length === 0 && options.ignoreRootFilters) continue
    at(root, path).where.push(value)
  }
  for (const { path, value } of parameters.orders) at(root, path).order ??= value
  if (!options.ignoreLimits) {
    each(parameters.limits, (limit, path) => (at(root, path).limit ??= limitOf(limit)))
    each(parameters.offsets, (offset, path) => (at(root, path).offset ??= Math.max(0, offset)))
  }
  return { select: root.items.map(finishItem), ...clauses(root) }
}

function each<T>(list: readonly At<T>[], visit: (value: T, path: readonly string[]) => void): void {
  for (const { path, value } of list) visit(value, path)
}

function limitOf(value: number): number {
  if (value < 0) throw new AppError(restErrors.rest_bad_range, { details: 'Limit should be greater than or equal to zero.' })
  return value
}

function draft(model: Model, table: TableModel, nodes: readonly SelectNode[], depth = 0): Draft {
  const out: Draft = { table, items: [], embeds: [], where: [], order: null, limit: null, offset: null }
  for (const node of nodes) {
    if (node.kind !== 'embed') {
      refuseUnknown(table, node, depth)
      out.items.push(isRowCount(table, node) ? { kind: 'aggregate', function: 'count', as: node.as } : node)
      continue
    }
    const relationship = findRelationship(model, table, node.name, node.hint)
    const other = model.tables.get(relationship.to)
    if (!other) throw new Error(`the model has no table ${relationship.to}`)
    const as = node.alias ?? node.name
    if (out.embeds.some((embed) => embed.as === as)) {
      throw new AppError(restErrors.rest_duplicate_embed, {
        message: `table name "${table.exposed.name}_${as}_${depth + 1}" specified more than once`,
      })
    }
    const embed: EmbedDraft = { ...draft(model, other, node.select, depth + 1), kind: 'draft', node, relationship, as }
    out.embeds.push(embed)
    out.items.push(embed)
  }
  return out
}

/** PostgREST's names of embedded tables: `reviews_1` on the first level. */
function refuseUnknown(table: TableModel, node: SelectItem | SelectNode, depth: number): void {
  if (depth === 0 || !('target' in node) || node.target === undefined || knownColumn(table, node.target.column)) return
  if (node.kind !== 'column' || !isRowCount(table, node)) throw undefinedColumn(`${table.exposed.name}_${depth}`, node.target.column)
}

/** `count` without parentheses, as Supabase's own guides write it: the number of rows, where no column is called so. */
function isRowCount(table: TableModel, node: SelectItem): node is Extract<SelectItem, { kind: 'column' }> {
  return (
    node.kind === 'column' &&
    node.target.column === 'count' &&
    !node.target.path &&
    !node.cast &&
    !table.columns.has('count') &&
    !table.computed.has('count')
  )
}

/** The draft that a path of output names leads to. An aliased embed may also be called by its table's name. */
function at(root: Draft, path: readonly string[]): Draft {
  let here = root
  for (const name of path) {
    const exact = here.embeds.find((embed) => embed.as === name)
    const byTable = here.embeds.filter((embed) => embed.node.name === name)
    const next = exact ?? (byTable.length === 1 ? byTable[0] : undefined)
    if (!next) throw notEmbedded(name)
    here = next
  }
  return here
}

function notEmbedded(name: string): AppError {
  return new AppError(restErrors.rest_not_embedded, {
    message: `'${name}' is not an embedded resource in this request`,
    hint: `Verify that '${name}' is included in the 'select' query parameter.`,
  })
}

function clauses(from: Draft): Omit<Selection, 'select'> {
  const where = from.where.map((condition) => relate(condition, from))
  return {
    ...(where.length === 0 ? {} : { where: where.length === 1 ? where[0]! : { kind: 'and' as const, terms: where } }),
    ...(from.order === null || from.order.length === 0 ? {} : { order: from.order.map((term) => orderTerm(term, from)) }),
    ...(from.limit === null ? {} : { limit: from.limit }),
    ...(from.offset === null || from.offset === 0 ? {} : { offset: from.offset }),
  }
}

function finishItem(item: SelectItem | EmbedDraft): SelectItem {
  return item.kind === 'draft' ? finishEmbed(item) : item
}

function finishEmbed(embed: EmbedDraft): Embed {
  const { node, relationship, as } = embed
  const select = embed.items.map(finishItem)
  return { kind: 'embed', relationship, as, join: node.join, spread: node.spread, silent: isSilent(select), select, ...clauses(embed) }
}

/** `rel()`, and `rel(other())`: nothing of it is in the output. */
function isSilent(select: readonly SelectItem[]): boolean {
  return select.every((item) => item.kind === 'embed' && item.silent)
}

/** Tells filters on an embed's name from filters on columns: `is.null` asks of the embed, anything else of a column that is called so. */
function relate(condition: Condition, from: Draft): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, terms: condition.terms.map((term) => relate(term, from)) }
    case 'not':
      return { kind: 'not', term: relate(condition.term, from) }
    case 'related':
      return condition
    default: {
      const { column, path } = condition.target
      const embed = path ? undefined : from.embeds.find((candidate) => candidate.as === column)
      if (!embed) return condition
      if (condition.kind === 'is' && condition.value === 'null') return { kind: 'related', embed: embed.as, present: false }
      if (knownColumn(from.table, column)) return condition
      throw new AppError(restErrors.rest_embed_operator, {
        message: `Bad operator on the '${embed.as}' embedded resource`,
        details: 'Only is null or not is null filters are allowed on embedded resources',
      })
    }
  }
}

function orderTerm(term: OrderTerm, from: Draft): OrderTerm {
  if (term.embed === undefined) return term
  const embed =
    from.embeds.find((candidate) => candidate.as === term.embed) ?? from.embeds.find((candidate) => candidate.node.name === term.embed)
  if (!embed) throw notEmbedded(term.embed)
  const { kind } = embed.relationship
  if (kind !== 'to-one' && kind !== 'one-to-one') {
    throw new AppError(restErrors.rest_order_not_to_one, {
      message: `A related order on '${embed.as}' is not possible`,
      details: `'${from.table.name}' and '${embed.as}' do not form a many-to-one or one-to-one relationship`,
    })
  }
  return { ...term, embed: embed.as }
}
