// Containment of JSON: Postgres' `@>` and `<@` of jsonb, taken apart by the filter's own JSON, so that each part is one look at the
// row. An array literal's elements are read by the type of what they meet. Two-valued inside; NULL only where the row has nothing.
import type { CompileContext } from './context'
import { queryErrors, tooComplex, valueError } from './errors'
import { jsonSign } from './json-order'
import { parseJsonValue, readWord, type JsonValue, type JsonWords } from './json-value'
import { jsonPath } from './operand'
import { and, bind, FALSE, identifier, join, or, sql, type Sql } from './sql'

type Node = JsonValue | JsonWords['items'][number]

/** JSON in a row, and the way to a place in it. */
interface Spot {
  readonly context: CompileContext
  readonly value: Sql
  readonly steps: readonly (string | number)[]
  /** How many lists of the filter stand around it. */
  readonly lists: number
}

/** Lists of lists and of objects: each is a subquery in the one around it, in a derived table, where it adds least to SQLite's depth. */
export const MAX_LISTS = 8

/** Whether the JSON at the steps contains `text`, is contained in it, or shares an element. Throws 22P02 and `too_complex`. */
export function containSql(
  context: CompileContext,
  value: Sql,
  steps: readonly (string | number)[],
  operator: 'contains' | 'containedBy' | 'overlaps',
  text: string,
): Sql {
  const other = parseJsonValue(text)
  const spot: Spot = { context, value, steps, lists: 0 }
  const verdict =
    operator === 'contains'
      ? containsAtTop(spot, other)
      : operator === 'containedBy'
        ? withinAtTop(spot, other)
        : overlaps(spot, other, text)
  return sql`case when ${typeAt(spot)} is not null then ${verdict} end`
}

const path = ({ steps }: Spot): Sql => bind(jsonPath(steps))
const typeAt = (spot: Spot): Sql => sql`json_type(${spot.value}, ${path(spot)})`
const each = (spot: Spot): Sql => sql`json_each(${spot.value}, ${path(spot)})`
const step = (spot: Spot, key: string): Spot => ({ ...spot, steps: [...spot.steps, key] })
const isType = (spot: Spot, type: 'array' | 'object'): Sql => sql`(${typeAt(spot)} is ${{ chunks: [`'${type}'`] }})`

/** An element of a list that is a list or an object itself. */
function element(spot: Spot, alias: string): Spot {
  if (spot.lists >= MAX_LISTS) throw tooComplex(`JSON in a filter has lists in more than ${MAX_LISTS} lists.`)
  return { ...spot, value: sql`${identifier(alias)}.value`, steps: [], lists: spot.lists + 1 }
}

const isContainer = ({ kind }: Node): boolean => kind === 'list' || kind === 'object' || kind === 'words' || kind === 'braces'
const shapeOf = ({ kind }: Node): 'array' | 'object' => (kind === 'list' || kind === 'words' ? 'array' : 'object')

/** A list also contains a value that is no list, at the top alone. */
function containsAtTop(spot: Spot, other: JsonValue): Sql {
  if (other.kind === 'braces') return or([isType(spot, 'array'), isType(spot, 'object')])
  if (isContainer(other)) return contains(spot, other)
  return sql`iif(${isType(spot, 'array')}, ${and(holdsAll(spot, [other], false))}, ${equals(spot, other)})`
}

/** Everything in `other` is at the spot too. */
function contains(spot: Spot, other: Node): Sql {
  switch (other.kind) {
    case 'object':
      return other.members.length === 0
        ? isType(spot, 'object')
        : and(other.members.map(([key, member]) => contains(step(spot, key), member)))
    case 'braces':
      return isType(spot, 'object')
    case 'list':
    case 'words':
      return and([isType(spot, 'array'), ...holdsAll(spot, other.items, other.kind === 'words')])
    default:
      return equals(spot, other)
  }
}

