import { describe, expect, test } from 'vitest'
import { statementOf } from '../../tests/unit/database'
import { model, read, get, ids, compare, refusal } from '../../tests/unit/journal'
import { SERVICE } from '../core'
import type { Condition, SelectItem } from './query'

describe('filters', () => {
  test('integers past 2^53 are told apart', () => {
    expect(ids('trips', compare('size', 'eq', '9007199254740993'))).toEqual(['t1'])
    expect(ids('trips', compare('size', 'eq', '9007199254740992'))).toEqual([])
  })

  test('each type is compared by value', () => {
    expect(ids('trips', compare('open', 'eq', 'TRUE'))).toEqual(['t1', 't3'])
    expect(ids('trips', compare('price', 'eq', '10.5'))).toEqual(['t1'])
    expect(ids('trips', compare('price', 'gt', '9'))).toEqual(['t1'])
    expect(ids('trips', compare('photo', 'eq', '\\x0001FF'))).toEqual(['t1'])
    expect(ids('trips', compare('starts_at', 'gte', '2026-01-02T03:04:05.123Z'))).toEqual(['t1'])
    expect(ids('trips', compare('made_at', 'gt', '2026-01-02 05:04:04.5+02:00'))).toEqual(['t1'])
    expect(ids('trips', compare('made_at', 'gt', '2026-01-02T03:04:05.5Z'))).toEqual([])
    expect(ids('trips', compare('length', 'lte', '1.5'))).toEqual(['t1'])
    expect(ids('trips', compare('size', 'isdistinct', '5'))).toEqual(['t1', 't2'])
  })

  test('a value of the wrong type is named, never ignored', () => {
    const cases: [string, string, string][] = [
      ['size', 'abc', '22P02'],
      ['size', '1.5', '22P02'],
      ['size', '9223372036854775808', '22003'],
      ['open', 'maybe', '22P02'],
      ['length', 'NaN', '22P02'],
      ['length', '1e999', '22003'],
      ['starts_at', 'yesterday', '22007'],
      ['starts_at', '2026-02-30T00:00:00Z', '22008'],
      ['day', '2026-13-01', '22008'],
      ['photo', 'zz', '22P02'],
      ['title', 'a\0b', '22021'],
      ['secret', 'x', '42703'],
      ['_version', '1', '42703'],
      ['nope', 'x', '42703'],
    ]
    for (const [name, value, code] of cases)
      expect([name, value, refusal(read(name === 'secret' ? 'people' : 'trips', { where: compare(name, 'eq', value) }))]).toEqual([
        name,
        value,
        code,
      ])
  })

  test('in takes a list in one parameter, and NULL in it hides the rest from not in', () => {
    const list: Condition = { kind: 'in', target: { column: 'size' }, values: ['5', '9007199254740993'] }
    expect(ids('trips', list)).toEqual(['t1', 't3'])
    expect(ids('trips', { kind: 'not', term: { kind: 'in', target: { column: 'id' }, values: [] } })).toEqual(['t1', 't2', 't3'])
    const many = statementOf(
      model,
      read('trips', { where: { kind: 'in', target: { column: 'id' }, values: Array.from({ length: 5000 }, (_, i) => `t${i}`) } }),
      { principal: SERVICE, now: 0 },
    )
    expect(many.params.length).toBeLessThan(4)
  })

  test('like minds case, escapes and long patterns', () => {
    const like = (pattern: string, ignoreCase = false) => ids('trips', { kind: 'like', target: { column: 'title' }, pattern, ignoreCase })
    expect(like('Al%')).toEqual(['t1'])
    expect(like('al%', true)).toEqual(['t1', 't3'])
    expect(like('100\\% %')).toEqual(['t2'])
    expect(like('%\\_walk')).toEqual(['t3'])
    expect(like('_lp_')).toEqual(['t1'])
    expect(like(`%alpine%${'%'.repeat(80)}%walk`)).toEqual(['t3'])
    expect(like(`a_pine_w%${'x'.repeat(60)}`)).toEqual([])
    expect(like('')).toEqual([])
    expect(refusal(read('trips', { where: { kind: 'like', target: { column: 'title' }, pattern: 'a\\', ignoreCase: false } }))).toBe(
      '22025',
    )
    expect(refusal(read('trips', { where: { kind: 'like', target: { column: 'size' }, pattern: 'a', ignoreCase: false } }))).toBe('42883')
  })

  test('JSON is compared by its type', () => {
    const at = (asText: boolean, operator: 'eq' | 'gt', value: string): Condition => ({
      kind: 'compare',
      target: { column: 'data', path: [{ key: 'level', asText }] },
      operator,
      value,
    })
    expect(ids('trips', at(true, 'eq', '3'))).toEqual(['t1', 't3'])
    expect(ids('trips', at(false, 'eq', '3'))).toEqual(['t1'])
    expect(ids('trips', at(false, 'eq', '"3"'))).toEqual(['t3'])
    expect(ids('trips', at(false, 'gt', '2'))).toEqual(['t1'])
    expect(refusal(read('trips', { where: at(false, 'eq', 'nope') }))).toBe('22P02')
  })

  test('a number beyond every double is larger than all in JSON', () => {
    const id: Condition = compare('id', 'eq', 't1')
    const held = (operator: 'eq' | 'gt' | 'lt', value: string): boolean => {
      const where: Condition = { kind: 'compare', target: { column: 'data', path: [{ key: 'level', asText: false }] }, operator, value }
      const { params } = statementOf(model, read('trips', { where }), { principal: SERVICE, now: 0 })
      expect(params.every((param) => typeof param !== 'number' || Number.isFinite(param))).toBe(true)
      return ids('trips', { kind: 'and', terms: [id, where] }).length === 1
    }
    expect([held('lt', '1e400'), held('gt', '1e400'), held('gt', '-1e400'), held('eq', '3'), held('eq', '3.0')]).toEqual([
      true,
      false,
      true,
      true,
      true,
    ])
  })

  test('ten thousand filters and fifty-deep nesting are refused by name, a thousand and thirty are run', () => {
    const terms = (count: number): Condition => ({
      kind: 'or',
      terms: Array.from({ length: count }, (_, i) => compare('id', 'eq', `t${i}`)),
    })
    expect(ids('trips', terms(1000))).toEqual(['t1', 't2', 't3'])
    expect(refusal(read('trips', { where: terms(10_001) }))).toBe('PGRST100')
    expect(refusal(read('trips', { where: terms(9_000) }))).toBe('PGRST100')
    const nested = (depth: number): Condition => (depth === 0 ? compare('id', 'eq', 't1') : { kind: 'not', term: nested(depth - 1) })
    expect(ids('trips', nested(30))).toEqual(['t1'])
    expect(ids('trips', nested(50))).toEqual(['t1'])
    expect(refusal(read('trips', { where: nested(51) }))).toBe('PGRST100')
  })

  test('text is never SQL', () => {
    const hostile = "x' or 1=1 --"
    expect(ids('trips', compare('title', 'eq', hostile))).toEqual([])
    const select: SelectItem[] = [{ kind: 'column', target: { column: 'id' }, as: 'a\'b`c"d' }]
    expect(get(read('trips', { select, where: compare('id', 'eq', 't1') })).rows).toEqual([{ 'a\'b`c"d': 't1' }])
    expect(
      statementOf(model, read('trips', { select, where: compare('title', 'eq', hostile) }), { principal: SERVICE, now: 0 }).sql,
    ).not.toMatch(/or 1=1|a'b/)
  })
})
