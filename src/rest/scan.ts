// The small words that every part of PostgREST's grammar is made of: names, quoted text, JSON paths. Reads, never interprets.
import { AppError } from '../core'
import { undefinedOperator, type JsonStep } from '../query'
import { restErrors } from './errors'

/** A place in a text that is being read. `what` names the text in errors ("filter", "order", …). */
export interface Cursor {
  readonly text: string
  readonly what: string
  at: number
}

export function cursor(text: string, what: string): Cursor {
  return { text, what, at: 0 }
}

const SHOWN = 200

/** PGRST100, with the place and what was expected there. */
export function fail(c: Cursor, expecting: string): never {
  const found = c.text.codePointAt(c.at)
  throw new AppError(restErrors.rest_unparsable, {
    message: `"failed to parse ${c.what} (${c.text.slice(0, SHOWN)})" (line 1, column ${c.at + 1})`,
    details: `unexpected ${found === undefined ? 'end of input' : `"${String.fromCodePoint(found)}"`} expecting ${expecting}`,
  })
}

export function atEnd(c: Cursor): boolean {
  return c.at >= c.text.length
}

/** Whether `literal` comes next. */
export function sees(c: Cursor, literal: string): boolean {
  return c.text.startsWith(literal, c.at)
}

/** Steps over `literal` if it comes next. */
export function accepts(c: Cursor, literal: string): boolean {
  if (!sees(c, literal)) return false
  c.at += literal.length
  return true
}

export function expects(c: Cursor, literal: string): void {
  if (!accepts(c, literal)) fail(c, `"${literal}"`)
}

export function expectsEnd(c: Cursor): void {
  if (!atEnd(c)) fail(c, 'end of input')
}

/** The longest match of a sticky pattern here; null, and no step, when there is none. */
export function matches(c: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = c.at
  const found = pattern.exec(c.text)?.[0]
  if (found === undefined || found === '') return null
  c.at += found.length
  return found
}

const QUOTED = /"(?:[^"\\]|\\.)*"/suy

/** Text in double quotes with backslash escapes, unquoted; null when none comes next or it never closes. */
export function quoted(c: Cursor): string | null {
  const raw = matches(c, QUOTED)
  return raw === null ? null : raw.slice(1, -1).replace(/\\(.)/gsu, '$1')
}

const NAME = /[\p{L}\p{N}_ $]+(?:-(?!>)[\p{L}\p{N}_ $]+)*/uy

/** A name: quoted, or letters, digits, `_`, `$`, spaces and inner dashes; blanks around an unquoted one don't count. */
export function name(c: Cursor): string {
  if (sees(c, '"')) return quoted(c) ?? fail(c, 'a closing quote')
  const start = c.at
  const found = matches(c, NAME)?.trim()
  if (found === undefined || found === '') {
    c.at = start
    return fail(c, 'a name (letters, digits, "_", "$", or double quotes)')
  }
  return found
}

const INDEX = /-?\d+(?=->|[:.,)]|$)/uy
const KEY = /[^(\-:.,>)"]+/uy

/** `->key`, `->>key`, `->0`, …; undefined when none follows. */
export function jsonPath(c: Cursor): readonly JsonStep[] | undefined {
  const steps: JsonStep[] = []
  while (sees(c, '->')) {
    const text = steps.at(-1)?.asText === true
    const asText = accepts(c, '->>') || !accepts(c, '->')
    const index = matches(c, INDEX)
    if (text) throw undefinedOperator('operator', `text ${asText ? '->>' : '->'} ${index === null ? 'unknown' : 'integer'}`)
    if (index !== null) {
      steps.push({ key: Number(index), asText })
      continue
    }
    const key = sees(c, '"') ? quoted(c) : matches(c, KEY)
    steps.push({ key: key ?? fail(c, 'a key or an index'), asText })
  }
  return steps.length > 0 ? steps : undefined
}
