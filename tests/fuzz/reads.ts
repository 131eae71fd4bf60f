// Random reads: columns, JSON paths, embeds of every kind, filters, order, pages, cursors and totals.
import type { ColumnModel, Model, Relationship, TableModel } from '../../src/define'
import type { Condition, Embed, Input, OrderTerm, Read, SelectItem, Target } from '../../src/query/query'
import type { Kind } from './apps'
import { safeCasts } from './casts'
import type { Draw } from './draw'
import { drawCursor } from './keyset'
import type { State } from './policy-oracle'
import { RANGES } from './ranges'
import { clientValue } from './rows'

export function drawRead(choose: Draw, model: Model, state: State): Read {
  const table = choose.pick([...model.tables.values()])
  const select = drawSelect(choose, model, table, 2)
  const where = choose.chance(60) ? condition(choose, table, embedsOf(select), 2) : undefined
  const paged = choose.chance(50)
  const order = paged || choose.chance(60) ? drawOrder(choose, table, select) : undefined
  return {
    kind: 'read',
    table: table.name,
    select,
    ...(where ? { where } : {}),
    ...(order ? { order } : {}),
    ...(choose.chance(25) ? drawCursor(choose, table, state, order ?? []) : {}),
    ...(paged ? { limit: choose.int(4), offset: choose.chance(40) ? choose.int(3) : 0 } : {}),
    ...(choose.chance(40) ? { total: 'exact' as const } : {}),
  }
}

const embedsOf = (select: readonly SelectItem[]): Embed[] => select.filter((item): item is Embed => item.kind === 'embed')

export const known = (table: TableModel): ColumnModel[] =>
  [...table.columns.values(), ...table.computed.values()].filter(({ hidden }) => !hidden)

export function drawSelect(choose: Draw, model: Model, table: TableModel, depth: number): SelectItem[] {
  const items: SelectItem[] = choose.chance(40)
    ? [{ kind: 'all' }]
    : choose.some(known(table), 60).map((column, i) => item(choose, column, i))
  const relationships = table.relationships.filter((one) => !throughHidden(model, one))
  if (depth > 0 && relationships.length > 0) {
    const count = choose.chance(60) ? 1 + choose.int(1) : 0
    for (let i = 0; i < count; i++) items.push(drawEmbed(choose, model, choose.pick(relationships), `e${depth}${i}`, depth))
  }
  return items.length > 0 ? items : [{ kind: 'all' }]
}

/** A relationship over a hidden column doesn't exist for clients. */
function throughHidden(model: Model, { from, to, columns, junction }: Relationship): boolean {
  const hidden = (name: string, column: string) => model.tables.get(name)?.columns.get(column)?.hidden === true
  const far = junction?.table ?? to
  return (
    columns.some(([a, b]) => hidden(from, a) || hidden(far, b)) ||
    (junction?.columns ?? []).some(([a, b]) => hidden(far, a) || hidden(to, b))
  )
}

function item(choose: Draw, column: ColumnModel, i: number): SelectItem {
  const as = choose.chance(20) ? `as${i}` : column.name
  if (column.type === 'json' && choose.chance(50)) return { kind: 'column', target: jsonTarget(choose, column, choose.chance(50)), as }
  // A computed value may be any number.
  const casts = column.computed === null ? safeCasts(column.type) : []
  if (casts.length > 0 && choose.chance(15)) return { kind: 'column', target: { column: column.name }, as, cast: choose.pick(casts) }
  return { kind: 'column', target: { column: column.name }, as }
}

function jsonTarget(choose: Draw, column: ColumnModel, asText: boolean): Target {
  const path = choose.pick<readonly (string | number)[]>([
    ['level'],
    ['name'],
    ['flag'],
    ['tags'],
    ['tags', 0],
    ['tags', -1],
    ['deep', 'name'],
    ['nowhere'],
    [0],
  ])
  return { column: column.name, path: path.map((key, i) => ({ key, asText: asText && i === path.length - 1 })) }
}

