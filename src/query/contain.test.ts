import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contains, order, overlaps } from '../../tests/fuzz/jsonb'
import { run } from '../../tests/unit/database'
import { compare, db, ids, model, read, refusal } from '../../tests/unit/journal'
import { SERVICE } from '../core'
import { containSql } from './contain'
import { compileContext } from './context'
import { jsonSign } from './json-order'
import { MAX_JSON_VALUES, parseJsonValue } from './json-value'
import type { Condition } from './query'
import { bind, render, sql, type Sql } from './sql'

const context = () => compileContext(model, { principal: SERVICE, now: 0 })
const value = (expression: Sql): unknown => run(db, render(sql`select ${expression} as v`))[0]!['v']
const says = (operator: 'contains' | 'containedBy' | 'overlaps', held: string | null, text: string): unknown =>
  value(containSql(context(), bind(held), [], operator, text))
const cs = (held: string | null, text: string) => says('contains', held, text)
const cd = (held: string | null, text: string) => says('containedBy', held, text)
const ov = (held: string | null, text: string) => says('overlaps', held, text)
const sign = (held: string, text: string) => value(jsonSign(context(), { value: bind(held), path: bind('$') }, parseJsonValue(text)))

describe('containment', () => {
  test("holds in the cases of Postgres' manual", () => {
    const cases: readonly (readonly [held: string, text: string, truth: number])[] = [
      ['"foo"', '"foo"', 1],
      ['[1, 2, 3]', '[1, 3]', 1],
      ['[1, 2, 3]', '[3, 1]', 1],
      ['[1, 2, 3]', '[1, 2, 2]', 1],
      ['{"product": "PostgreSQL", "version": 9.4, "jsonb": true}', '{"version": 9.4}', 1],
      ['[1, 2, [1, 3]]', '[1, 3]', 0],
      ['[1, 2, [1, 3]]', '[[1, 3]]', 1],
      ['{"foo": {"bar": "baz"}}', '{"bar": "baz"}', 0],
      ['{"foo": {"bar": "baz"}}', '{"foo": {}}', 1],
      ['["foo", "bar"]', '"bar"', 1],
      ['"bar"', '["bar"]', 0],
      ['{"x": ["a"]}', '{"x": "a"}', 0],
      ['[["a"]]', '"a"', 0],
      ['[{"a": 1, "b": [2, 3]}, {"a": 2}]', '[{"b": [3]}, {"a": 2}]', 1],
      ['[{"a": 1, "b": [2, 3]}]', '[{"a": 1, "b": [4]}]', 0],
      ['{"n": 1.0}', '{"n": 1}', 1],
      ['{"n": 9007199254740993}', '{"n": 9007199254740992}', 0],
      ['{"n": "1"}', '{"n": 1}', 0],
      ['{"n": "[1]"}', '{"n": [1]}', 0],
      ['["[1]", "{}"]', '[[1]]', 0],
      ['[null, false]', '[null]', 1],
      ['[false]', '[null]', 0],
      ['{"a": null}', '{"a": null}', 1],
      ['{}', '{"a": null}', 0],
      ['{"odd \\"key\\"": {"a.b": 1}}', '{"odd \\"key\\"": {"a.b": 1}}', 1],
    ]
    for (const [held, text, truth] of cases) {
      expect([held, text, cs(held, text)]).toEqual([held, text, truth])
      expect([held, text, cd(text, held)]).toEqual([held, text, truth])
    }
  })

  test('NULL contains nothing and is contained in nothing, neither TRUE nor FALSE', () => {
    for (const text of ['{}', '[]', '1', '{"a":1}', '{a}'])
      expect([cs(null, text), cd(null, text), ov(null, '{a}')]).toEqual([null, null, null])
  })

  test('the elements of an array literal have the type of what they meet', () => {
    for (const held of ['["1","2","3"]', '[1,2,3]', '[1.0,2,3]'])
      expect([held, cs(held, '{1,3}'), ov(held, '{3,9}'), cd(held, '{3,2,1,0}')]).toEqual([held, 1, 1, 1])
    expect([cs('["1"]', '{1,2}'), ov('[1]', '{2}'), cd('[1,5]', '{1}'), cs('["01"]', '{1}'), cs('[1]', '{01}')]).toEqual([0, 0, 0, 0, 1])
    expect([cs('[true,false]', '{t,false}'), cs('["true"]', '{true}'), cs('["t"]', '{true}')]).toEqual([1, 1, 0])
    expect([
      cs('["a","b c","d,e"]', '{a,"b c","d,e"}'),
      cs('["NULL"]', '{"NULL"}'),
      cs('[null]', '{NULL}'),
      cd('[null]', '{NULL}'),
    ]).toEqual([1, 1, 0, 0])
    expect([cs('[]', '{}'), cs('{}', '{}'), cs('"a"', '{}'), cd('[]', '{}'), cd('[1]', '{}'), cd('{}', '{}'), ov('[1]', '{}')]).toEqual([
      1, 1, 0, 1, 0, 1, 0,
    ])
    expect([cs('{"a":1}', '{a}'), cd('{"a":1}', '{a}'), ov('{"a":1}', '{a}')]).toEqual([0, 0, 0])
  })

  test('overlap is of lists', () => {
    expect([
      ov('[1,[2],{"a":1,"b":2}]', '[[2]]'),
      ov('[{"a":1,"b":2}]', '[{"b":2.0,"a":1}]'),
      ov('[{"a":1}]', '[{}]'),
      ov('["a"]', '["b","a"]'),
    ]).toEqual([1, 1, 0, 1])
    expect(() => ov('[1]', '1')).toThrow('malformed array literal: "1"')
  })

  const scalar = fc.constantFrom<unknown>(null, true, false, 0, 1, 1.5, '', 'a', 'b', '1', '[1]', '{"a":1}', 'é')
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalar,
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'aa', 'a"b', 'é'), tie('json'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }))

  test('random JSON is contained, overlaps and is ordered as the manual says', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [held, text] = [JSON.stringify(a), JSON.stringify(b)]
        if (text === '{}') return
        expect(cs(held, text)).toBe(Number(contains(a, b)))
        expect(cd(held, text)).toBe(Number(contains(b, a)))
        if (Array.isArray(b)) expect(ov(held, text)).toBe(Number(overlaps(a, b)))
        expect(sign(held, text)).toBe(order(a, b))
      }),
      { numRuns: 400, seed: 4 },
    )
  })
})

