// Which indexes could help a query: the columns that it holds to a value, by filter, policy or relationship, and then those that it orders by. Pure.
import type { Expression, Model, OperandNode, TableModel } from '../../src/define'
import type { Condition, Embed, Operation, OrderTerm, Query, SelectItem } from '../../src/query'

export interface Candidate {
  readonly table: string
  /** Names in the database, in the index's order. */
  readonly columns: readonly string[]
}

const MOST_COLUMNS = 5

/** Distinct candidates that no index of the model begins with, the shorter of a kind first. */
export function candidatesOf(model: Model, query: Query): Candidate[] {
  const found = query.operations.flatMap((operation) => ofOperation(model, operation))
  const seen = new Set<string>()
  return found.filter(({ table, columns }) => {
    const known = model.tables.get(table)
    const key = `${table}(${columns.join()})`
    if (!known || known.view || columns.length === 0 || columns.length > MOST_COLUMNS || seen.has(key) || isCovered(known, columns))
      return false
    seen.add(key)
    return columns.every((name) => known.columns.has(name))
  })
}

/** Tables that answering the query may read. */
export function tablesOf(model: Model, query: Query): string[] {
  const names = new Set<string>()
  const add = (name: string): void => {
    const table = model.tables.get(name)
    if (!table || names.has(name)) return
    names.add(name)
    const policies = [table.policies.read, ...[...table.columns.values()].flatMap(({ read }) => read ?? [])]
    for (const policy of policies) for (const inner of existsIn(policy)) addExists(inner)
  }
  const addExists = ({ table, where }: Exists): void => {
    names.add(table)
    for (const inner of existsIn(where)) addExists(inner)
  }
  const visit = (items: readonly SelectItem[]): void => {
    for (const item of items) {
      if (item.kind !== 'embed') continue
      add(item.relationship.to)
      if (item.relationship.junction) add(item.relationship.junction.table)
      visit(item.select)
    }
  }
  for (const operation of query.operations) {
    add(operation.table)
    visit(selectOf(operation))
  }
  return [...names]
}

function selectOf(operation: Operation): readonly SelectItem[] {
  if (operation.kind === 'enqueue' || operation.kind === 'cancel') return []
  return operation.kind === 'read' ? operation.select : (operation.returning?.select ?? [])
}

function isCovered(table: TableModel, columns: readonly string[]): boolean {
  const indexes = [table.primaryKey, ...table.uniques.map((unique) => unique.columns), ...table.indexes.map((index) => index.columns)]
  return indexes.some((index) => columns.every((name, i) => index[i] === name))
}

interface Level {
  readonly where?: Condition
  readonly order?: readonly OrderTerm[]
}

function ofOperation(model: Model, operation: Operation): Candidate[] {
  if (operation.kind === 'enqueue' || operation.kind === 'cancel') return []
  const level: Level = operation.kind === 'insert' ? {} : operation
  return [...ofLevel(model, operation.table, [], level), ...selectOf(operation).flatMap((item) => ofItem(model, item))]
}

function ofItem(model: Model, item: SelectItem): Candidate[] {
  if (item.kind !== 'embed') return []
  const { relationship } = item
  const inner = item.select.flatMap((one) => ofItem(model, one))
  const there = (relationship.junction?.columns ?? relationship.columns).map(([, column]) => column)
  const junction = relationship.junction
    ? [{ table: relationship.junction.table, columns: relationship.columns.map(([, column]) => column) }]
    : []
  return [...ofLevel(model, relationship.to, there, item satisfies Embed), ...junction, ...inner]
}

/** One table as a query reads it: `joined` are the columns by which its rows are found from another. */
function ofLevel(model: Model, table: string, joined: readonly string[], { where, order = [] }: Level): Candidate[] {
  const known = model.tables.get(table)
  if (!known) return []
  const sorted = order.filter(({ embed, target }) => embed === undefined && target.path === undefined).map(({ target }) => target.column)
  // A page's order ends with the primary key, so that it is the same each time.
  const along = sorted.length === 0 ? [] : [...sorted, ...(known.primaryKey.length === 1 ? known.primaryKey : [])]
  const { fixed, ranges } = heldBy(where)
  const reasons = reasonsOf(known)
  const leads = [[], ...reasons.map(({ columns }) => columns)].flatMap((reason) => [
    [...joined, ...fixed, ...reason],
    [...joined, ...reason, ...fixed],
  ])
  const own = leads.flatMap((lead) => [lead, [...lead, ...along], [...lead, ...sorted], ...ranges.map((range) => [...lead, range])])
  return [...own.map((columns) => ({ table, columns: [...new Set(columns)] })), ...reasons.flatMap(({ inner }) => inner)]
}