function drawEmbed(choose: Draw, model: Model, relationship: Relationship, as: string, depth: number): Embed {
  const table = model.tables.get(relationship.to)!
  const many = relationship.kind === 'to-many' || relationship.kind === 'many-to-many'
  const select = drawSelect(choose, model, table, depth - 1)
  const where = choose.chance(30) ? condition(choose, table, embedsOf(select), 1) : undefined
  const paged = many && choose.chance(30)
  return {
    kind: 'embed',
    relationship,
    as,
    join: choose.chance(30) ? 'inner' : 'left',
    spread: choose.chance(25),
    silent: choose.chance(8),
    select,
    ...(where ? { where } : {}),
    ...(paged || (many && choose.chance(60)) ? { order: drawOrder(choose, table, select) } : {}),
    ...(paged ? { limit: choose.int(3), ...(choose.chance(30) ? { offset: choose.int(2) } : {}) } : {}),
  }
}

/** Random terms, then the key, so that one order is right. */
export function drawOrder(choose: Draw, table: TableModel, select: readonly SelectItem[]): OrderTerm[] {
  const sortable = known(table).filter(({ type }) => type !== 'json')
  const own = choose.times(choose.int(2), (): OrderTerm => {
    const nulls = choose.chance(30) ? choose.pick(['first', 'last'] as const) : undefined
    return { target: { column: choose.pick(sortable).name }, descending: choose.chance(50), ...(nulls ? { nulls } : {}) }
  })
  const toOne = embedsOf(select).filter(({ relationship }) => relationship.kind === 'to-one')
  if (toOne.length > 0 && choose.chance(25)) {
    const embed = choose.pick(toOne)
    own.unshift({ target: { column: embed.relationship.columns[0]![1] }, descending: choose.chance(50), embed: embed.as })
  }
  return [...own, ...table.primaryKey.map((column) => ({ target: { column }, descending: choose.chance(30) }))]
}

/** A filter over columns that the caller may know of. */
export function condition(choose: Draw, table: TableModel, embeds: readonly Embed[], depth: number): Condition {
  const kind = depth === 0 ? 0 : choose.int(9)
  if (kind >= 8) return { kind: 'not', term: condition(choose, table, embeds, depth - 1) }
  if (kind >= 6)
    return {
      kind: choose.chance(50) ? 'and' : 'or',
      terms: choose.times(1 + choose.int(2), () => condition(choose, table, embeds, depth - 1)),
    }
  if (embeds.length > 0 && choose.chance(12)) return { kind: 'related', embed: choose.pick(embeds).as, present: choose.chance(50) }
  return filter(choose, choose.pick(known(table)))
}

const PATTERNS = "É é_ É% %É% % a% %a %A% u_ _ b% %x%y 100\\% %[% %?% %*% é% \\_% %o'k% a%b%".split(' ').concat('')

const REGEXES = 'a ^a b$ ^u\\d$ [a-c] ^[^a]*$ ^.$ (a|x)y? ^\\w+$ \\d{2,} é ^(u1|red)$ a.*b %$ \\W ^$ ^(a|b){1,2}$'.split(' ').concat('')

