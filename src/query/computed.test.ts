// Columns that are computed when they are asked for, on SQLite itself.
import { blob, integer, numeric, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ask, fill, openDatabase, statementOf } from '../../tests/unit/database'
import { ANONYMOUS, SERVICE, type AppError, type Principal } from '../core'
import { anyone, app, buildModel, checkApp, describeValue, nobody, owner, table, type ComputedRule } from '../define'
import type { Condition, OrderTerm, Read, SelectItem } from './query'

const people = sqliteTable('people', {
  id: text('id').primaryKey(),
  firstName: text('first'),
  last: text('last'),
  secret: text('secret'),
  born: integer('born', { mode: 'timestamp' }),
  seen: integer('seen', { mode: 'timestamp_ms' }),
  coins: integer('coins'),
  weight: real('weight'),
  price: numeric('price'),
  extra: text('extra', { mode: 'json' }),
  photo: blob('photo', { mode: 'buffer' }),
})
const gifts = sqliteTable('gifts', { id: text('id').primaryKey(), personId: text('person_id'), worth: integer('worth') })

type Rules = Record<string, ComputedRule<typeof people>>
const closed = { insert: nobody(), update: nobody(), delete: nobody() }
const declare = (computed: Rules) =>
  app({
    name: 'x',
    tables: [
      table(people, { read: anyone(), ...closed, columns: { secret: { read: owner(people.id) } }, computed }),
      // Nobody reads a gift, but everybody may know how many there are.
      table(gifts, { read: nobody(), ...closed }),
    ],
  })

const rules: Rules = {
  full_name: { type: 'text', value: ({ row, concat }) => concat(row.firstName, ' ', row.last) },
  richer: { type: 'integer', value: ({ row, add }) => add(row.coins, 1) },
  half: { type: 'real', value: ({ row, div }) => div(row.coins, 2) },
  rounded: { type: 'integer', value: ({ row, div }) => div(row.coins, 2) },
  rest: { type: 'integer', value: ({ row, mod }) => mod(row.coins, 3) },
  dear: { type: 'real', value: ({ row, mul, coalesce }) => mul(coalesce(row.price as never as typeof row.coins, 0), 2) },
  nothing: { type: 'real', value: ({ row, div, sub }) => div(row.coins, sub(row.coins, row.coins)) },
  loud: { type: 'text', value: ({ row, upper, trim, concat }) => upper(trim(concat(' ', row.firstName, ' '))) },
  initial: { type: 'text', value: ({ row, substr }) => substr(row.firstName, 1, 1) },
  letters: { type: 'integer', value: ({ row, length }) => length(row.firstName) },
  wait: { type: 'integer', value: ({ row, sub }) => sub(row.seen, row.born) },
  later: { type: 'timestamp', value: ({ row, add }) => add(row.born, 1500) },
  birthday: { type: 'timestamp', value: ({ row }) => row.born },
  rich: { type: 'boolean', value: ({ row, gt }) => gt(row.coins, 5) },
  mine: { type: 'boolean', value: ({ row, auth, eq }) => eq(row.id, auth.uid) },
  size: { type: 'text', value: ({ row, when, gt }) => when(gt(row.coins, 5), 'big', 'small') },
  revealed: { type: 'text', value: ({ row, concat, coalesce }) => concat('<', coalesce(row.secret, '?'), '>') },
  knows: { type: 'boolean', value: ({ row, isNotNull }) => isNotNull(row.secret) },
  gifts: { type: 'integer', value: ({ row, count, eq }) => count(gifts, (g) => eq(g.personId, row.id)) },
  worth: {
    type: 'integer',
    value: ({ row, sum, eq }) =>
      sum(
        gifts,
        (g) => g.worth,
        (g) => eq(g.personId, row.id),
      ),
  },
  best: {
    type: 'integer',
    value: ({ row, max, eq }) =>
      max(
        gifts,
        (g) => g.worth,
        (g) => eq(g.personId, row.id),
      ),
  },
  given: { type: 'boolean', value: ({ row, exists, eq }) => exists(gifts, (g) => eq(g.personId, row.id)) },
  plan: { type: 'text', value: ({ row, json }) => json(row.extra, 'plan') },
  extra_plan: { type: 'json', value: ({ row, json }) => json(row.extra, 'plan') },
  age: { type: 'integer', value: ({ row, now, sub, round, div }) => round(div(sub(now, row.born), 1000)) },
  private_note: { type: 'text', value: ({ row }) => row.last, read: owner(people.id) },
  // By a row, by the caller, and by the clock.
  last_seen: { type: 'text', value: ({ row, concat, coalesce }) => concat('at ', coalesce(row.seen, row.born)) },
  own_time: { type: 'text', value: ({ row, concat, when, auth, eq }) => concat(when(eq(auth.uid, 'ann'), row.born, row.seen)) },
  moment: {
    type: 'text',
    value: ({ row, concat, coalesce, now, when, gt }) => concat(when(gt(row.coins, 5), coalesce(now, row.born), 0 as never)),
  },
  unseen: { type: 'text', value: ({ row }) => row.last, hidden: true },
}
const library = declare(rules)
const model = buildModel(library)
const db = openDatabase(library)
fill(db, 'people', [
  {
    id: 'ann',
    first: 'Ann',
    last: 'Lee',
    secret: 'sss',
    born: 1000,
    seen: 1_000_250,
    coins: 7,
    weight: 1.5,
    price: '2.50',
    extra: { plan: 'pro' },
  },
  { id: 'bob', first: 'Bøb', last: null, secret: 'ttt', born: null, seen: 5, coins: 4, extra: { plan: { a: [1] } } },
  { id: 'cyd', first: null, last: null, coins: null },
])
fill(db, 'gifts', [
  { id: 'g1', person_id: 'ann', worth: 5 },
  { id: 'g2', person_id: 'ann', worth: 9 },
  { id: 'g3', person_id: 'bob', worth: null },
])

