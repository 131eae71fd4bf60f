// Compares JSON of a row with lists and objects of a filter as `jsonb` does: by type, then size, then member by member, keys by length
// and then by code point. Neither the order of keys nor the spelling of numbers counts. One parameter, whatever the size.
import type { CompileContext } from './context'
import { jsonRank } from './column'
import { readWord, type JsonValue, type JsonWords } from './json-value'
import { jsonPath } from './operand'
import { bind, identifier, sql, type Sql } from './sql'

/** JSON in a row: a text that holds JSON, and a path into it, both SQL. */
export interface JsonPlace {
  readonly value: Sql
  readonly path: Sql
}

type Steps = readonly (string | number)[]

/**
 * What is compared one after the other; the first that differs decides. `rank` and what is of that rank: `text`, `number` or
 * `boolean` (0 or 1), or how many members; `key`: the key at an index, in jsonb's order; `word` and `nothing`: elements of an array
 * literal; `length`: of a list.
 */
function tokensOf(value: JsonValue | JsonWords['items'][number], steps: Steps): string[] {
  const token = (kind: string, ...rest: readonly string[]) =>
    `[${[JSON.stringify(jsonPath(steps).slice(1)), `"${kind}"`, ...rest].join(',')}]`
  switch (value.kind) {
    case 'null':
      return [token('0')]
    case 'text':
      return [token('1', JSON.stringify(value.value))]
    case 'number':
      return [token('2', value.text)]
    case 'boolean':
      return [token('3', value.value ? '1' : '0')]
    case 'list':
      return [token('4', String(value.items.length)), ...value.items.flatMap((item, i) => tokensOf(item, [...steps, i]))]
    case 'object':
    case 'braces': {
      const members = value.kind === 'object' ? [...value.members].sort(([a], [b]) => byKey(a, b)) : []
      const inside = members.flatMap(([key, member], i) => [
        token('key', JSON.stringify(key), String(i)),
        ...tokensOf(member, [...steps, key]),
      ])
      return [token('5', String(members.length)), ...inside]
    }
    case 'words': {
      const items = value.items.flatMap((item, i) => (item.kind === 'null' ? [nothing([...steps, i])] : tokensOf(item, [...steps, i])))
      return [token('list'), ...items, token('length', String(value.items.length))]
    }
    case 'word': {
      const { number, boolean } = readWord(value.text)
      return [token('word', JSON.stringify(value.text), number ?? 'null', boolean === null ? 'null' : String(Number(boolean)))]
    }
  }
}

const nothing = (steps: Steps): string => `[${JSON.stringify(jsonPath(steps).slice(1))},"nothing"]`

const encoder = new TextEncoder()

/** Shorter keys first, then by their bytes. */
function byKey(a: string, b: string): number {
  const [left, right] = [encoder.encode(a), encoder.encode(b)]
  if (left.length !== right.length) return left.length - right.length
  const at = left.findIndex((byte, i) => byte !== right[i])
  return at < 0 ? 0 : left[at]! - right[at]!
}

/** -1, 0 or 1 as the place is less than the value, equal or greater; NULL where there is nothing. */
export function jsonSign(context: CompileContext, place: JsonPlace, value: JsonValue): Sql {
  if (value.kind === 'braces') {
    const list = sql`min(json_array_length(${place.value}, ${place.path}), 1)`
    return sql`case json_type(${place.value}, ${place.path}) when 'array' then ${list} else ${signOf(context, place, value)} end`
  }
  return signOf(context, place, value)
}

const difference = (left: Sql, right: Sql): Sql => sql`((${left} > ${right}) - (${left} < ${right}))`

function signOf(context: CompileContext, place: JsonPlace, value: JsonValue): Sql {
  const tokens = bind(`[${tokensOf(value, []).join(',')}]`)
  const [name, compared] = [context.alias('q'), context.alias('q')]
  const part = (column: string): Sql => sql`${identifier(name)}.${{ chunks: [column] }}`
  const [doc, at, kind, wanted] = [place.value, part('at'), part('kind'), part('a')]
  const rank = jsonRank(doc, at)
  const held = sql`json_extract(${doc}, ${at})`
  const members = sql`(select count(*) from json_each(${doc}, ${at}))`
  const key = sql`((select json_group_array(key order by length(cast(key as blob)), key) from json_each(${doc}, ${at})) ->> ${part('b')})`
  const ofRank = sql`case when ${rank} <> ${kind} + 0 then iif(${rank} < ${kind} + 0, -1, 1) when ${kind} in ('1', '2', '3') then ${difference(held, wanted)} when ${kind} in ('4', '5') then ${difference(members, wanted)} else 0 end`
  const [number, truth] = [part('b'), part('c')]
  const ofWord = sql`case ${rank} when 1 then ${difference(held, wanted)} when 2 then coalesce(${difference(held, number)}, 1) when 3 then coalesce(${difference(held, truth)}, 1) else 1 end`
  const sign = sql`case ${kind} when 'key' then ${difference(key, wanted)} when 'list' then coalesce(nullif(${rank} > 4, 0), -(${rank} < 4)) when 'length' then ${difference(members, wanted)} when 'word' then iif(${rank} is null, 0, ${ofWord}) when 'nothing' then iif(${rank} > 0, -1, 0) else ${ofRank} end`
  const source = sql`(select j.value ->> 1 as kind, ${place.path} || (j.value ->> 0) as at, j.value ->> 2 as a, j.value ->> 3 as b, j.value ->> 4 as c from json_each(${tokens}) as j) as ${identifier(name)}`
  const decisive = sql`(select s from (select ${sign} as s from ${source}) as ${identifier(compared)} where s <> 0 limit 1)`
  return sql`case when json_type(${doc}, ${place.path}) is not null then coalesce(${decisive}, 0) end`
}
