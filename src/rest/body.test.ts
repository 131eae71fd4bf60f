import { describe, expect, test } from 'vitest'
import library from '../../tests/apps/library'
import { AppError } from '../core'
import { buildModel } from '../define'
import { renderRestError, type RenderedRestError } from './errors'
import { planRequest, type Plan } from './request'

const model = buildModel(library)

function plan(line: string, { headers = {}, body }: { readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }): Plan {
  const table = line.split(' ')[1] ?? ''
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  return planRequest(model, { method: 'POST', table, search: '', header: (name) => headers[name] ?? null, body: bytes })
}

const operation = (...sent: Parameters<typeof plan>) => plan(...sent).query.operations[0]!

function refusal(...sent: Parameters<typeof plan>): RenderedRestError['body'] {
  try {
    plan(...sent)
  } catch (error) {
    if (error instanceof AppError) return renderRestError(error, 'anon').body
    throw error
  }
  throw new Error('the body was accepted')
}

describe('bodies', () => {
  const codeOf = (body: unknown, type?: string) =>
    refusal('POST books', { body, headers: type === undefined ? {} : { 'content-type': type } }).code
  const rowsOf = (body: string) => {
    const insert = operation('POST samples', { body })
    return insert.kind === 'insert' ? JSON.stringify(insert.rows) : ''
  }

  test.each(['', '{', '5', 'null', '"x"', '[1]', '[[]]', '{"a":1}x', '{"__proto__":{"title":"x"}}', '[9007199254740993]'])(
    '%j is refused as PGRST102',
    (body) => {
      expect(codeOf(body)).toBe('PGRST102')
    },
  )

  test('text that no database holds is refused', () => {
    expect(codeOf('{"title":"a\\u0000b"}')).toBe('22P05')
    expect(codeOf('{"title":"\\ud800"}')).toBe('22P05')
    expect(codeOf('{"meta":{"a\\u0000":1}}')).toBe('22P05')
    expect(plan('POST books', { body: '{"title":"\\\\u0000"}' }).empty).toBe(false)
  })

  test('depth is limited on both sides', () => {
    const nested = (levels: number) => `{"meta":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(plan('POST books', { body: nested(50) }).empty).toBe(false)
    expect(codeOf(nested(51))).toBe('PGRST102')
    expect(codeOf(nested(20_000))).toBe('PGRST102')
    expect(codeOf(nested(20_000).replace('[]', '["\\u0000",1e999]'))).toBe('PGRST102')
  })

  test('no digit of a number is lost, whether a column holds it or JSON inside one does', () => {
    expect(rowsOf('{"data":[1e400,-1e-400,1.5e3]}')).toBe('[{"data":[1e400,-1e-400,1500]}]')
    expect(rowsOf('{"whole":9007199254740993,"amount":0.12345678901234567890,"data":{"n":[12345678901234567890]},"ratio":1.5}')).toBe(
      '[{"whole":9007199254740993,"amount":0.12345678901234567890,"data":{"n":[12345678901234567890]},"ratio":1.5}]',
    )
  })

  test('a form is one row of texts, other types are refused by name', () => {
    const insert = operation('POST books', {
      body: 'title=a+b%21&pages=3',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(insert).toMatchObject({ rows: [{ title: 'a b!', pages: '3' }] })
    expect(codeOf('<a/>', 'application/xml')).toBe('PGRST102')
  })

  test('bytes that are not UTF-8 are refused', () => {
    expect(() =>
      planRequest(model, { method: 'POST', table: 'books', search: '', header: () => null, body: new Uint8Array([0x7b, 0xff, 0x7d]) }),
    ).toThrow(AppError)
  })

  const csv = (body: string) => {
    const insert = operation('POST samples', { body, headers: { 'content-type': 'text/csv; charset=utf-8' } })
    return insert.kind === 'insert' ? insert.rows : insert
  }

  test('CSV is rows by its header: NULL is null, empty is the empty text, JSON columns hold JSON', () => {
    expect(csv('id,note\r\n1,"a, ""b""\r\nc"\r\n2,NULL\r\n3,\r\n')).toEqual([
      { id: '1', note: 'a, "b"\r\nc' },
      { id: '2', note: null },
      { id: '3', note: '' },
    ])
    expect(JSON.stringify(csv('data,whole\n"{""n"":12345678901234567890}",9007199254740993\n'))).toBe(
      '[{"data":{"n":12345678901234567890},"whole":"9007199254740993"}]',
    )
    expect(csv('"id"\n"NULL"\n""\n\nx')).toEqual([{ id: null }, { id: 'x' }])
    expect(csv('\u{feff}id,note\n1,2')).toEqual([{ id: '1', note: '2' }])
    expect(csv('id,note\n')).toMatchObject({ kind: 'read' })
  })

  test('a CSV that is none is refused with its line', () => {
    const refused = (body: string) => {
      const { code, message, details } = refusal('POST samples', { body, headers: { 'content-type': 'text/csv' } })
      return [code, message, details]
    }
    expect(refused('id,note\n1,2\n3')).toEqual([
      'PGRST102',
      'All lines must have same number of fields',
      'Line 3 has 1 fields, the header 2.',
    ])
    expect(refused('id,note\n"a\nb",2\n1,2,3')[2]).toBe('Line 4 has 3 fields, the header 2.')
    expect(refused('id,note\n1,a"b')[2]).toContain('Line 2: A quote stands inside a field')
    expect(refused('id,note\n1,"a"b')[2]).toContain('Line 2: A quote stands inside a field')
    expect(refused('id,note\n1,"a')[2]).toBe('Line 2: A quoted field has no end.')
    expect(refused('id,id\n1,2')[2]).toContain('stands twice')
    expect(refused('id,\n1,2')[2]).toContain('has no name')
    expect(refused('id,data\n1,{}\n2,{')).toEqual(['22P02', 'invalid input syntax for type json', 'Line 3, column "data".'])
    expect(refused('id,note\n1,a\0')[0]).toBe('22P05')
  })
})
