import fc from 'fast-check'
import { expect, test } from 'vitest'
import library from '../../tests/apps/library'
import { AppError } from '../core'
import { buildModel } from '../define'
import { renderRestError } from './errors'
import { planRequest } from './request'

const model = buildModel(library)

/** A refusal's code, null when the request was understood; anything but an AppError of the client's making is rethrown. */
function ask(method: string, search: string, headers: Readonly<Record<string, string>>, body: Uint8Array | null): string | null {
  try {
    planRequest(model, { method, table: 'books', search, header: (name) => headers[name] ?? null, body })
    return null
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { status, body: rendered } = renderRestError(error, 'anon')
    if (status < 300 || status >= 500) throw error
    return rendered.code
  }
}

const WORDS = ['select', 'order', 'limit', 'offset', 'and', 'or', 'not', 'columns', 'on_conflict', 'id', 'title', 'reviews', 'people', 'author_id', 'eq', 'in', 'is', 'null', 'like', 'any', 'cs', 'fts', 'asc', 'desc', 'nullslast', 'inner', 'count', 'sum', 'constructor', '__proto__', '1', '-1', '99999999999999999999'] // prettier-ignore
const MARKS = ['.', ',', '(', ')', '=', '&', '"', '\\', '->', '->>', ':', '::', '!', '*', '...', '{', '}', '%', '%00', '%ff', '%22', '+', ' ', '-', ';', "'", '\u{1f600}', '\ud800'] // prettier-ignore

const soup = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...MARKS), fc.string({ maxLength: 4 })), { maxLength: 60 })
  .map((parts) => parts.join(''))
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE')

test('whatever stands in an address is understood or refused by name', () => {
  fc.assert(
    fc.property(method, fc.array(soup, { maxLength: 4 }), (verb, parts) => {
      ask(verb, parts.join('&'), {}, new TextEncoder().encode('{"title":"x"}'))
    }),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(fc.constantFrom('select=', 'order=', 'or=(', 'id=in.(', 'title=', 'columns='), soup, (start, rest) => {
      ask('GET', start + rest, {}, null)
    }),
    { numRuns: 3_000 },
  )
})

test('whatever stands in headers and bodies is understood or refused by name', () => {
  const header = fc.oneof(soup, fc.string())
  fc.assert(
    fc.property(method, header, header, header, header, (verb, prefer, accept, range, contentType) => {
      ask(verb, '', { prefer, accept, range, 'content-type': contentType }, new TextEncoder().encode('{}'))
    }),
    { numRuns: 1_000 },
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
  )
  fc.assert(
    fc.property(fc.constantFrom('POST', 'PUT', 'PATCH'), bytes, (verb, body) => void ask(verb, '', {}, body)),
    { numRuns: 2_000 },
  )
})

test('a long address is read in a time that grows with its length alone', () => {
  const started = performance.now()
  for (const unit of [
    '"',
    '\\"',
    '(',
    'and(',
    'or=(',
    'a(',
    'a,',
    'a.',
    '->',
    '->>a',
    '-',
    'a-',
    '{',
    '{a,',
    '%',
    'eq.',
    'not.',
    ' ',
    '...',
    '!inner',
    '99',
  ]) {
    const text = encodeURIComponent(unit.repeat(Math.floor(4_000 / unit.length)))
    for (const start of ['select=', 'order=', 'or=(', 'and=(a.eq.', 'id=in.(', 'id=eq(any).{', 'columns=', 'id=', ''])
      ask('GET', `${start}${text}=eq.1`, {}, null)
  }
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('numbers survive a body digit by digit', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.stringMatching(/^[1-9]\d{0,30}\.\d{1,30}$/), (whole, decimal) => {
      const plan = planRequest(model, {
        method: 'POST',
        table: 'books',
        search: '',
        header: () => null,
        body: new TextEncoder().encode(`{"pages":${whole},"meta":{"n":[${decimal}]}}`),
      })
      const [operation] = plan.query.operations
      const written = operation?.kind === 'insert' ? JSON.stringify(operation.rows[0]) : ''
      const kept = /"pages":(-?\d+),"meta":\{"n":\[([\d.]+)\]\}/.exec(written)
      expect(kept?.[1]).toBe(String(whole))
      expect(Number(kept?.[2])).toBe(Number(decimal))
      if (decimal.replace('.', '').length > 17) expect(kept?.[2]?.replace(/0+$/, '')).toBe(decimal.replace(/0+$/, ''))
    }),
    { numRuns: 500 },
  )
})