/** Columns that every row of a filter's answer has one value in, and those that lie in a range. */
function heldBy(where: Condition | undefined): { readonly fixed: string[]; readonly ranges: string[] } {
  const fixed: string[] = []
  const ranges: string[] = []
  const walk = (term: Condition): void => {
    if (term.kind === 'and') return term.terms.forEach(walk)
    if (!('target' in term) || term.target.path !== undefined) return
    const { column } = term.target
    if (term.kind === 'in' || term.kind === 'is' || (term.kind === 'compare' && term.operator === 'eq')) fixed.push(column)
    else if (term.kind === 'compare' && term.operator !== 'neq' && term.operator !== 'isdistinct') ranges.push(column)
  }
  if (where) walk(where)
  return { fixed: [...new Set(fixed)], ranges: [...new Set(ranges)] }
}

type Exists = Extract<Expression, { kind: 'exists' }>

interface Reason {
  /** Columns of the row that the reason holds to a value or to a set. */
  readonly columns: readonly string[]
  /** For the tables that it looks into. */
  readonly inner: readonly Candidate[]
}

/** Why a policy may admit a row: the terms of its `or`. */
function reasonsOf(table: TableModel): Reason[] {
  const split = (node: Expression): Expression[] => (node.kind === 'or' ? node.terms.flatMap(split) : [node])
  return split(table.policies.read).map((reason) => {
    const terms = termsOf(reason)
    const columns = terms.flatMap((term) =>
      term.kind === 'exists' ? correlated(term).map(([outer]) => outer) : (equalColumn(term, 0) ?? []),
    )
    return { columns: [...new Set(columns)], inner: terms.flatMap((term) => (term.kind === 'exists' ? ofExists(term) : [])) }
  })
}

const termsOf = (node: Expression): Expression[] => (node.kind === 'and' ? node.terms.flatMap(termsOf) : [node])

function existsIn(node: Expression): Exists[] {
  if (node.kind === 'exists') return [node]
  if (node.kind === 'and' || node.kind === 'or') return node.terms.flatMap(existsIn)
  return node.kind === 'not' ? existsIn(node.term) : []
}

/** The row's column that a comparison holds to something that doesn't come from a row. */
function equalColumn(term: Expression, scope: number): string | null {
  if (term.kind === 'null' && !term.negated) return columnOf(term.operand, scope)
  if (term.kind === 'in') return columnOf(term.operand, scope)
  if (term.kind !== 'compare' || term.operator !== 'eq') return null
  if (term.right.kind !== 'column') return columnOf(term.left, scope)
  return term.left.kind === 'column' ? null : columnOf(term.right, scope)
}

const columnOf = (node: OperandNode, scope: number): string | null => (node.kind === 'column' && node.scope === scope ? node.column : null)

/** Pairs [column of the judged row, column there] that an `exists` joins by. */
function correlated({ scope, where }: Exists): [string, string][] {
  return termsOf(where).flatMap((term): [string, string][] => {
    if (term.kind !== 'compare' || term.operator !== 'eq') return []
    const sides = [term.left, term.right]
    const [here] = sides.flatMap((side) => columnOf(side, scope) ?? [])
    const [outer] = sides.flatMap((side) => columnOf(side, 0) ?? [])
    return here !== undefined && outer !== undefined ? [[outer, here]] : []
  })
}

function ofExists(node: Exists): Candidate[] {
  const { table, scope, where } = node
  const terms = termsOf(where)
  const own = terms.flatMap((term) => equalColumn(term, scope) ?? [])
  const joined = correlated(node).map(([, here]) => here)
  const orders = [joined, own, [...own, ...joined], [...joined, ...own]].map((columns) => ({ table, columns: [...new Set(columns)] }))
  return [...orders, ...terms.flatMap((term) => (term.kind === 'exists' ? ofExists(term) : []))]
}