const NOW = Date.UTC(2026, 0, 2)
const ann: Principal = { ...ANONYMOUS, uid: 'ann', role: 'authenticated', sessionId: 's' }
const as = (principal: Principal) => ({ principal, now: NOW, sessionChecked: true })
const column = (name: string): SelectItem => ({ kind: 'column', target: { column: name }, as: name })
const read = (select: readonly SelectItem[], rest: Partial<Read> = {}): Read => ({ kind: 'read', table: 'people', select, ...rest })
const rows = (query: Read, principal: Principal = ANONYMOUS) => ask(db, model, query, as(principal)).rows
/** The column's values for ann, bob and cyd. */
const values = (name: string, principal: Principal = ANONYMOUS): unknown[] =>
  rows(read([column(name)], { order: [{ target: { column: 'id' }, descending: false }] }), principal).map(
    (row) => (row as Record<string, unknown>)[name],
  )
const found = (where: Condition, principal: Principal = ANONYMOUS): unknown[] =>
  rows(read([column('id')], { where, order: [{ target: { column: 'id' }, descending: false }] }), principal).map(
    (row) => (row as { id: string }).id,
  )
const refusal = (query: Read): string => {
  try {
    statementOf(model, query, as(ANONYMOUS))
    return 'none'
  } catch (error) {
    return (error as AppError).definition?.postgrest ?? String(error)
  }
}
const equals = (name: string, value: string): Condition => ({ kind: 'compare', target: { column: name }, operator: 'eq', value })

describe('the words', () => {
  test.each<[string, unknown[]]>([
    ['full_name', ['Ann Lee', 'Bøb ', ' ']],
    ['richer', [8, 5, null]],
    ['half', [3.5, 2, null]],
    ['rounded', [4, 2, null]],
    ['rest', [1, 1, null]],
    ['dear', [5, 0, 0]],
    ['nothing', [null, null, null]],
    ['loud', ['ANN', 'BøB', '']],
    ['initial', ['A', 'B', null]],
    ['letters', [3, 3, null]],
    ['wait', [250, null, null]],
    ['later', ['1970-01-01T00:16:41.500+00:00', null, null]],
    ['birthday', ['1970-01-01T00:16:40.000+00:00', null, null]],
    ['rich', [true, false, null]],
    ['size', ['big', 'small', 'small']],
    ['gifts', [2, 1, 0]],
    ['worth', [14, null, null]],
    ['best', [9, null, null]],
    ['given', [true, true, false]],
    ['plan', ['pro', null, null]],
    ['extra_plan', ['pro', { a: [1] }, null]],
    ['age', [NOW / 1000 - 1000, null, null]],
    ['last_seen', ['at 1970-01-01T00:16:40.250+00:00', 'at 1970-01-01T00:00:00.005+00:00', 'at ']],
    ['own_time', ['1970-01-01T00:16:40.250+00:00', '1970-01-01T00:00:00.005+00:00', '']],
    ['moment', ['2026-01-02T00:00:00.000+00:00', '0', '0']],
  ])('%s', (name, expected) => {
    expect(values(name)).toEqual(expected)
  })

  test('are described as they were written', () => {
    const said = (name: string) => describeValue(model, model.tables.get('people')!.computed.get(name)!.computed!)
    expect(said('full_name')).toBe("concat(row.firstName, ' ', row.last)")
    expect(said('size')).toBe("when(gt(row.coins, 5), 'big', 'small')")
    expect(said('worth')).toBe('sum(gifts, (g) => g.worth, (g) => eq(g.personId, row.id))')
    expect(said('mine')).toBe('eq(row.id, auth.uid)')
  })
})

