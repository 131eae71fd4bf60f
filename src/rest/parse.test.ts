import { describe, expect, test } from 'vitest'
import { AppError } from '../core'
import { parseFlatArrayLiteral } from '../query'
import { parseFilter, parseLogic } from './filter'
import { parsePairs, parseParameters } from './parameters'
import { parseOrder, parseSelect } from './select'

const a = { column: 'a' }
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) return error.definition.postgrest
    throw error
  }
  return undefined
}

describe('filters', () => {
  test.each([
    ['eq.1', { kind: 'compare', target: a, operator: 'eq', value: '1' }],
    ['eq."x"', { kind: 'compare', target: a, operator: 'eq', value: '"x"' }],
    ['eq.', { kind: 'compare', target: a, operator: 'eq', value: '' }],
    ['eq.a.b,c)', { kind: 'compare', target: a, operator: 'eq', value: 'a.b,c)' }],
    ['isdistinct.null', { kind: 'compare', target: a, operator: 'isdistinct', value: 'null' }],
    ['not.lt.5', { kind: 'not', term: { kind: 'compare', target: a, operator: 'lt', value: '5' } }],
    ['like.*x*', { kind: 'like', target: a, pattern: '%x%', ignoreCase: false }],
    ['ilike.%x_', { kind: 'like', target: a, pattern: '%x_', ignoreCase: true }],
    ['is.NULL', { kind: 'is', target: a, value: 'null' }],
    ['not.is.null', { kind: 'not', term: { kind: 'is', target: a, value: 'null' } }],
    ['in.(1,2)', { kind: 'in', target: a, values: ['1', '2'] }],
    ['in.()', { kind: 'in', target: a, values: [] }],
    ['in.(   )', { kind: 'in', target: a, values: [] }],
    ['in.( 1,2)', { kind: 'in', target: a, values: ['1', '2'] }],
    ['in.("a,b","c\\"d",e f)', { kind: 'in', target: a, values: ['a,b', 'c"d', 'e f'] }],
    ['in.("a"b,c")', { kind: 'in', target: a, values: ['"a"b', 'c"'] }],
    ['in.("")', { kind: 'in', target: a, values: [''] }],
    ['like(any).{a*,"b,c"}', { kind: 'quantified', target: a, operator: 'like', quantifier: 'any', values: ['a%', 'b,c'] }],
    ['wfts(english).x y', { kind: 'search', target: a, mode: 'web', config: 'english', text: 'x y' }],
    ['fts.x', { kind: 'search', target: a, mode: 'raw', config: null, text: 'x' }],
    ['cs.{a,b}', { kind: 'contain', target: a, operator: 'contains', value: '{a,b}' }],
    ['cs.{"k":1}', { kind: 'contain', target: a, operator: 'contains', value: '{"k":1}' }],
    ['ov.[1,5)', { kind: 'contain', target: a, operator: 'overlaps', value: '[1,5)' }],
    ['sl.[1,5)', { kind: 'range', target: a, operator: 'sl', value: '[1,5)' }],
  ])('%s', (text, condition) => {
    expect(parseFilter(a, text)).toEqual(condition)
  })

  test.each([
    '',
    '1',
    'eq',
    'EQ.1',
    'eqq.1',
    'neq(any).{1}',
    'eq(some).{1}',
    'in.1',
    'in.(1',
    'in.(1)x',
    'is.nil',
    'not.1',
    'not.not.eq.1',
    'eq(any).1',
    'constructor.1',
    'toString.1',
    '__proto__.1',
  ])('%j is refused as PGRST100', (text) => {
    expect(codeOf(() => parseFilter(a, text))).toBe('PGRST100')
  })

  test('a tree reads nesting, negation, quotes, braces and JSON paths', () => {
    expect(parseLogic('or', false, '(a.eq."x,y",not.and(b->>c.is.null,b.in.(1,2)),c.eq(any).{1,2})')).toEqual({
      kind: 'or',
      terms: [
        { kind: 'compare', target: a, operator: 'eq', value: 'x,y' },
        {
          kind: 'not',
          term: {
            kind: 'and',
            terms: [
              { kind: 'is', target: { column: 'b', path: [{ key: 'c', asText: true }] }, value: 'null' },
              { kind: 'in', target: { column: 'b' }, values: ['1', '2'] },
            ],
          },
        },
        { kind: 'quantified', target: { column: 'c' }, operator: 'eq', quantifier: 'any', values: ['1', '2'] },
      ],
    })
    const spaced = ' ( not.and ( a.eq.1 , b.in.( 1,2) ) , or (c.is.null) ) )'
    expect(parseLogic('and', false, spaced)).toEqual(parseLogic('and', false, '(not.and(a.eq.1 ,b.in.(1,2)),or(c.is.null))'))
    expect(codeOf(() => parseLogic('or', false, '(a.eq.1'))).toBe('PGRST100')
    expect(codeOf(() => parseLogic('or', false, '(a.eq.1)x'))).toBe('PGRST100')
    expect(codeOf(() => parseLogic('or', false, '()'))).toBe('PGRST100')
  })

  test('fifty levels are read and fifty-one are refused', () => {
    const nested = (levels: number) => '(' + 'and('.repeat(levels - 1) + 'a.eq.1' + ')'.repeat(levels)
    expect(codeOf(() => parseLogic('and', false, nested(50)))).toBeUndefined()
    expect(codeOf(() => parseLogic('and', false, nested(51)))).toBe('54001')
    expect(codeOf(() => parseLogic('and', false, nested(5000)))).toBe('54001')
  })

  test('array literals know NULL, quotes and escapes', () => {
    expect(parseFlatArrayLiteral('{}')).toEqual([])
    expect(parseFlatArrayLiteral('{a, "b,c" ,NULL,"NULL","d\\"e"}')).toEqual(['a', 'b,c', null, 'NULL', 'd"e'])
    expect(parseFlatArrayLiteral('a,b')).toBeNull()
    expect(parseFlatArrayLiteral('{a,"b}')).toBeNull()
  })
})

