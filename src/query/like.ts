// LIKE as Postgres means it: case counts unless told otherwise, and patterns are as long as they like. SQLite's own operator
// ignores the case of ASCII, and D1 refuses patterns beyond 50 bytes, so it is never used.
import { AppError } from '../core'
import { foldText, variants } from './characters'
import { queryErrors } from './errors'
import type { Preparation } from './preparation'
import { bind, sql, type Sql } from './sql'
import { glob, globSql, patternOf, walkSql, type Item } from './walk'

/** A run of plain text, exactly one character, or any number of them. */
type Token = { readonly text: string } | 'one' | 'many'

/** Throws `invalid_pattern` for a trailing backslash, as Postgres does. */
function parse(pattern: string): Token[] {
  const tokens: Token[] = []
  let text = ''
  const flush = () => {
    if (text !== '') tokens.push({ text })
    text = ''
  }
  const characters = [...pattern]
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    if (character === '\\') {
      const next = characters[++i]
      if (next === undefined)
        throw new AppError(queryErrors.invalid_pattern, { message: 'LIKE pattern must not end with escape character' })
      text += next
    } else if (character === '%') {
      flush()
      tokens.push('many')
    } else if (character === '_') {
      flush()
      tokens.push('one')
    } else text += character
  }
  flush()
  return tokens
}

const isText = (token: Token | undefined): token is { text: string } => typeof token === 'object'

/** The same pattern with at most one `%` in a row, and each `_` before the `%` that it stands beside. */
function settled(tokens: readonly Token[]): Token[] {
  const out: Token[] = []
  for (const token of tokens) {
    if (out.at(-1) !== 'many') out.push(token)
    else if (token === 'one') out.splice(-1, 0, token)
    else if (token !== 'many') out.push(token)
  }
  return out
}

/** SQLite's own `lower` knows letters of ASCII only. */
const CASED_BEYOND_ASCII = /(?![\0-\u007f])[\p{Lu}\p{Ll}\p{Lt}\u24b6-\u24e9\u2160-\u217f]/u

/** Each letter stands for both of its cases. */
function inEitherCase(subject: Sql, tokens: readonly Token[], preparation?: Preparation): Sql {
  const items = tokens.flatMap((token): Item[] =>
    token === 'one' || token === 'many' ? [token] : Array.from(token.text, (character) => ({ set: variants(character.codePointAt(0)!) })),
  )
  return globSql(subject, items) ?? walkSql(subject, patternOf(items), preparation)
}

/** Whether `subject` (an expression with a text value) is like the pattern; NULL when it is NULL. */
export function likeSql(subject: Sql, pattern: string, ignoreCase: boolean, preparation?: Preparation): Sql {
  if (ignoreCase && CASED_BEYOND_ASCII.test(pattern)) return inEitherCase(subject, settled(parse(pattern)), preparation)
  const folded = ignoreCase ? pattern.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : pattern
  const value = ignoreCase ? sql`lower(${subject})` : subject
  const tokens = settled(parse(folded))
  const [first, second, third] = tokens
  if (first === undefined) return sql`${value} = ''`
  if (tokens.length === 1 && isText(first)) return sql`${value} = ${bind(first.text)}`
  if (tokens.length === 1 && first === 'many') return sql`(${subject} is not null or null)`
  if (tokens.length === 2 && isText(first) && second === 'many') return startsWith(value, first.text)
  if (tokens.length === 2 && first === 'many' && isText(second))
    return sql`substr(${value}, -${length(second.text)}) = ${bind(second.text)}`
  if (tokens.length === 3 && first === 'many' && isText(second) && third === 'many') return sql`instr(${value}, ${bind(second.text)}) > 0`
  const globbed = tokens.map((token) => (token === 'many' ? '*' : token === 'one' ? '?' : token.text.replaceAll(/[*?[]/g, '[$&]'))).join('')
  return glob(value, globbed) ?? inTurn(value, tokens)
}

const count = (value: number): Sql => ({ chunks: [String(value)] })
const length = (text: string): Sql => count([...text].length)

/** A range, so that an index on the column serves it. */
function startsWith(value: Sql, prefix: string): Sql {
  const end = following(prefix)
  return end === null
    ? sql`substr(${value}, 1, ${length(prefix)}) = ${bind(prefix)}`
    : sql`(${value} >= ${bind(prefix)} and ${value} < ${bind(end)})`
}

/** The least text greater than every text that starts with `prefix`; null when there is none. */
function following(prefix: string): string | null {
  const characters = [...prefix]
  const last = characters.pop()!.codePointAt(0)!
  if (last === 0x10ffff) return null
  return characters.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)
}