describe('a computed column', () => {
  test('is no part of `*`, and is found by name', () => {
    expect(Object.keys(rows(read([{ kind: 'all' }]))[0] as object)).not.toContain('full_name')
    expect(rows(read([{ kind: 'all' }, column('full_name')], { limit: 1 }))[0]).toMatchObject({ id: 'ann', full_name: 'Ann Lee' })
  })

  test('is filtered by the type it has, whatever the client sends as text', () => {
    expect(found(equals('richer', '8'))).toEqual(['ann'])
    expect(found({ kind: 'in', target: { column: 'richer' }, values: ['5', '8'] })).toEqual(['ann', 'bob'])
    expect(found(equals('rich', 'true'))).toEqual(['ann'])
    expect(found({ kind: 'is', target: { column: 'rich' }, value: 'unknown' })).toEqual(['cyd'])
    expect(found(equals('later', '1970-01-01T00:16:41.5Z'))).toEqual(['ann'])
    expect(found({ kind: 'like', target: { column: 'full_name' }, pattern: 'bø%', ignoreCase: true })).toEqual(['bob'])
    expect(found(equals('half', '3.5'))).toEqual(['ann'])
    expect(found({ kind: 'or', terms: [equals('gifts', '0'), equals('worth', '14')] })).toEqual(['ann', 'cyd'])
    expect(
      found({
        kind: 'compare',
        target: {
          column: 'extra_plan',
          path: [
            { key: 'a', asText: false },
            { key: 0, asText: true },
          ],
        },
        operator: 'eq',
        value: '1',
      }),
    ).toEqual(['bob'])
  })

  test('is ordered by, and a cursor goes by it', () => {
    const order: OrderTerm[] = [{ target: { column: 'gifts' }, descending: true }]
    const ids = (rest: Partial<Read>) => rows(read([column('id')], { order, ...rest })).map((row) => (row as { id: string }).id)
    expect(ids({ limit: 2 })).toEqual(['ann', 'bob'])
    expect(ids({ after: ['1', 'bob'] })).toEqual(['cyd'])
    expect(ids({ before: ['0', 'cyd'], limit: 1 })).toEqual(['bob'])
    const byAge: OrderTerm[] = [{ target: { column: 'age' }, descending: false }]
    expect(refusal(read([column('id')], { order: byAge, after: ['1', 'x'] }))).toBe('PGRST127')
  })

  test('is aggregated, grouped by, and cast', () => {
    expect(rows(read([{ kind: 'aggregate', function: 'sum', target: { column: 'gifts' }, as: 'all' }]))).toEqual([{ all: 3 }])
    const grouped = read([column('given'), { kind: 'aggregate', function: 'count', as: 'n' }], {
      order: [{ target: { column: 'given' }, descending: true }],
    })
    expect(rows(grouped)).toEqual([
      { given: true, n: 2 },
      { given: false, n: 1 },
    ])
    expect(rows(read([{ kind: 'column', target: { column: 'gifts' }, as: 'g', cast: 'text' }], { limit: 1 }))).toEqual([{ g: '2' }])
  })

  test('sees a column of the row as the caller does', () => {
    expect(values('revealed')).toEqual(['<?>', '<?>', '<?>'])
    expect(values('revealed', ann)).toEqual(['<sss>', '<?>', '<?>'])
    expect(values('knows', ann)).toEqual([true, false, false])
    expect(found(equals('revealed', '<ttt>'), ann)).toEqual([])
    expect(values('revealed', SERVICE)).toEqual(['<sss>', '<ttt>', '<?>'])
  })

  test('knows the caller, and is NULL where nothing is known', () => {
    expect(values('mine', ann)).toEqual([true, false, false])
    expect(values('mine')).toEqual([null, null, null])
    expect(found(equals('mine', 'true'), ann)).toEqual(['ann'])
  })

  test('may have a rule of its own, or be hidden', () => {
    expect(values('private_note', ann)).toEqual(['Lee', null, null])
    expect(found({ kind: 'is', target: { column: 'private_note' }, value: 'not_null' })).toEqual([])
    expect(refusal(read([column('unseen')]))).toBe('42703')
    expect(refusal(read([column('id')], { where: equals('unseen', 'Lee') }))).toBe('42703')
    expect(refusal(read([column('id')], { order: [{ target: { column: 'unseen' }, descending: false }] }))).toBe('42703')
  })

  test('gives the same SQL each time, unless it asks for the time', () => {
    const sql = (name: string, now: number) => JSON.stringify(statementOf(model, read([column(name)]), { ...as(ann), now }))
    expect(sql('gifts', 1)).toBe(sql('gifts', 2))
    expect(sql('age', 1)).not.toBe(sql('age', 2))
  })
})

