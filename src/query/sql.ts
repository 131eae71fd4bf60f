// Pieces of SQL that carry their values apart from their text. No value becomes text here, and no name that isn't quoted.
import type { SqlValue } from './compiled'
import { tooComplex } from './errors'

/** A value's place in a piece of SQL; equal values share one parameter. */
export interface Bound {
  readonly bound: SqlValue
}

/** Text and values in the order they stand in. */
export interface Sql {
  readonly chunks: readonly (string | Bound)[]
}

/** What D1 takes in one statement. */
export const MAX_PARAMETERS = 100
export const MAX_STATEMENT_BYTES = 100_000

export const EMPTY: Sql = { chunks: [] }

/** Texts that touch become one, so that pieces stay short however often they are put into others. */
function append(chunks: (string | Bound)[], chunk: string | Bound): void {
  const last = chunks.length - 1
  const before = chunks[last]
  if (typeof chunk === 'string' && typeof before === 'string') chunks[last] = before + chunk
  else chunks.push(chunk)
}

/** Tagged template: the text is the compiler's own, what is put in is SQL already. */
export function sql(strings: TemplateStringsArray, ...parts: Sql[]): Sql {
  const chunks: (string | Bound)[] = []
  for (let i = 0; i < strings.length; i++) {
    append(chunks, strings[i]!)
    const part = parts[i]
    if (part) for (const chunk of part.chunks) append(chunks, chunk)
  }
  return { chunks }
}

/** Puts pieces one behind the other. */
function concat(...parts: (string | Sql)[]): Sql {
  const chunks: (string | Bound)[] = []
  for (const part of parts) {
    if (typeof part === 'string') append(chunks, part)
    else for (const chunk of part.chunks) append(chunks, chunk)
  }
  return { chunks }
}

/** A bound value. */
export function bind(value: SqlValue): Sql {
  return { chunks: [{ bound: value }] }
}

const quoted = (name: string): string => `\`${name.includes('`') ? name.replaceAll('`', '``') : name}\``

/** A name out of the model, quoted. */
export function identifier(name: string): Sql {
  return { chunks: [quoted(name)] }
}

/** A column of the table or derived table known as `alias`. */
export function column(alias: string, name: string): Sql {
  return { chunks: [`${quoted(alias)}.${quoted(name)}`] }
}

/** A text of the app's own declaration, written out so that partial indexes can match. Text from a request is bound instead. */
export function literal(text: string): Sql {
  if (text.includes('\0')) return bind(text)
  return { chunks: [`'${text.replaceAll("'", "''")}'`] }
}

/** A number or NULL written out. Throws on one that SQL can't write. */
export function number(value: number | null): Sql {
  if (value === null) return { chunks: ['null'] }
  if (!Number.isFinite(value)) throw new RangeError(`no SQL literal for ${value}`)
  return { chunks: [value < 0 ? `(${value})` : String(value)] }
}

export function join(parts: readonly Sql[], separator: string): Sql {
  const chunks: (string | Bound)[] = []
  parts.forEach((part, i) => {
    if (i > 0) append(chunks, separator)
    for (const chunk of part.chunks) append(chunks, chunk)
  })
  return { chunks }
}

/** Combines in halves: D1 allows expressions 100 deep, and a chain of n terms is n deep. */
export function balanced(parts: readonly Sql[], operator: string): Sql {
  if (parts.length === 1) return parts[0]!
  const middle = Math.ceil(parts.length / 2)
  const [left, right] = [balanced(parts.slice(0, middle), operator), balanced(parts.slice(middle), operator)]
  return concat('(', left, ` ${operator} `, right, ')')
}

export const TRUE: Sql = { chunks: ['1'] }
export const FALSE: Sql = { chunks: ['0'] }
export const NULL: Sql = { chunks: ['null'] }

const isConstant = (part: Sql, text: string): boolean => part.chunks.length === 1 && part.chunks[0] === text
export const isTrue = (part: Sql): boolean => isConstant(part, '1')
export const isFalse = (part: Sql): boolean => isConstant(part, '0')

/** TRUE when there is no term. */
export function and(parts: readonly Sql[]): Sql {
  if (parts.some(isFalse)) return FALSE
  const terms = parts.filter((part) => !isTrue(part))
  return terms.length === 0 ? TRUE : balanced(terms, 'and')
}

/** FALSE when there is no term. */
export function or(parts: readonly Sql[]): Sql {
  if (parts.some(isTrue)) return TRUE
  const terms = parts.filter((part) => !isFalse(part))
  return terms.length === 0 ? FALSE : balanced(terms, 'or')
}

/** An object's pairs: a key's text, and an expression whose JSON is known to SQLite (a plain value, or one with JSON's subtype). */
export type Pair = readonly [Sql, Sql]

/** Pairs a `json_object` call may have: D1 documents 32 arguments. */
const PAIRS_PER_CALL = 16

/** JSON object of the pairs in order, equal keys and NULLs kept, marked as JSON for what stands around it. */
export function jsonObject(pairs: readonly Pair[]): Sql {
  if (pairs.length <= PAIRS_PER_CALL) return sql`json_object(${join(pairs.flat(), ', ')})`
  return sql`json(${jsonObjectText(pairs)})`
}

/** The same as text, without the mark: cheaper where nothing parses it again. */
export function jsonObjectText(pairs: readonly Pair[]): Sql {
  if (pairs.length <= PAIRS_PER_CALL) return sql`json_object(${join(pairs.flat(), ', ')})`
  const pieces = pairs.map(
    ([key, value], i) => sql`${{ chunks: [i === 0 ? "'{'" : "','"] }} || json_quote(${key}) || ':' || json_quote(${value})`,
  )
  return sql`(${balanced(pieces, '||')} || '}')`
}

/** SQL text with numbered parameters, each value once. */
export interface Rendered {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/**
 * Numbers the parameters. Beyond 100 different ones, they are packed in one JSON list and read out of it, which like a
 * parameter has no affinity. Throws `too_complex` when the text is longer than D1 takes.
 */
export function render(statement: Sql): Rendered {
  const distinct = new Map<string, { index: number; value: SqlValue }>()
  for (const chunk of statement.chunks) {
    if (typeof chunk === 'string') continue
    const key = keyOf(chunk.bound)
    if (!distinct.has(key)) distinct.set(key, { index: distinct.size, value: chunk.bound })
  }
  const values = [...distinct.values()].map(({ value }) => value)
  const packed = values.length > MAX_PARAMETERS
  if (packed && values.some((value) => value instanceof Uint8Array))
    throw tooComplex(`more than ${MAX_PARAMETERS} values, bytes among them. Send fewer at once.`)
  let text = ''
  for (const chunk of statement.chunks) {
    if (typeof chunk === 'string') text += chunk
    else {
      const { index } = distinct.get(keyOf(chunk.bound))!
      text += packed ? `(?1 ->> ${index})` : `?${index + 1}`
    }
  }
  if (text.length > MAX_STATEMENT_BYTES / 4 && new TextEncoder().encode(text).length > MAX_STATEMENT_BYTES) {
    throw tooComplex('its SQL is longer than 100 kB. Use fewer filters or columns, or an `in` list.')
  }
  return { sql: text, params: packed ? [JSON.stringify(values)] : values }
}

function keyOf(value: SqlValue): string {
  if (value instanceof Uint8Array) return `b${value.join(',')}`
  return value === null ? 'n' : `${typeof value === 'number' ? 'd' : 's'}${value}`
}