/** A stretch of a pattern between two `%`: so many characters, and where in it which texts stand. */
interface Segment {
  readonly length: number
  readonly texts: readonly (readonly [offset: number, length: number, text: string])[]
}

/** One more than there are `%` in the pattern. */
function segmentsOf(tokens: readonly Token[]): Segment[] {
  const found: Segment[] = []
  let open: { length: number; texts: (readonly [number, number, string])[] } = { length: 0, texts: [] }
  for (const token of tokens) {
    if (token === 'many') {
      found.push(open)
      open = { length: 0, texts: [] }
    } else if (token === 'one') open.length++
    else {
      const characters = [...token.text].length
      open.texts.push([open.length, characters, token.text])
      open.length += characters
    }
  }
  return [...found, open]
}

/** Whether the texts of a segment that begins at `place` stand where they must; `texts` is a JSON list, `path` the place of them in it. */
const fits = (texts: Sql, path: Sql, place: Sql): Sql =>
  sql`not exists(select 1 from json_each(${texts}, ${path}) as q where substr(x, ${place} + (q.value ->> 0), q.value ->> 1) <> (q.value ->> 2))`

/**
 * Segments with anything between them. The first place that each fits at behind the one before is as good as any, so there is one way
 * through the text and it is walked once, from one place where the segment's first text stands to the next.
 */
function inTurn(value: Sql, tokens: readonly Token[]): Sql {
  const [first, ...others] = segmentsOf(tokens)
  const last = others.pop()
  const begins = fits(bind(JSON.stringify(first!.texts)), sql`'$'`, sql`1`)
  if (!last) return decided(sql`length(x) = ${count(first!.length)} and ${begins}`)
  const long = sql`length(x) >= ${count(first!.length + last.length)}`
  const ends = fits(bind(JSON.stringify(last.texts)), sql`'$'`, sql`length(x) + 1 - ${count(last.length)}`)
  // Each with its first text apart; every segment but the first and the last begins with one (see `settled`).
  const middle = bind(JSON.stringify(others.map(({ length, texts: [head, ...rest] }) => [head![2], length, rest])))
  const text = sql`(${middle} -> m.k ->> 0)`
  const found = sql`m.i + instr(substr(x, m.i), ${text}) - 1`
  const here = others.some(({ texts }) => texts.length > 1) ? fits(middle, sql`'$[' || m.k || '][2]'`, sql`(${found})`) : sql`1`
  const next = sql`${found} + iif(${here}, ${middle} -> m.k ->> 1, 1), m.k + (${here})`
  const steps = sql`with recursive m(i, k) as (select ${count(first!.length + 1)}, 0 union all select ${next} from m where m.k < ${count(others.length)} and instr(substr(x, m.i), ${text}) > 0)`
  const between = sql`exists(${steps} select 1 from m where m.k = ${count(others.length)} and m.i <= length(x) + 1 - ${count(last.length)})`
  return decided(sql`${long} and ${begins} and ${ends} and ${between}`)

  function decided(verdict: Sql): Sql {
    return sql`(select case when x is not null then ${verdict} end from (select ${value} as x))`
  }
}

/** The same decided here, for two values known now. */
export function likeMatches(subject: string, pattern: string, ignoreCase: boolean): boolean {
  const fold = (text: string) => [...(ignoreCase ? foldText(text) : text)]
  const characters = fold(subject)
  const steps = parse(fold(pattern).join('')).flatMap((token): (string | number)[] =>
    isText(token) ? [...token.text] : [token === 'one' ? 1 : 0],
  )
  let reached = new Set([0])
  for (const step of steps) {
    const next = new Set<number>()
    for (const at of reached) {
      if (step === 0) for (let i = at; i <= characters.length; i++) next.add(i)
      else if (at < characters.length && (step === 1 || characters[at] === step)) next.add(at + 1)
    }
    reached = next
  }
  return reached.has(characters.length)
}
