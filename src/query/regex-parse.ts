// Reads a regular expression as Postgres writes them (its manual, 9.7.3): POSIX with Perl's shorthands. What no automaton can tell,
// looking around and referring back, is refused by name; so is what isn't a pattern, in Postgres' words.
import { ALL, complement, foldSet, named, single, union, variants, type CharacterSet } from './characters'
import { queryErrors, tooComplex, unsupported, valueError } from './errors'
import { unprepared, type Preparation } from './preparation'
import { storable } from './value'

/** Where a match may go on without taking a character. */
export type Position = 'start' | 'end' | 'line start' | 'line end' | 'word start' | 'word end' | 'word edge' | 'no word edge'

export type Pattern =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence' | 'choice'; readonly items: readonly Pattern[] }
  /** `most` null: any number of times. */
  | { readonly kind: 'repeat'; readonly item: Pattern; readonly least: number; readonly most: number | null }
  | { readonly kind: 'position'; readonly position: Position }

const NOTHING: Pattern = { kind: 'sequence', items: [] }
/** What Postgres allows in `{m,n}`. */
const MOST_TIMES = 255
const MOST_NESTED = 50
const MOST_FOLDED = 100

interface Reader {
  readonly characters: readonly string[]
  at: number
  readonly ignoreCase: boolean
  /** `.` and `[^…]` don't take a newline. */
  readonly lines: boolean
  /** `^` and `$` hold at newlines too. */
  readonly anchorsAtLines: boolean
  /** Sets in brackets, in both cases. */
  readonly folded: Map<string, CharacterSet>
}

/** Throws 2201B for what isn't a pattern, PGRST127 for what is one but isn't supported. */
export function parsePattern(pattern: string, ignoreCase: boolean, { folded }: Preparation = unprepared()): Pattern {
  if (!storable(pattern)) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  const literal = pattern.startsWith('***=')
  const options = literal ? null : /^(?:\*\*\*:)?(?:\(\?([a-z]+)\))?/u.exec(pattern)
  const letters = options?.[1] ?? ''
  const bad = /[^cipnmswtqx]/.exec(letters)
  if (bad) throw 'be'.includes(bad[0]) ? unsupported(`the option (?${bad[0]}) of regular expressions`) : invalid('invalid embedded option')
  if (letters.includes('x')) throw unsupported('the option (?x) of regular expressions')
  const last = (pick: string): string => [...letters].findLast((letter) => pick.includes(letter)) ?? ''
  const newlines = last('nmpws')
  const reader: Reader = {
    characters: Array.from(pattern.slice(literal ? 4 : (options?.[0].length ?? 0))),
    at: 0,
    ignoreCase: { i: true, c: false }[last('ic')] ?? ignoreCase,
    lines: newlines !== '' && 'nmp'.includes(newlines),
    anchorsAtLines: newlines !== '' && 'nmw'.includes(newlines),
    folded,
  }
  if (literal || letters.includes('q'))
    return { kind: 'sequence', items: reader.characters.map((one) => characterOf(reader, one.codePointAt(0)!)) }
  const parsed = choice(reader, 0)
  if (reader.at < reader.characters.length) throw invalid('parentheses () not balanced')
  return parsed
}

function invalid(what: string) {
  return valueError(queryErrors.invalid_regex, `invalid regular expression: ${what}`)
}

const peek = (reader: Reader, ahead = 0): string | undefined => reader.characters[reader.at + ahead]

function accepts(reader: Reader, text: string): boolean {
  if (![...text].every((character, i) => peek(reader, i) === character)) return false
  reader.at += text.length
  return true
}

function choice(reader: Reader, depth: number): Pattern {
  if (depth > MOST_NESTED) throw unsupported(`regular expressions that nest more than ${MOST_NESTED} deep`)
  const branches = [branch(reader, depth)]
  while (accepts(reader, '|')) branches.push(branch(reader, depth))
  return branches.length === 1 ? branches[0]! : { kind: 'choice', items: branches }
}

function branch(reader: Reader, depth: number): Pattern {
  const items: Pattern[] = []
  for (let next = peek(reader); next !== undefined && next !== '|' && next !== ')'; next = peek(reader)) {
    const item = atom(reader, depth)
    const times = quantifier(reader)
    if (times && item.kind === 'position') throw invalid('quantifier operand invalid')
    items.push(times ? { kind: 'repeat', item, ...times } : item)
    if (times && quantifier(reader)) throw invalid('quantifier operand invalid')
  }
  return items.length === 1 ? items[0]! : { kind: 'sequence', items }
}