function equals(spot: Spot, other: Node): Sql {
  const held = sql`json_extract(${spot.value}, ${path(spot)})`
  switch (other.kind) {
    case 'text':
      return sql`(${typeAt(spot)} is 'text' and ${held} = ${bind(other.value)})`
    case 'number':
      return sql`(coalesce(${typeAt(spot)}, '') in ('integer', 'real') and ${held} = ${numberSql(other.text)})`
    case 'boolean':
      return sql`(${typeAt(spot)} is ${{ chunks: [other.value ? "'true'" : "'false'"] }})`
    default:
      return sql`(${typeAt(spot)} is 'null')`
  }
}

/** As SQLite reads the number out of JSON. */
const numberSql = (text: string): Sql => sql`(${bind(`[${text}]`)} ->> 0)`

const textsOf = (items: readonly Node[]): Sql => bind(JSON.stringify(items.flatMap((item) => (item.kind === 'text' ? [item.value] : []))))
const numbersOf = (items: readonly Node[]): Sql =>
  bind(`[${items.flatMap((item) => (item.kind === 'number' ? [item.text] : [])).join(',')}]`)

/** `[text, number or null, boolean or null]` of each word. */
function wordsOf(items: readonly Node[]): Sql {
  const rows = items.flatMap((item) => {
    if (item.kind !== 'word') return []
    const { number, boolean } = readWord(item.text)
    return [`[${JSON.stringify(item.text)},${number ?? 'null'},${boolean === null ? 'null' : Number(boolean)}]`]
  })
  return bind(`[${rows.join(',')}]`)
}

/** Whether the element `e` is the word `w`, by the element's type. */
const isWord = (e: Sql, w: Sql): Sql =>
  sql`case ${e}.type when 'text' then ${e}.value = (${w}.value ->> 0) when 'integer' then ${e}.value = (${w}.value ->> 1) when 'real' then ${e}.value = (${w}.value ->> 1) when 'true' then (${w}.value ->> 2) = 1 when 'false' then (${w}.value ->> 2) = 0 end`

/** Each of the items is, or is contained in, an element of the list at the spot. */
function holdsAll(spot: Spot, items: readonly Node[], inWords: boolean): Sql[] {
  const alias = spot.context.alias('e')
  const e = identifier(alias)
  const list = sql`${each(spot)} as ${e}`
  const has = (kind: Node['kind']) => items.some((item) => item.kind === kind)
  const out: Sql[] = []
  if (has('text'))
    out.push(sql`not exists(select value from json_each(${textsOf(items)}) except select ${e}.value from ${list} where ${e}.type = 'text')`)
  if (has('number'))
    out.push(
      sql`not exists(select value from json_each(${numbersOf(items)}) except select ${e}.value from ${list} where ${e}.type in ('integer', 'real'))`,
    )
  if (has('word')) {
    const w = identifier(spot.context.alias('e'))
    out.push(
      sql`not exists(select 1 from json_each(${wordsOf(items)}) as ${w} where not exists(select 1 from ${list} where ${isWord(e, w)}))`,
    )
  }
  for (const value of [true, false]) {
    if (items.some((item) => item.kind === 'boolean' && item.value === value))
      out.push(sql`exists(select 1 from ${list} where ${e}.type = ${{ chunks: [`'${value}'`] }})`)
  }
  // NULL in an array literal equals nothing.
  if (has('null')) out.push(inWords ? FALSE : sql`exists(select 1 from ${list} where ${e}.type = 'null')`)
  for (const item of items.filter(isContainer)) {
    const inner = spot.context.alias('e')
    const fits = contains(element(spot, inner), item)
    out.push(
      sql`exists(select 1 from (select iif(${identifier(inner)}.type = ${{ chunks: [`'${shapeOf(item)}'`] }}, ${fits}, 0) as v from ${each(spot)} as ${identifier(inner)}) where v)`,
    )
  }
  return out
}

/** A value that is no list is contained in a list that has it, at the top alone. */
function withinAtTop(spot: Spot, other: JsonValue): Sql {
  if (other.kind === 'braces')
    return sql`(${or([isType(spot, 'array'), isType(spot, 'object')])} and not exists(select 1 from ${each(spot)}))`
  // `json_each` of a value that is no list or object gives the value.
  if (other.kind === 'list') return sql`(not ${isType(spot, 'object')} and not exists(${strangers(spot, other, within)}))`
  return within(spot, other)
}

