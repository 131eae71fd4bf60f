// LIKE as Postgres means it: case counts unless told otherwise, and patterns are as long as they like. SQLite's own operator
// ignores the case of ASCII, and D1 refuses patterns beyond 50 bytes, so it is never used.
import { AppError } from '../core'
import { queryErrors, tooComplex } from './errors'
import { bind, sql, type Sql } from './sql'

/** A run of plain text, exactly one character, or any number of them. */
type Token = { readonly text: string } | 'one' | 'many'

/** D1's cap for GLOB. */
const MAX_GLOB_BYTES = 50

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
      if (tokens.at(-1) !== 'many') tokens.push('many')
    } else if (character === '_') {
      flush()
      tokens.push('one')
    } else text += character
  }
  flush()
  return tokens
}

const isText = (token: Token | undefined): token is { text: string } => typeof token === 'object'

/** Whether `subject` (an expression with a text value) is like the pattern; NULL when it is NULL. */
export function likeSql(subject: Sql, pattern: string, ignoreCase: boolean): Sql {
  const folded = ignoreCase ? pattern.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : pattern
  const value = ignoreCase ? sql`lower(${subject})` : subject
  const tokens = parse(folded)
  const [first, second, third] = tokens
  if (first === undefined) return sql`${value} = ''`
  if (tokens.length === 1 && isText(first)) return sql`${value} = ${bind(first.text)}`
  if (tokens.length === 1 && first === 'many') return sql`(${subject} is not null or null)`
  if (tokens.length === 2 && isText(first) && second === 'many') return startsWith(value, first.text)
  if (tokens.length === 2 && first === 'many' && isText(second))
    return sql`substr(${value}, -${length(second.text)}) = ${bind(second.text)}`
  if (tokens.length === 3 && first === 'many' && isText(second) && third === 'many') return sql`instr(${value}, ${bind(second.text)}) > 0`
  const glob = tokens.map((token) => (token === 'many' ? '*' : token === 'one' ? '?' : token.text.replaceAll(/[*?[]/g, '[$&]'))).join('')
  if (new TextEncoder().encode(glob).length <= MAX_GLOB_BYTES) return sql`${value} glob ${bind(glob)}`
  if (!tokens.includes('one')) return inTurn(value, tokens)
  if (tokens.length > MAX_TOKENS) throw tooComplex(`a pattern with _ has more than ${MAX_TOKENS} parts.`)
  return walk(value, tokens)
}

/** Each part may begin at each place of the text. */
const MAX_TOKENS = 200

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

/** Texts with anything between them: the first place that each is found at behind the one before is as good as any. */
function inTurn(value: Sql, tokens: readonly Token[]): Sql {
  const texts = tokens.flatMap((token) => (isText(token) ? [token.text] : []))
  const start = isText(tokens[0]) ? texts.shift()! : ''
  const end = isText(tokens.at(-1)) ? texts.pop()! : ''
  const middle = bind(JSON.stringify(texts))
  const steps = sql`with recursive m(i, k) as (select 1 + ${length(start)}, 0 union all select m.i + instr(substr(x, m.i), ${middle} ->> m.k) - 1 + length(${middle} ->> m.k), m.k + 1 from m where m.k < ${count(texts.length)} and instr(substr(x, m.i), ${middle} ->> m.k) > 0)`
  const ended = end === '' ? sql`1` : sql`substr(x, -${length(end)}) = ${bind(end)}`
  return sql`(select case when x is not null then substr(x, 1, ${length(start)}) = ${bind(start)} and ${ended} and exists(${steps} select 1 from m where m.k = ${count(texts.length)} and m.i <= length(x) + 1 - ${length(end)}) end from (select ${value} as x))`
}

/** Follows all ways through the pattern at once, a (position, token) pair a row; any length, no backtracking. */
function walk(value: Sql, tokens: readonly Token[]): Sql {
  const steps = bind(
    JSON.stringify(tokens.map((token) => (isText(token) ? [token.text, [...token.text].length] : token === 'one' ? 1 : 0))),
  )
  return sql`(select case when x is null then null else (with recursive m(i, k) as (select 1, 0 union select case s.type when 'array' then m.i + (s.value ->> 1) when 'integer' then m.i + case s.value when 1 then 1 else 0 end end, m.k + 1 from m join json_each(${steps}) s on s.key = m.k where case s.type when 'array' then substr(x, m.i, s.value ->> 1) = (s.value ->> 0) else s.value = 0 or m.i <= length(x) end union select m.i + 1, m.k from m join json_each(${steps}) s on s.key = m.k where s.type = 'integer' and s.value = 0 and m.i <= length(x)) select exists(select 1 from m where m.k = json_array_length(${steps}) and m.i = length(x) + 1)) end from (select ${value} as x))`
}

/** The same decided here, for two values known now. */
export function likeMatches(subject: string, pattern: string, ignoreCase: boolean): boolean {
  const fold = (text: string) => [...(ignoreCase ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text)]
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