const isDigit = (character: string | undefined): boolean => character !== undefined && /^\d$/.test(character)

/** `least` and `most` of a quantifier that comes next; whether it is greedy decides nothing here. */
function quantifier(reader: Reader): { least: number; most: number | null } | null {
  let found: { least: number; most: number | null }
  if (accepts(reader, '*')) found = { least: 0, most: null }
  else if (accepts(reader, '+')) found = { least: 1, most: null }
  else if (accepts(reader, '?')) found = { least: 0, most: 1 }
  else if (peek(reader) === '{' && isDigit(peek(reader, 1))) {
    reader.at++
    const least = count(reader)
    const most = accepts(reader, ',') ? (isDigit(peek(reader)) ? count(reader) : null) : least
    if (!accepts(reader, '}')) throw invalid(peek(reader) === undefined ? 'braces {} not balanced' : 'invalid repetition count(s)')
    if (most !== null && most < least) throw invalid('invalid repetition count(s)')
    found = { least, most }
  } else return null
  accepts(reader, '?')
  return found
}

function count(reader: Reader): number {
  let digits = ''
  while (isDigit(peek(reader))) digits += reader.characters[reader.at++]!
  if (Number(digits) > MOST_TIMES) throw invalid('invalid repetition count(s)')
  return Number(digits)
}

const NEWLINE: CharacterSet = single(10)
const unlessNewline = (reader: Reader, set: CharacterSet): CharacterSet =>
  reader.lines ? complement(union(complement(set), NEWLINE)) : set
const characterOf = (reader: Reader, code: number): Pattern => ({ kind: 'set', set: reader.ignoreCase ? variants(code) : single(code) })
const at = (position: Position): Pattern => ({ kind: 'position', position })

function atom(reader: Reader, depth: number): Pattern {
  const character = reader.characters[reader.at++]!
  switch (character) {
    case '(':
      return group(reader, depth)
    case '.':
      return { kind: 'set', set: unlessNewline(reader, ALL) }
    case '[':
      return bracket(reader)
    case '^':
      return at(reader.anchorsAtLines ? 'line start' : 'start')
    case '$':
      return at(reader.anchorsAtLines ? 'line end' : 'end')
    case '\\':
      return escape(reader)
    case '*':
    case '+':
    case '?':
      throw invalid('quantifier operand invalid')
    case '{':
      if (isDigit(peek(reader))) throw invalid('quantifier operand invalid')
      break
  }
  return characterOf(reader, character.codePointAt(0)!)
}

function group(reader: Reader, depth: number): Pattern {
  if (peek(reader) === '?') {
    const around = ['?=', '?!', '?<=', '?<!'].find((start) => accepts(reader, start))
    if (around) throw unsupported(`looking around, (${around}…), in regular expressions`)
    if (!accepts(reader, '?:')) throw invalid('quantifier operand invalid')
  }
  const inner = peek(reader) === ')' ? NOTHING : choice(reader, depth + 1)
  if (!accepts(reader, ')')) throw invalid('parentheses () not balanced')
  // Kept apart, so that what is repeated is the whole.
  return inner.kind === 'position' ? { kind: 'sequence', items: [inner] } : inner
}

const POSITIONS: Readonly<Record<string, Position>> = {
  A: 'start',
  Z: 'end',
  m: 'word start',
  M: 'word end',
  y: 'word edge',
  Y: 'no word edge',
}
const SHORTHANDS: Readonly<Record<string, string>> = { d: 'digit', s: 'space', w: 'word' }

function shorthand(letter: string | undefined): CharacterSet | null {
  const name = letter === undefined ? undefined : SHORTHANDS[letter.toLowerCase()]
  if (name === undefined || letter === undefined) return null
  return letter === letter.toLowerCase() ? named(name) : complement(named(name)!)
}

function escape(reader: Reader): Pattern {
  const letter = peek(reader)
  const position = letter === undefined ? undefined : POSITIONS[letter]
  if (position) {
    reader.at++
    return at(position)
  }
  const set = shorthand(letter)
  if (set) {
    reader.at++
    return { kind: 'set', set: letter === letter!.toLowerCase() ? set : unlessNewline(reader, set) }
  }
  if (letter !== undefined && /[1-9]/.test(letter)) throw unsupported(`referring back, \\${letter}, in regular expressions`)
  return characterOf(reader, escaped(reader))
}

