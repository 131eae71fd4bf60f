import { describe, expect, test } from 'vitest'
import { AppError } from '../core'
import { and, bind, column, identifier, join, literal, number, or, render, sql } from './sql'

describe('render', () => {
  test('numbers parameters in their order and gives equal ones one number', () => {
    expect(render(sql`select ${bind('a')}, ${bind(1)}, ${bind('a')}, ${bind('1')}, ${bind(null)}`)).toEqual({
      sql: 'select ?1, ?2, ?1, ?3, ?4',
      params: ['a', 1, '1', null],
    })
  })

  test('packs more than 100 values in one list', () => {
    const values = (count: number) =>
      render(
        join(
          Array.from({ length: count }, (_, i) => bind(`v${i}`)),
          ', ',
        ),
      )
    expect(values(100).params).toHaveLength(100)
    const packed = values(101)
    expect(packed.params).toHaveLength(1)
    expect(packed.sql.endsWith('(?1 ->> 100)')).toBe(true)
  })

  test('refuses what is longer than D1 takes', () => {
    const text = (length: number) => render({ chunks: ['x'.repeat(length)] })
    expect(text(100_000).sql).toHaveLength(100_000)
    expect(() => text(100_001)).toThrow(AppError)
    expect(() => render({ chunks: ['é'.repeat(50_001)] })).toThrow(/too complex/)
  })
})

test('names and texts can’t leave their quotes', () => {
  expect(render(column('a', 'b`; drop table x')).sql).toBe('`a`.`b``; drop table x`')
  expect(render(identifier('a`b')).sql).toBe('`a``b`')
  expect(render(literal("it's")).sql).toBe("'it''s'")
  expect(() => number(Number.NaN)).toThrow(RangeError)
})

test('many terms are as deep as they have to be', () => {
  const depth = (text: string) => {
    let [now, most] = [0, 0]
    for (const character of text) {
      if (character === '(') most = Math.max(most, ++now)
      if (character === ')') now--
    }
    return most
  }
  expect(depth(render(and(Array.from({ length: 1000 }, () => sql`x`))).sql)).toBe(10)
  expect(render(or([])).sql).toBe('0')
  expect(render(and([])).sql).toBe('1')
})