/** Everything at the spot is in `other` too. */
function within(spot: Spot, other: Node): Sql {
  switch (other.kind) {
    case 'object': {
      const keys = bind(JSON.stringify(other.members.map(([key]) => key)))
      const unknown = sql`not exists(select 1 from ${each(spot)} where key not in (select value from json_each(${keys})))`
      const members = other.members.map(([key, member]) => {
        const there = step(spot, key)
        return sql`(${typeAt(there)} is null or ${within(there, member)})`
      })
      return sql`iif(${isType(spot, 'object')}, ${and([unknown, ...members])}, 0)`
    }
    case 'braces':
      return sql`iif(${isType(spot, 'object')}, not exists(select 1 from ${each(spot)}), 0)`
    case 'list':
    case 'words':
      return sql`iif(${isType(spot, 'array')}, not exists(${strangers(spot, other, within)}), 0)`
    default:
      return equals(spot, other)
  }
}

type List = Extract<JsonValue, { kind: 'list' | 'words' }>
type Fit = (spot: Spot, other: Node) => Sql

/** Elements of the list at the spot that none of the items matches. */
function strangers(spot: Spot, list: List, fits: Fit): Sql {
  const alias = spot.context.alias('e')
  return sql`select 1 from (select ${isAmong(spot, alias, list, fits)} as v from ${each(spot)} as ${identifier(alias)}) where not v`
}

/** Whether an element is one of the items; `fits` says it of lists and objects. */
function isAmong(spot: Spot, alias: string, list: List, fits: Fit): Sql {
  const e = identifier(alias)
  const items: readonly Node[] = list.items
  const words = list.kind === 'words'
  const scalars = [
    items.some(({ kind }) => kind === 'text') ? sql`when 'text' then ${e}.value in (select value from json_each(${textsOf(items)}))` : null,
    items.some(({ kind }) => kind === 'number')
      ? sql`when 'integer' then ${e}.value in (select value from json_each(${numbersOf(items)})) when 'real' then ${e}.value in (select value from json_each(${numbersOf(items)}))`
      : null,
    items.some((item) => item.kind === 'boolean' && item.value) ? sql`when 'true' then 1` : null,
    items.some((item) => item.kind === 'boolean' && !item.value) ? sql`when 'false' then 1` : null,
    !words && items.some(({ kind }) => kind === 'null') ? sql`when 'null' then 1` : null,
  ].filter((one) => one !== null)
  const containers = (['array', 'object'] as const).flatMap((shape) => {
    const those = items.filter((item) => isContainer(item) && shapeOf(item) === shape)
    return those.length === 0
      ? []
      : [sql`when ${{ chunks: [`'${shape}'`] }} then ${or(those.map((item) => fits(element(spot, alias), item)))}`]
  })
  const cases = [...scalars, ...containers]
  const typed = cases.length === 0 ? FALSE : sql`case ${e}.type ${join(cases, ' ')} else 0 end`
  if (!words) return typed
  const w = identifier(spot.context.alias('e'))
  return or([sql`exists(select 1 from json_each(${wordsOf(items)}) as ${w} where ${isWord(e, w)})`, typed])
}

/** `&&`: arrays with an element in common. */
function overlaps(spot: Spot, other: JsonValue, text: string): Sql {
  if (other.kind === 'braces') return FALSE
  if (other.kind !== 'list' && other.kind !== 'words')
    throw valueError(
      queryErrors.invalid_text,
      `malformed array literal: "${text.slice(0, 100)}"`,
      'Array value must start with "{" or be a JSON list.',
    )
  const alias = spot.context.alias('e')
  const same: Fit = (there, item) => sql`(${jsonSign(spot.context, { value: there.value, path: bind('$') }, item as JsonValue)} = 0)`
  return sql`iif(${isType(spot, 'array')}, exists(select 1 from (select ${isAmong(spot, alias, other, same)} as v from ${each(spot)} as ${identifier(alias)}) where v), 0)`
}