const LETTERS: Readonly<Record<string, number>> = { a: 7, b: 8, B: 92, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** The character that stands behind a backslash. */
function escaped(reader: Reader): number {
  const letter = reader.characters[reader.at++]
  if (letter === undefined) throw invalid('invalid escape \\ sequence')
  if (Object.hasOwn(LETTERS, letter)) return LETTERS[letter]!
  if (letter === 'u' || letter === 'U') return hex(reader, letter === 'u' ? 4 : 8, letter === 'u' ? 4 : 8)
  if (letter === 'x') return hex(reader, 1, 8)
  if (letter === 'c') return (reader.characters[reader.at++]?.codePointAt(0) ?? 64) & 31
  if (letter === '0') return octal(reader)
  if (/[A-Za-z0-9]/.test(letter)) throw invalid('invalid escape \\ sequence')
  return letter.codePointAt(0)!
}

function hex(reader: Reader, least: number, most: number): number {
  let digits = ''
  while (digits.length < most && /^[0-9a-f]$/i.test(peek(reader) ?? '')) digits += reader.characters[reader.at++]!
  const code = Number.parseInt(digits, 16)
  if (digits.length < least || !(code <= 0x10ffff)) throw invalid('invalid escape \\ sequence')
  return code
}

function octal(reader: Reader): number {
  let digits = '0'
  while (digits.length < 3 && /^[0-7]$/.test(peek(reader) ?? '')) digits += reader.characters[reader.at++]!
  return Number.parseInt(digits, 8)
}

/** Behind `[`. */
function bracket(reader: Reader): Pattern {
  for (const [text, position] of [
    ['[:<:]]', 'word start'],
    ['[:>:]]', 'word end'],
  ] as const)
    if (accepts(reader, text)) return at(position)
  const negated = accepts(reader, '^')
  const parts: CharacterSet[] = []
  for (let first = true; first || peek(reader) !== ']'; first = false) {
    if (peek(reader) === undefined) throw invalid('brackets [] not balanced')
    parts.push(bracketItem(reader))
  }
  reader.at++
  const positive = reader.ignoreCase ? folded(reader, union(...parts)) : union(...parts)
  return { kind: 'set', set: negated ? unlessNewline(reader, complement(positive)) : positive }
}

/** Folding a set looks at every letter there is. */
function folded(reader: Reader, set: CharacterSet): CharacterSet {
  const key = set.join(' ')
  const known = reader.folded.get(key)
  if (known) return known
  if (reader.folded.size >= MOST_FOLDED)
    throw tooComplex(`its regular expressions have more than ${MOST_FOLDED} sets in brackets whose case is ignored.`)
  const made = foldSet(set)
  reader.folded.set(key, made)
  return made
}

function bracketItem(reader: Reader): CharacterSet {
  const from = bracketCharacter(reader)
  if (typeof from !== 'number') {
    if (peek(reader) === '-' && peek(reader, 1) !== ']' && peek(reader, 1) !== undefined) throw invalid('invalid character range')
    return from
  }
  if (peek(reader) !== '-' || peek(reader, 1) === ']' || peek(reader, 1) === undefined) return single(from)
  reader.at++
  const to = bracketCharacter(reader)
  if (typeof to !== 'number' || to < from) throw invalid('invalid character range')
  return [[from, to]]
}

/** A character's code, or the set that a class names. */
function bracketCharacter(reader: Reader): number | CharacterSet {
  const character = reader.characters[reader.at++]
  if (character === undefined) throw invalid('brackets [] not balanced')
  if (character === '[' && /^[:.=]$/.test(peek(reader) ?? '')) return bracketName(reader, reader.characters[reader.at++]!)
  if (character !== '\\') return character.codePointAt(0)!
  const set = shorthand(peek(reader))
  if (set) {
    reader.at++
    return set
  }
  if (/^[1-9]$/.test(peek(reader) ?? '')) throw invalid('invalid escape \\ sequence')
  return escaped(reader)
}

/** `[:alpha:]`, `[.a.]` or `[=a=]`, behind its first two characters. */
function bracketName(reader: Reader, mark: string): number | CharacterSet {
  let name = ''
  while (!(peek(reader) === mark && peek(reader, 1) === ']')) {
    if (peek(reader) === undefined) throw invalid('brackets [] not balanced')
    name += reader.characters[reader.at++]!
  }
  reader.at += 2
  if (mark !== ':') {
    if ([...name].length !== 1) throw invalid('invalid collating element')
    return name.codePointAt(0)!
  }
  // Without case there is no upper one.
  const set = named(reader.ignoreCase && (name === 'upper' || name === 'lower') ? 'alpha' : name)
  if (!set) throw invalid('invalid character class')
  return set
}