describe('select', () => {
  test.each([
    ['', [{ kind: 'all' }]],
    ['*', [{ kind: 'all' }]],
    [
      'a,b',
      [
        { kind: 'column', target: a, as: 'a' },
        { kind: 'column', target: { column: 'b' }, as: 'b' },
      ],
    ],
    ['x:a', [{ kind: 'column', target: a, as: 'x' }]],
    ['a::text', [{ kind: 'column', target: a, as: 'a', cast: 'text' }]],
    ['x:a::int', [{ kind: 'column', target: a, as: 'x', cast: 'integer' }]],
    ['"odd, name"', [{ kind: 'column', target: { column: 'odd, name' }, as: 'odd, name' }]],
    [
      'a->b->>c',
      [
        {
          kind: 'column',
          target: {
            column: 'a',
            path: [
              { key: 'b', asText: false },
              { key: 'c', asText: true },
            ],
          },
          as: 'c',
        },
      ],
    ],
    ['a->0', [{ kind: 'column', target: { column: 'a', path: [{ key: 0, asText: false }] }, as: 'a' }]],
    [
      'a->b->-1',
      [
        {
          kind: 'column',
          target: {
            column: 'a',
            path: [
              { key: 'b', asText: false },
              { key: -1, asText: false },
            ],
          },
          as: 'b',
        },
      ],
    ],
    ['count()', [{ kind: 'aggregate', function: 'count', as: 'count' }]],
    ['n:a.sum()::text', [{ kind: 'aggregate', function: 'sum', target: a, as: 'n', cast: 'text' }]],
    ['r(*)', [{ kind: 'embed', name: 'r', alias: null, hint: null, join: 'left', spread: false, select: [{ kind: 'all' }] }]],
    ['r()', [{ kind: 'embed', name: 'r', alias: null, hint: null, join: 'left', spread: false, select: [] }]],
    [
      'x:r!h!inner(a)',
      [{ kind: 'embed', name: 'r', alias: 'x', hint: 'h', join: 'inner', spread: false, select: [{ kind: 'column', target: a, as: 'a' }] }],
    ],
    [
      'r!inner!h(a)',
      [
        {
          kind: 'embed',
          name: 'r',
          alias: null,
          hint: 'h',
          join: 'inner',
          spread: false,
          select: [{ kind: 'column', target: a, as: 'a' }],
        },
      ],
    ],
    [
      '...r(a)',
      [{ kind: 'embed', name: 'r', alias: null, hint: null, join: 'left', spread: true, select: [{ kind: 'column', target: a, as: 'a' }] }],
    ],
  ])('%s', (text, nodes) => {
    expect(parseSelect(text)).toEqual(nodes)
  })

  test("what stands behind ->> is Postgres' operator that is not there", () => {
    expect(codeOf(() => parseSelect('a->>b->c'))).toBe('42883')
    expect(codeOf(() => parseOrder('a->>b->>0'))).toBe('42883')
  })

  test.each([',', 'a,', 'a b(', 'r(', 'r(a', 'r(a))', 'a->', 'a.median()', 'a.sum', '"a', ':a', '!x(a)', 'a;drop', "a'"])(
    '%j is refused as PGRST100',
    (text) => {
      expect(codeOf(() => parseSelect(text))).toBe('PGRST100')
    },
  )

  test('an unknown type to cast to is refused by name', () => {
    expect(codeOf(() => parseSelect('a::geometry'))).toBe('42704')
    expect(codeOf(() => parseSelect('a::constructor'))).toBe('42704')
  })

  test('ten embeds inside one another are read and eleven are refused', () => {
    const nested = (levels: number) => 'r('.repeat(levels) + 'a' + ')'.repeat(levels)
    expect(codeOf(() => parseSelect(nested(10)))).toBeUndefined()
    expect(codeOf(() => parseSelect(nested(11)))).toBe('PGRST100')
    expect(codeOf(() => parseSelect('r('.repeat(5000)))).toBe('PGRST100')
  })
})

