// Random full-text queries over random texts, against Postgres' rules written down anew: who finds which row, and who mustn't.
import { expect, test } from 'vitest'
import { buildModel } from '../../src/define'
import { ANONYMOUS } from '../../src/core'
import type { Condition, Execution } from '../../src/query'
import library from '../apps/library'
import { ask, fill, openDatabase } from '../unit/database'
import { holds, type Draw } from './draw'
import { and, not, or, type Truth } from './logic'

const FILE = 'tests/fuzz/search.test.ts'
const model = buildModel(library)

/** Words, and their stems; stop words have none. */
const WORDS: Readonly<Record<string, string | null>> = {
  cat: 'cat',
  Cats: 'cat',
  run: 'run',
  running: 'run',
  café: 'cafe',
  CAFE: 'cafe',
  catalog: 'catalog',
  rat: 'rat',
  the: null,
  OF: null,
  and: null,
}
const NAMES = Object.keys(WORDS)
const GLUE = [' ', ' ', ', ', '. ', '-', ' <> ', ' ; ']

type Language = 'english' | 'simple'
const fold = (word: string) => word.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '')
const lexeme = (word: string, language: Language) => (language === 'english' ? WORDS[word]! : fold(word))

/** A phrase has places for all of its words; stop words leave theirs empty. */
type Node =
  | { kind: 'words'; steps: readonly { word: string; prefix: boolean; at: number }[]; span: number }
  | { kind: 'and' | 'or'; terms: readonly Node[] }
  | { kind: 'not'; term: Node }

const words = (list: readonly string[], prefix = false): Node => ({
  kind: 'words',
  steps: list.map((word, at) => ({ word, prefix, at })),
  span: list.length - 1,
})

/** Null where nothing but stop words is left. */
function matches(node: Node, text: readonly string[], language: Language): boolean | null {
  switch (node.kind) {
    case 'words': {
      const steps = node.steps.flatMap(({ word, prefix, at }) => {
        const stem = lexeme(word, language)
        return stem === null ? [] : [{ stem, prefix, at }]
      })
      if (steps.length === 0) return null
      const tokens = text.map((word) => (language === 'english' ? (WORDS[word] ?? fold(word)) : fold(word)))
      const fits = (from: number) =>
        steps.every(({ stem, prefix, at }) => {
          const token = tokens[from + at - steps[0]!.at]
          return token !== undefined && (prefix ? token.startsWith(stem) : token === stem)
        })
      return tokens.some((_, from) => fits(from))
    }
    case 'not': {
      const inner = matches(node.term, text, language)
      return inner === null ? null : !inner
    }
    default: {
      const known = node.terms.map((term) => matches(term, text, language)).filter((one) => one !== null)
      if (known.length === 0) return null
      return node.kind === 'and' ? known.every(Boolean) : known.some(Boolean)
    }
  }
}

interface Question {
  readonly mode: 'raw' | 'plain' | 'phrase' | 'web'
  readonly text: string
  readonly node: Node
}

function question(choose: Draw): Question {
  const list = () => choose.times(1 + choose.int(2), () => choose.pick(NAMES))
  switch (choose.pick(['raw', 'raw', 'plain', 'phrase', 'web'] as const)) {
    case 'plain': {
      const all = list()
      return {
        mode: 'plain',
        text: all.join(choose.pick([' ', ' & ', ' | ', ' ! '])),
        node: { kind: 'and', terms: all.map((word) => words([word])) },
      }
    }
    case 'phrase': {
      const all = list()
      return { mode: 'phrase', text: all.join(choose.pick([' ', '-', ' | '])), node: words(all) }
    }
    case 'web':
      return web(choose)
    case 'raw': {
      const { text, node } = raw(choose, choose.int(3))
      return { mode: 'raw', text, node }
    }
  }
}

function web(choose: Draw): Question {
  const choices = choose.times(1 + choose.int(1), () =>
    choose.times(1 + choose.int(2), () => {
      const all = choose.times(1 + choose.int(1), () => choose.pick(NAMES))
      const unwanted = choose.chance(30)
      const node = words(all)
      const text = `${unwanted ? '-' : ''}${all.length > 1 ? `"${all.join(' ')}"` : all[0]!}`
      return { text, node: unwanted ? { kind: 'not' as const, term: node } : node }
    }),
  )
  return {
    mode: 'web',
    text: choices.map((terms) => terms.map(({ text }) => text).join(choose.pick([' ', ' & ', ' )( ']))).join(' or '),
    node: { kind: 'or', terms: choices.map((terms) => ({ kind: 'and' as const, terms: terms.map(({ node }) => node) })) },
  }
}

