// The SQL of full-text search: names of any spelling, what the index is asked for, and where it ends.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { ANONYMOUS } from '../core'
import { anyone, app, buildModel, table } from '../define'
import library from '../../tests/apps/library'
import { ask, openDatabase, planOf, statementOf } from '../../tests/unit/database'
import type { Condition, Read } from './query'
import { MAX_SETS } from './search'

const execution = { principal: { ...ANONYMOUS, role: 'authenticated' as const, uid: 'x' }, sessionChecked: true, now: 0 }
const id = [{ kind: 'column' as const, target: { column: 'id' }, as: 'id' }]
const search = (words: string, column = 'title', config: string | null = null): Condition => ({
  kind: 'search',
  target: { column },
  mode: 'raw',
  config,
  text: words,
})
const reading = (where: Condition, rest: Partial<Read> = {}): Read => ({ kind: 'read', table: 'articles', select: id, where, ...rest })

const model = buildModel(library)
const db = openDatabase(library)
const sqlOf = (where: Condition) => {
  const { sql, params } = statementOf(model, reading(where), execution)
  return { sql, queries: params.filter((param) => typeof param === 'string' && param.startsWith('{')) }
}
const refused = (read: Read) => {
  try {
    statementOf(model, read, execution)
  } catch (error) {
    return error as Error & { occurrence: { hint?: string } }
  }
  throw new Error('nothing was refused')
}

test('tables and columns may have any name', () => {
  const names = [`a"b{}'\`-:^`, 'UNINDEXED', 'tokenize', 'select', 'é x']
  const odd = sqliteTable(`we\`ird 'tab"le`, {
    id: text('id').primaryKey(),
    n: integer('rowid'),
    a: text(names[0]!),
    b: text(names[1]!),
    c: text(names[2]!),
    d: text(names[3]!),
    e: text(names[4]!),
  })
  const rules = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
  const searchable = { columns: ['a', 'b', 'c', 'd', 'e'], language: ['english', 'simple'] } as const
  const one = app({ name: 'x', tables: [table(odd, { ...rules, searchable })] })
  const own = openDatabase(one)
  const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``
  const name = `we\`ird 'tab"le`
  own.exec(
    `insert into ${quoted(name)} (id, rowid, ${names.map(quoted).join()}) values ('1', 77, ${names.map((_, i) => `'word${i} cats'`).join()})`,
  )
  names.forEach((column, i) => {
    for (const [words, config, count] of [
      [`word${i} & cat`, 'english', 1],
      [`word${i} & cat`, 'simple', 0],
      [`word${i} & cats`, 'simple', 1],
      [`word${i + 1}`, null, 0],
    ] as const) {
      const { rows } = ask(own, buildModel(one), { ...reading(search(words, column, config)), table: name }, execution)
      expect([column, words, rows.length]).toEqual([column, words, count])
    }
  })
})

test('a query is one for the index, as far as it goes; NOT without anything beside it is a set left out', () => {
  expect(sqlOf(search('cat & !dog & (rat | mouse)')).queries).toEqual(['{"title"} : (((("rat" OR "mouse") AND "cat") NOT "dog"))'])
  expect(sqlOf(search('!cat & !dog')).queries).toEqual(['{"title"} : (("cat" OR "dog"))'])
  expect(sqlOf(search('!cat | !dog | rat')).queries).toEqual(['{"title"} : ("rat")', '{"title"} : (("cat" AND "dog"))'])
  expect(sqlOf(search('cat <-> dog:*')).queries).toEqual(['{"title"} : ("cat" + "dog" *)'])
  // Words at a distance: where each stands, by its term.
  const { sql, queries } = sqlOf(search('sat <-> on <-> the <-> mats & cat'))
  expect(queries).toEqual(['{"title"} : ("cat")'])
  expect(sql).toContain('`sys_fts_articles_terms`')
})

test('the index leads to the rows, and neither the policy nor another filter does', () => {
  const other: Condition = { kind: 'compare', target: { column: 'public' }, operator: 'eq', value: true }
  const where: Condition = { kind: 'and', terms: [other, search('cat')] }
  const plan = planOf(
    db,
    statementOf(model, reading(where, { order: [{ target: { column: 'likes' }, descending: true }], limit: 5 }), execution),
  )
  expect(plan.join('\n')).toMatch(/SEARCH t0 USING INTEGER PRIMARY KEY/)
  expect(plan.join('\n')).toMatch(/SCAN sys_fts_articles VIRTUAL TABLE INDEX/)
  expect(plan.join('\n')).not.toMatch(/articles_public/)
})

test('as many searches as D1 has room for, and a named error beyond', () => {
  const many = (count: number): Condition => ({ kind: 'or', terms: Array.from({ length: count }, (_, i) => search(`w${i}`)) })
  const page = { order: [{ target: { column: 'likes' }, descending: true }], limit: 5 }
  expect(ask(db, model, reading(many(MAX_SETS), page), execution).rows).toEqual([])
  expect(refused(reading(many(MAX_SETS + 1), page)).message).toContain(`more than ${MAX_SETS} full-text searches`)
  expect(ask(db, model, reading(many(MAX_SETS / 2), { ...page, total: 'exact' }), execution).total).toBe(0)
  expect(refused(reading(many(MAX_SETS / 2 + 1), { ...page, total: 'exact' })).message).toContain('those for a count among them')
})

test('what is not declared is told with its declaration', () => {
  expect(refused({ ...reading(search('x')), table: 'books' }).occurrence.hint).toBe(
    "Declare it in the rules of its table: searchable: ['title']",
  )
  expect(refused({ ...reading(search('x', 'title', 'simple')), table: 'books' }).occurrence.hint).toContain(
    "searchable: { columns: ['title'], language: ['simple'] }",
  )
})