const asInput = (value: unknown): Input => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function filter(choose: Draw, column: ColumnModel): Condition {
  const target: Target = { column: column.name }
  if (choose.chance(15))
    return {
      kind: 'is',
      target,
      value: choose.pick(['null', 'not_null', ...(column.type === 'boolean' ? (['true', 'false', 'unknown'] as const) : [])] as const),
    }
  if (column.type === 'json') return inJson(choose, column)
  const value = () => asInput(clientValue(choose, column.type as Kind))
  if (column.type === 'range' && choose.chance(60)) return ofRange(choose, target)
  const way = choose.int(6)
  if (way === 6) return quantified(choose, column.type === 'text', target, value)
  if (way === 0) return { kind: 'in', target, values: choose.times(choose.int(3), value) }
  if (way === 1 && column.type === 'text') return { kind: 'like', target, pattern: choose.pick(PATTERNS), ignoreCase: choose.chance(50) }
  if (way === 2 && column.type === 'text') return { kind: 'match', target, pattern: choose.pick(REGEXES), ignoreCase: choose.chance(50) }
  return {
    kind: 'compare',
    target,
    operator: choose.pick(['eq', 'eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'isdistinct'] as const),
    value: value(),
  }
}

function ofRange(choose: Draw, target: Target): Condition {
  const operator = choose.pick(['contains', 'containedBy', 'overlaps', 'sl', 'sr', 'nxl', 'nxr', 'adj'] as const)
  if (operator === 'contains' && choose.chance(40)) return { kind: 'contain', target, operator, value: choose.pick(['1', '4', '-9']) }
  const value = choose.pick(RANGES)
  if (operator === 'contains' || operator === 'containedBy' || operator === 'overlaps') return { kind: 'contain', target, operator, value }
  return { kind: 'range', target, operator, value }
}

/** `any` and `all` of a list, also of an empty one and of one with NULL. */
function quantified(choose: Draw, textual: boolean, target: Target, value: () => Input): Condition {
  const operator = choose.pick([
    'eq',
    'gt',
    'gte',
    'lt',
    'lte',
    ...(textual ? (['like', 'ilike', 'match', 'imatch'] as const) : []),
  ] as const)
  const one = () =>
    operator === 'like' || operator === 'ilike'
      ? choose.pick(PATTERNS)
      : operator === 'match' || operator === 'imatch'
        ? choose.pick(REGEXES)
        : String(value())
  const values = choose.times(choose.int(3), () => (choose.chance(20) ? null : one()))
  return { kind: 'quantified', target, operator, quantifier: choose.pick(['any', 'all'] as const), values }
}

const JSON_TEXTS = [
  '{}',
  '[]',
  '"red"',
  '3',
  'true',
  'null',
  '[1]',
  '[1.0,"a"]',
  '["blue","red"]',
  '["red"]',
  '{"tags":["red"]}',
  '{"deep":{"name":"u1"}}',
  '{"level":2,"tags":[]}',
  '{"deep":{"name":"u1"},"level":1.0,"tags":["red","blue"],"name":"red","flag":true}',
  '{"deep":[1],"level":"2","name":null,"flag":null,"tags":"red"}',
]
const LITERALS = ['{red}', '{red,blue}', '{1}', '{NULL}', '{1,a}']

/** Filters on a JSON column, or on `->` of one. */
function ofJson(choose: Draw, column: ColumnModel): Condition {
  const target: Target = choose.chance(50) ? { column: column.name } : jsonTarget(choose, column, false)
  const text = () => choose.pick([...JSON_TEXTS, ...LITERALS])
  const way = choose.int(9)
  if (way === 0) return { kind: 'is', target, value: choose.pick(['null', 'not_null'] as const) }
  if (way === 1) return { kind: 'in', target, values: choose.times(choose.int(4), () => (choose.chance(10) ? null : text())) }
  if (way === 2) {
    const operator = choose.pick(['eq', 'gt', 'lte'] as const)
    return {
      kind: 'quantified',
      target,
      operator,
      quantifier: choose.pick(['any', 'all'] as const),
      values: choose.times(choose.int(3), text),
    }
  }
  if (way <= 4)
    return { kind: 'compare', target, operator: choose.pick(['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'isdistinct'] as const), value: text() }
  const operator = choose.pick(['contains', 'contains', 'containedBy', 'overlaps'] as const)
  return {
    kind: 'contain',
    target,
    operator,
    value: operator === 'overlaps' ? choose.pick([...LITERALS, '["red"]', '[1,null]', '[{"name":"u1"}]']) : text(),
  }
}

function inJson(choose: Draw, column: ColumnModel): Condition {
  if (choose.chance(50)) return ofJson(choose, column)
  const target = jsonTarget(choose, column, true)
  if (choose.chance(30)) return { kind: 'is', target, value: choose.pick(['null', 'not_null'] as const) }
  if (choose.chance(30)) return { kind: 'in', target, values: choose.some(['red', '1', 'true', 'u1', '{}', '[]'], 50) }
  if (choose.chance(15)) return quantified(choose, true, target, () => choose.pick(['red', '1', 'true', 'u1', '{}']))
  return {
    kind: 'compare',
    target,
    operator: choose.pick(['eq', 'neq', 'gt', 'isdistinct'] as const),
    value: choose.pick(['red', '1', '2', 'true', 'false', 'u1', 'blue']),
  }
}