function raw(choose: Draw, depth: number): { text: string; node: Node } {
  const space = () => choose.pick(['', ' '])
  const kind = depth === 0 ? 'words' : choose.pick(['words', 'and', 'or', 'not', 'and', 'or'] as const)
  if (kind === 'not') {
    const { text, node } = raw(choose, depth - 1)
    return { text: `!${space()}(${text})`, node: { kind: 'not', term: node } }
  }
  if (kind !== 'words') {
    const terms = choose.times(2 + choose.int(1), () => raw(choose, depth - 1))
    return {
      text: terms
        .map(({ text, node }) => (node.kind === 'words' ? text : `(${text})`))
        .join(`${space()}${kind === 'and' ? '&' : '|'}${space()}`),
      node: { kind, terms: terms.map(({ node }) => node) },
    }
  }
  const all = choose.times(1 + choose.int(1), () => choose.pick(NAMES))
  const prefix = choose.chance(20)
  if (choose.chance(30)) {
    const places = choose.int(3)
    const node: Node = { kind: 'words', steps: all.map((word, i) => ({ word, prefix, at: i * places })), span: (all.length - 1) * places }
    return { text: all.map((word) => `${word}${prefix ? ':*' : ''}`).join(` <${places}> `), node }
  }
  const text = choose.chance(50)
    ? `'${all.join(' ')}'${prefix ? ':*' : ''}`
    : all.map((word) => `${word}${prefix ? ':*' : ''}`).join(`${space()}<->${space()}`)
  return { text, node: words(all, prefix) }
}

const COLUMNS = ['title', 'body', 'remarks'] as const
type Row = Record<(typeof COLUMNS)[number], string[] | null> & { readonly id: string; readonly author_id: string; readonly public: boolean }

function row(choose: Draw, n: number): Row {
  const text = () => choose.times(1 + choose.int(4), () => choose.pick(NAMES))
  return {
    id: `r${n}`,
    title: text(),
    body: choose.chance(80) ? text() : null,
    remarks: choose.chance(80) ? text() : null,
    author_id: choose.pick(['ann', 'bob']),
    public: choose.chance(60),
  }
}

const db = openDatabase(library)

function searchCase(choose: Draw): void {
  db.exec('delete from articles')
  const rows = choose.times(6, (n) => row(choose, n))
  const joined = (text: string[] | null) => text && text.map((word, i) => (i === 0 ? word : `${choose.pick(GLUE)}${word}`)).join('')
  const stored = (one: Row) => ({ ...one, title: joined(one.title), body: joined(one.body), remarks: joined(one.remarks) })
  fill(db, 'articles', rows.map(stored))
  // Some change, and some go, so that the index has followed them.
  for (const one of rows.filter(() => choose.chance(30))) {
    one.title = choose.times(1 + choose.int(2), () => choose.pick(NAMES))
    db.prepare('update articles set title = ?, likes = 1 where id = ?').run(joined(one.title), one.id)
  }
  for (const one of rows.splice(0, choose.int(1))) db.prepare('delete from articles where id = ?').run(one.id)
  for (const index of ['sys_fts_articles', 'sys_fts_articles_simple'])
    db.exec(`insert into ${index}(${index}, rank) values ('integrity-check', 1)`)
  choose.times(8, () => asks(choose, rows))
}

function asks(choose: Draw, rows: readonly Row[]): void {
  const uid = choose.pick([null, 'ann', 'bob'])
  const terms = choose.times(1 + choose.int(1), () => {
    const { mode, text, node } = question(choose)
    const language = choose.pick(['english', 'simple'] as const)
    const column = choose.pick(COLUMNS)
    const negated = choose.chance(25)
    const search: Condition = {
      kind: 'search',
      target: { column },
      mode,
      config: choose.chance(30) || language === 'simple' ? language : null,
      text,
    }
    const truth = (one: Row): Truth => {
      const value = column === 'remarks' && one.author_id !== uid ? null : one[column]
      if (value === null) return null
      const found = matches(node, value, language) ?? false
      return negated ? !found : found
    }
    return { condition: negated ? ({ kind: 'not', term: search } as const) : search, truth }
  })
  const kind = choose.pick(['and', 'or'] as const)
  const outer = choose.chance(25)
  const tree: Condition = { kind, terms: terms.map(({ condition }) => condition) }
  const where: Condition = outer ? { kind: 'not', term: tree } : tree
  const judged = (one: Row) => {
    const joined = (kind === 'and' ? and : or)(terms.map(({ truth }) => truth(one)))
    return (outer ? not(joined) : joined) === true
  }
  const wanted = rows.filter((one) => (one.public || one.author_id === uid) && judged(one)).map(({ id }) => id)
  const execution: Execution = {
    principal: uid === null ? ANONYMOUS : { ...ANONYMOUS, role: 'authenticated', uid },
    now: 0,
    sessionChecked: true,
  }
  const order = [{ target: { column: 'id' }, descending: false }]
  const limit = choose.chance(30) ? { limit: 2 } : {}
  const select = [{ kind: 'column' as const, target: { column: 'id' }, as: 'id' }]
  const { rows: found, total } = ask(
    db,
    model,
    { kind: 'read', table: 'articles', select, where, order, total: 'exact', ...limit },
    execution,
  )
  const context = JSON.stringify({ uid, where, rows })
  expect(found, context).toEqual((limit.limit ? wanted.slice(0, 2) : wanted).map((id) => ({ id })))
  expect(total, context).toBe(wanted.length)
}

test('random searches find what Postgres would, for whom may read it', () => holds(FILE, 150, searchCase), 3_600_000)
