import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import {
  anyone,
  app,
  buildModel,
  checkApp,
  fn,
  isConflict,
  nothing,
  one,
  raise,
  setOf,
  table,
  value,
  type FunctionDeclaration,
} from './index'

const notes = sqliteTable('notes', { id: text('id').primaryKey(), stars: integer('stars').notNull() })
const other = sqliteTable('other', { id: text('id').primaryKey() })
const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
const withFunctions = (...functions: FunctionDeclaration[]) => app({ name: 'x', tables: [table(notes, open)], functions })
const problems = (...functions: FunctionDeclaration[]) =>
  checkApp(withFunctions(...functions)).map(({ of, table: name, message }) => `${of} ${name}: ${message}`)
const rules = { returns: nothing, volatility: 'read', who: anyone() } as const

describe('checkApp refuses', () => {
  test.each([
    ['two of one name', [fn('f', rules, () => undefined), fn('f', rules, () => undefined)], /declared twice/],
    ['a name that no address carries', [fn('f-g', rules, () => undefined)], /can't be a function's name/],
    [
      'an argument that an address reads otherwise',
      [fn('f', { ...rules, args: z.object({ select: z.string() }) }, () => undefined)],
      /"select" can't be sent/,
    ],
    ['an argument with a dot', [fn('f', { ...rules, args: z.object({ 'a.b': z.string() }) }, () => undefined)], /"a.b" can't be sent/],
    ['nobody to call it', [fn('f', { ...rules, who: undefined as never }, () => undefined)], /says not who/],
    [
      'a guard that reads a row',
      [fn('f', { ...rules, who: ({ row, eq, auth }) => eq((row as Record<string, never>)['owner']!, auth.uid) }, () => undefined)],
      /reads the column "owner"/,
    ],
    [
      'a guard that looks into a table',
      [fn('f', { ...rules, who: ({ exists, eq, auth, not }) => not(exists(notes, (n) => eq(n.id, auth.uid))) }, () => undefined)],
      /looks into "notes"/,
    ],
    ['a guard that is none', [fn('f', { ...rules, who: () => true as never }, () => undefined)], /no condition/],
    [
      'a guard that throws',
      [
        fn(
          'f',
          {
            ...rules,
            who: () => {
              throw new Error('oh')
            },
          },
          () => undefined,
        ),
      ],
      /throws while it is built: oh/,
    ],
    [
      'rows of a table that is not served',
      [fn('f', { ...rules, returns: setOf(other) }, () => [])],
      /rows of "other", which the app doesn't serve/,
    ],
    [
      'one of a bare value',
      [fn('f', { ...rules, returns: one(z.string() as never) }, () => null as never)],
      /`one` takes a table or a zod object/,
    ],
  ])('%s', (_, functions, message) => {
    expect(problems(...functions).join('\n')).toMatch(message)
    expect(problems(...functions)[0]).toMatch(/^function f/)
  })
})

test('what may be left out is what the schema lets be left out', () => {
  const args = z.object({
    a: z.string(),
    b: z.string().optional(),
    c: z.string().default('c'),
    d: z.string().nullable(),
    e: z.coerce.number(),
  })
  const model = buildModel(withFunctions(fn('f', { ...rules, args }, () => undefined)))
  expect([...model.functions.get('f')!.arguments].map(([name, { required }]) => [name, required])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
    ['d', true],
    ['e', true],
  ])
})

test('rows of a schema have the columns of its members, and one that no client knows of', () => {
  const schema = z.object({
    a: z.string().nullable(),
    b: z.int(),
    c: z.number(),
    d: z.boolean(),
    e: z.date(),
    f: z.uuid(),
    g: z.iso.date(),
    h: z.iso.datetime(),
    i: z.bigint(),
    j: z.array(z.string()),
    k: z.enum(['x', 'y']).optional(),
  })
  const { result } = buildModel(withFunctions(fn('f', { ...rules, returns: setOf(schema) }, () => []))).functions.get('f')!
  const columns = result.kind === 'rows' ? [...result.table.columns.values()] : []
  expect(columns.filter(({ hidden }) => !hidden).map(({ name, type }) => `${name} ${type}`)).toEqual([
    'a text',
    'b integer',
    'c real',
    'd boolean',
    'e timestamp_ms',
    'f uuid',
    'g date',
    'h timestamp_ms',
    'i bigint',
    'j json',
    'k text',
  ])
  expect(columns.filter(({ notNull }) => !notNull).map(({ name }) => name)).toEqual(['a', 'k'])
  expect(columns.at(-1)).toMatchObject({ name: '#', hidden: true, primaryKey: true })
})

test('what is raised says its status by its code, and nothing else is a conflict', () => {
  const raised = (what: Parameters<typeof raise>[0]): unknown => {
    try {
      return raise(what)
    } catch (error) {
      return error
    }
  }
  expect(raised({ message: 'm', code: 'PT418' })).toMatchObject({ definition: { status: 418, postgrest: 'PT418' } })
  expect(raised({ message: 'm' })).toMatchObject({ definition: { status: 400, postgrest: 'P0001' } })
  expect(raised({ message: 'm', status: 429 })).toMatchObject({ definition: { status: 429, postgrest: 'PT429' } })
  for (const [code, status] of [
    ['23505', 409],
    ['42501', 403],
    ['PT40A', 500],
    ['P0002', 500],
    ['22023', 400],
    ['PGR01', 400],
  ] as const)
    // prettier-ignore
    expect(raised({ message: 'm', code })).toMatchObject({ definition: { status, postgrest: code } })
  for (const wrong of [{ code: 'x' }, { status: 200 }, { status: 600 }, { code: 'PT200', status: 200 }])
    expect(raised({ message: 'm', ...wrong })).toBeInstanceOf(TypeError)
  expect(isConflict(raised({ message: 'm', code: 'PT412' }))).toBe(false)
})

test('a value of a table is refused by type and by check', () => {
  // @ts-expect-error a table is no zod schema
  const wrong = value(notes)
  expect(problems(fn('f', { ...rules, returns: wrong }, () => undefined as never)).join()).toMatch(/`value` takes a zod schema/)
})