describe('JSON filters', () => {
  const contain = (text: string, path: readonly string[] = []): Condition => ({
    kind: 'contain',
    target: { column: 'data', path: path.map((key) => ({ key, asText: false })) },
    operator: 'contains',
    value: text,
  })

  test('reach into a column and into places in it', () => {
    expect(ids('trips', contain('{"tags":["b"]}'))).toEqual(['t1'])
    expect(ids('trips', contain('{b,a}', ['tags']))).toEqual(['t1'])
    expect(ids('trips', contain('"n"', ['deep', 'name']))).toEqual(['t1'])
    expect(ids('trips', { kind: 'not', term: contain('{b,a}', ['tags']) })).toEqual([])
  })

  test('are refused on text and on what is no JSON', () => {
    const on = (column: string, text = '{a}', path: { key: string; asText: boolean }[] = []): string =>
      refusal(read('trips', { where: { kind: 'contain', target: { column, path }, operator: 'overlaps', value: text } }))
    expect([
      on('title'),
      on('data', '{a}', [{ key: 'tags', asText: true }]),
      on('nope'),
      on('data', 'nope'),
      on('data', '{a'),
      on('data', '["\\ud800"]'),
    ]).toEqual(['42883', '42883', '42703', '22P02', '22P02', '22P02'])
  })

  test('a place where there is nothing neither equals a value nor differs from it', () => {
    const at = (operator: 'eq' | 'neq' | 'isdistinct'): Condition => ({
      kind: 'compare',
      target: { column: 'data', path: [{ key: 'nowhere', asText: false }] },
      operator,
      value: '1',
    })
    expect([ids('trips', at('neq')), ids('trips', { kind: 'not', term: at('eq') }), ids('trips', at('isdistinct'))]).toEqual([
      [],
      [],
      ['t1', 't2', 't3'],
    ])
  })

  test('equal lists and objects, whatever the order of keys and the spelling of numbers', () => {
    const data = '{"deep":{"name":"n"},"odd \\"key\\"":"x","tags":["a","b"],"level":3.0}'
    expect(ids('trips', compare('data', 'eq', data))).toEqual(['t1'])
    expect(ids('trips', { kind: 'in', target: { column: 'data' }, values: ['1', data, '[]'] })).toEqual(['t1'])
    expect(
      ids('trips', { kind: 'in', target: { column: 'data', path: [{ key: 'level', asText: false }] }, values: ['3', '"3"', '[]'] }),
    ).toEqual(['t1', 't3'])
    expect(ids('trips', compare('data', 'isdistinct', data))).toEqual(['t2', 't3'])
    const tags = (operator: 'eq' | 'neq' | 'gt' | 'lte', text: string): unknown[] =>
      ids('trips', { kind: 'compare', target: { column: 'data', path: [{ key: 'tags', asText: false }] }, operator, value: text })
    expect([
      tags('eq', '{"a","b"}'),
      tags('eq', '{b,a}'),
      tags('neq', '{a}'),
      tags('gt', '{a}'),
      tags('gt', '["a"]'),
      tags('lte', '{a,c}'),
      tags('gt', '{aa}'),
    ]).toEqual([['t1'], [], ['t1'], ['t1'], ['t1'], ['t1'], []])
  })

  test('a thousand values and eight lists in one another are taken, more are refused by name', () => {
    const many = (count: number) => `[${Array.from({ length: count }, (_, i) => i).join(',')}]`
    const nested = (depth: number) => `${'['.repeat(depth)}{"a":[1,{"b":2}]}${']'.repeat(depth)}`
    const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    expect(cs(many(MAX_JSON_VALUES - 1), many(MAX_JSON_VALUES - 1))).toBe(1)
    expect([
      refusal(read('trips', { where: contain(many(MAX_JSON_VALUES)) })),
      refusal(read('trips', { where: contain(objects(51)) })),
    ]).toEqual(['PGRST100', 'PGRST100'])
    expect(cs(objects(49), objects(49))).toBe(1)
    for (const operator of ['contains', 'containedBy', 'overlaps'] as const)
      expect([operator, says(operator, nested(7), nested(7))]).toEqual([operator, 1])
    expect(sign(nested(20), nested(20))).toBe(0)
    expect(refusal(read('trips', { where: contain(nested(9)) }))).toBe('PGRST100')
    const where: Condition = Array.from({ length: 20 }).reduce<Condition>((term) => ({ kind: 'not', term }), contain(nested(7)))
    expect(ids('trips', where)).toEqual([])
  })
})
