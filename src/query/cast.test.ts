import { integer, numeric, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { ask, fill, openDatabase } from '../../tests/unit/database'
import { closed } from '../../tests/unit/journal'
import { AppError, SERVICE } from '../core'
import { anyone, app, buildModel, table } from '../define'
import { readFault } from '../platform'
import type { Cast, Target } from './query'

const values = sqliteTable('values', {
  id: integer('id').primaryKey(),
  t: text('t'),
  i: integer('i'),
  r: real('r'),
  n: numeric('n'),
  b: integer('b', { mode: 'boolean' }),
  s: integer('s', { mode: 'timestamp' }),
  ms: integer('ms', { mode: 'timestamp_ms' }),
  d: text('d'),
  u: text('u'),
  j: text('j', { mode: 'json' }),
})
const declared = app({
  name: 'x',
  tables: [table(values, { ...closed, read: anyone(), columns: { d: { format: 'date' }, u: { format: 'uuid' } } })],
})
const model = buildModel(declared)
const db = openDatabase(declared)

/** The JSON of a value cast, or the code of what it fails with; `j.a` is a place in JSON, `j>a` one as text. */
function cast(from: string, value: unknown, to: Cast): string {
  const [column = '', key] = from.split(/[.>]/)
  db.exec('delete from `values`')
  // A row whose value is NULL beside it, which no cast may fail on.
  fill(db, 'values', [{ id: 1, [column]: key ? { [key]: value } : value }, { id: 2 }])
  const target: Target = key ? { column, path: [{ key, asText: from.includes('>') }] } : { column }
  const select = [{ kind: 'column' as const, target, as: 'x', cast: to }]
  try {
    const { text: body } = ask(db, model, { kind: 'read', table: 'values', select }, { principal: SERVICE, now: 0 })
    expect(body.endsWith(',{"x":null}]')).toBe(true)
    return body.slice('[{"x":'.length, -'},{"x":null}]'.length)
  } catch (error) {
    if (error instanceof AppError) return error.definition.postgrest ?? ''
    const fault = readFault(error)
    return fault.kind === 'raise' ? `${fault.code} ${fault.table}` : String(error)
  }
}

test.each<[string, unknown, Cast, string]>([
  ['t', ' 12 ', 'integer', '12'],
  ['t', '-0007', 'integer', '-7'],
  ['t', '+5', 'smallint', '5'],
  ['t', '32768', 'smallint', 'cast-range smallint'],
  ['t', '-32768', 'smallint', '-32768'],
  ['t', '2147483647', 'integer', '2147483647'],
  ['t', '2147483648', 'integer', 'cast-range integer'],
  ['t', '9223372036854775807', 'bigint', '9223372036854775807'],
  ['t', '-9223372036854775808', 'bigint', '-9223372036854775808'],
  ['t', '9223372036854775808', 'bigint', 'cast-range bigint'],
  ['t', '1'.repeat(30), 'bigint', 'cast-range bigint'],
  ['t', '', 'integer', 'cast-text integer'],
  ['t', '-', 'integer', 'cast-text integer'],
  ['t', '1.5', 'integer', 'cast-text integer'],
  ['t', 'abc', 'bigint', 'cast-text bigint'],
  ['t', '1.50', 'numeric', '1.50'],
  ['t', ' +007.', 'numeric', '7.0'],
  ['t', '.5', 'numeric', '0.5'],
  ['t', '-.5e3', 'real', '-500.0'],
  ['t', '1e400', 'real', 'cast-range double precision'],
  ['t', '[1]', 'numeric', 'cast-text numeric'],
  ['t', 'true', 'numeric', 'cast-text numeric'],
  ['t', '.', 'numeric', 'cast-text numeric'],
  ['t', '--1', 'real', 'cast-text double precision'],
  ['t', ' Yes', 'boolean', 'true'],
  ['t', 'of', 'boolean', 'false'],
  ['t', 'o', 'boolean', 'cast-text boolean'],
  ['t', '{0193A3C27F1E7D6A9B1C5F0E6C1D2A3C}', 'uuid', '"0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3c"'],
  ['t', 'nope', 'uuid', 'cast-text uuid'],
  ['t', '2024-02-29', 'date', '"2024-02-29"'],
  ['t', '2024-02-29 10:00', 'date', '"2024-02-29"'],
  ['t', '2023-02-29', 'date', 'cast-field date'],
  ['t', '2024-02-2', 'date', 'cast-time date'],
  ['t', 'now', 'timestamptz', 'cast-time timestamp with time zone'],
  ['t', '2024-01-02 03:04:05.678+02', 'timestamptz', '"2024-01-02T01:04:05.678+00:00"'],
  ['t', '2024-01-02T03:04:05-0330', 'timestamptz', '"2024-01-02T06:34:05.000+00:00"'],
  ['t', '2024-01-02T03:04:05Z', 'timestamptz', '"2024-01-02T03:04:05.000+00:00"'],
  ['t', '2024-01-02', 'timestamptz', '"2024-01-02T00:00:00.000+00:00"'],
  ['t', '2024-01-02T03:04:05+02:00', 'timestamp', '"2024-01-02T03:04:05.000"'],
  ['t', '2024-13-02T03:04', 'timestamp', 'cast-field timestamp without time zone'],
  ['t', '2024-01-02 25:00', 'timestamptz', 'cast-time timestamp with time zone'],
  ['t', '{"a": 1}', 'json', '{"a":1}'],
  ['t', '{', 'json', 'cast-text json'],
  ['i', 40_000, 'smallint', 'cast-range smallint'],
  ['i', 5, 'boolean', 'true'],
  ['i', 5, 'text', '"5"'],
  ['i', 5, 'real', '5.0'],
  ['i', 5, 'numeric', '5'],
  ['i', 5, 'json', '5'],
  ['i', 5, 'date', '42846'],
  ['r', 2.5, 'integer', '2'],
  ['r', 3.5, 'integer', '4'],
  ['r', -2.5, 'integer', '-2'],
  ['r', 2.7, 'bigint', '3'],
  ['r', 1e20, 'bigint', 'cast-range bigint'],
  ['r', 2, 'text', '"2"'],
  ['r', 1e21, 'text', '"1e+21"'],
  ['r', 0.25, 'text', '"0.25"'],
  ['r', 1, 'boolean', '42846'],
  ['n', '2.5', 'integer', '3'],
  ['n', '-2.5', 'integer', '-3'],
  ['n', '9007199254740993', 'bigint', '9007199254740993'],
  ['n', '1e30', 'bigint', 'cast-range bigint'],
  ['n', '10.50', 'text', '"10.50"'],
  ['b', 1, 'integer', '1'],
  ['b', 1, 'bigint', '42846'],
  ['b', 0, 'text', '"false"'],
  ['s', 1_767_323_045, 'text', '"2026-01-02 03:04:05+00"'],
  ['ms', 1_767_323_045_120, 'text', '"2026-01-02 03:04:05.12+00"'],
  ['ms', -1, 'text', '"1969-12-31 23:59:59.999+00"'],
  ['ms', 1_767_323_045_120, 'timestamp', '"2026-01-02T03:04:05.120"'],
  ['s', 1_767_323_045, 'date', '"2026-01-02"'],
  ['d', '2026-01-02', 'timestamptz', '"2026-01-02T00:00:00.000+00:00"'],
  ['d', '2026-01-02', 'integer', '42846'],
  ['u', '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3c', 'text', '"0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3c"'],
  ['u', '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3c', 'uuid', '"0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3c"'],
  ['j.a', 7, 'integer', '7'],
  ['j.a', 2.5, 'integer', '3'],
  ['j.a', '7', 'integer', 'cast-json integer'],
  ['j.a', null, 'integer', 'null'],
  ['j.a', true, 'boolean', 'true'],
  ['j.a', 1, 'boolean', 'cast-json boolean'],
  ['j.a', 1.5, 'numeric', '1.5'],
  ['j.a', { b: 1 }, 'text', '"{\\"b\\":1}"'],
  ['j.a', [1], 'json', '[1]'],
  ['j.a', '2024-01-01', 'date', '42846'],
  ['j>a', '7', 'integer', '7'],
  ['j>a', 7, 'integer', '7'],
  ['j>a', 'x', 'integer', 'cast-text integer'],
  ['j>a', '2024-01-01', 'date', '"2024-01-01"'],
])('%s %j::%s is %s', (from, value, to, expected) => {
  expect(cast(from, value, to)).toBe(expected)
})