describe('checkApp', () => {
  const problems = (computed: Rules) => checkApp(declare(computed)).map(({ message }) => message)

  test.each<[string, Rules, RegExp]>([
    ['a name that is taken', { first: { type: 'text', value: ({ row }) => row.last } }, /"first": the table has a column of that name/],
    ['a name nobody could write', { 'a b': { type: 'text', value: ({ row }) => row.last } }, /can't be the name of a column/],
    ['a column that is not there', { x: { type: 'text', value: ({ row }) => (row as never)['nope'] } }, /has no column "nope"/],
    ['a type that is not known', { x: { type: 'money' as 'text', value: ({ row }) => row.last } }, /the type "money" isn't known/],
    [
      'a value of another type',
      { x: { type: 'integer', value: (({ row }: { row: { last: unknown } }) => row.last) as never } },
      /its value is a text/,
    ],
    [
      'a text among numbers',
      { x: { type: 'integer', value: ({ row, add }) => add(row.last as never, 1) } },
      /`add` takes numbers and times only/,
    ],
    [
      'two kinds in one choice',
      { x: { type: 'text', value: ({ row, when, always }) => when(always, row.last, 5 as never) } },
      /`when` mixes/,
    ],
    ['nothing', { x: { type: 'text', value: (() => undefined) as never } }, /returns nothing/],
    ['bytes', { x: { type: 'text', value: ({ row }) => row.photo as never } }, /bytes or a range/],
    ['bytes in a text', { x: { type: 'text', value: ({ row, concat }) => concat(row.photo) } }, /takes no bytes/],
    ['a place that is no place', { x: { type: 'text', value: ({ row, substr }) => substr(row.last, 0) } }, /start of `substr`/],
  ])('refuses %s', (_, computed, message) => {
    expect(problems(computed)[0]).toMatch(message)
  })

  test('counts `exists` and related rows together, four deep', () => {
    const nested = (depth: number): Rules => ({
      x: {
        type: 'integer',
        value: ({ count, eq, always }) => {
          const inner = (left: number): ReturnType<typeof count> => count(gifts, () => (left === 1 ? always : eq(inner(left - 1), 1)))
          return inner(depth)
        },
      },
    })
    expect(problems(nested(4))).toEqual([])
    expect(problems(nested(5))[0]).toMatch(/`count` nests more than 4 deep/)
  })

  test('refuses values nested too deep for the database', () => {
    const nested = (depth: number): Rules => ({
      x: {
        type: 'integer',
        value: ({ row, abs }) => Array.from({ length: depth }).reduce<typeof row.coins>((of) => abs(of), row.coins) as never,
      },
    })
    expect(problems(nested(12))).toEqual([])
    expect(problems(nested(13))[0]).toMatch(/nest more than 12 deep/)
  })
})

test('the deepest value that is let through is answered at every depth of embeds', () => {
  const nested: ComputedRule<typeof people> = {
    type: 'text',
    value: ({ row, when, gt, concat }) =>
      Array.from({ length: 5 }).reduce<ReturnType<typeof concat>>((of) => when(gt(row.coins, 5), 'a', concat(of, 'x')), concat('b')),
  }
  const declared = app({
    name: 'x',
    tables: [
      table(people, {
        read: ({ row, auth, or, eq, isNotNull }) => or(isNotNull(row.id), eq(row.id, auth.uid)),
        ...closed,
        computed: { nested },
        relations: () => ({ self: { to: people, kind: 'to-one', on: [[people.id, people.id]] } }),
      }),
    ],
  })
  const deep = buildModel(declared)
  const store = openDatabase(declared)
  fill(store, 'people', [{ id: 'a', coins: 1 }])
  const relationship = deep.tables.get('people')!.relationships[0]!
  let select: SelectItem[] = [column('nested')]
  for (let depth = 0; depth <= 10; depth++) {
    const { rows: found } = ask(store, deep, read(select, { order: [{ target: { column: 'nested' }, descending: false }] }), as(ANONYMOUS))
    expect(JSON.stringify(found)).toContain('"nested":"bxxxxx"')
    select = [{ kind: 'embed', relationship, as: 'self', join: 'left', spread: false, silent: false, select }]
  }
})