describe('order', () => {
  test('terms name direction, nulls, JSON paths and related rows', () => {
    expect(parseOrder('a,b.desc,c.asc.nullsfirst,d.nullslast,e->>f.desc,r(a).desc')).toEqual([
      { target: a, descending: false },
      { target: { column: 'b' }, descending: true },
      { target: { column: 'c' }, descending: false, nulls: 'first' },
      { target: { column: 'd' }, descending: false, nulls: 'last' },
      { target: { column: 'e', path: [{ key: 'f', asText: true }] }, descending: true },
      { target: a, descending: true, embed: 'r' },
    ])
  })

  test.each(['a.up', 'a.DESC', 'a.desc.first', ',', 'a,,b', 'r(a'])('%j is refused as PGRST100', (text) => {
    expect(codeOf(() => parseOrder(text))).toBe('PGRST100')
  })
})

describe('parameters', () => {
  const parameters = (search: string) => parseParameters(parsePairs(search))

  test('each key is told apart by its last part', () => {
    const read = parameters(
      'select=a&a=eq.1&r.a=gt.2&or=(a.eq.1)&r.not.and=(a.eq.1)&not.r.or=(a.eq.1)&order=a&r.order=b&limit=5&r.limit=2&offset=x&r.s.offset=3&columns=a,"b c"&on_conflict=a',
    )
    expect(read.filters.map(({ path, value }) => [path.join('.'), value.kind])).toEqual([
      ['', 'compare'],
      ['r', 'compare'],
      ['', 'or'],
      ['r', 'not'],
      ['r', 'not'],
    ])
    expect(read.orders.map(({ path }) => path.join('.'))).toEqual(['', 'r'])
    expect(read.limits).toEqual([
      { path: [], value: 5 },
      { path: ['r'], value: 2 },
    ])
    expect(read.offsets).toEqual([{ path: ['r', 's'], value: 3 }])
    expect(read.columns).toEqual(['a', 'b c'])
    expect(read.conflict).toEqual(['a'])
  })

  test('text is decoded as UTF-8, plus is a space, and a lone percent sign stands for itself', () => {
    expect(parsePairs('a=eq.%C3%A9+x&b=like.100%&c')).toEqual([
      ['a', 'eq.é x'],
      ['b', 'like.100%'],
    ])
    expect(codeOf(() => parsePairs('a=eq.%ff'))).toBe('PGRST100')
    expect(codeOf(() => parsePairs('a=eq.%00'))).toBe('22021')
  })

  test('a huge limit stays an integer, and a negative one is told apart', () => {
    expect(parameters(`limit=${'9'.repeat(400)}`).limits[0]?.value).toBe(2 ** 50)
    expect(parameters('limit=-5').limits[0]?.value).toBe(-1)
  })

  test.each(['=eq.1', '.a=eq.1', 'a.=eq.1', 'a..b=eq.1', 'a;b=eq.1', 'order.order.order..order=a', 'and=x', 'or=(', '%22a=eq.1'])(
    '%s is refused as PGRST100',
    (search) => {
      expect(codeOf(() => parameters(search))).toBe('PGRST100')
    },
  )
})
