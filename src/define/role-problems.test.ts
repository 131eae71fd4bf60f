import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import * as z from 'zod'
import { expect, test } from 'vitest'
import { app, checkApp, fn, nobody, nothing, table } from './index'

const notes = sqliteTable('notes', { id: text('id').primaryKey(), secret: integer('secret') })

const declared = (roles: readonly string[] | undefined) =>
  checkApp(
    app({
      name: 'Notes',
      ...(roles === undefined ? {} : { auth: { roles } }),
      tables: [
        table(notes, {
          read: ({ auth, or, and, eq, row }) => or(auth.hasRole('reader'), and(auth.hasRole('editor'), eq(row.id, auth.uid))),
          insert: nobody(),
          update: { using: ({ auth }) => auth.hasRole('editor'), check: ({ auth }) => auth.hasRole('reader') },
          delete: nobody(),
          columns: { secret: { read: ({ auth }) => auth.hasRole('auditor') } },
        }),
      ],
      functions: [
        fn(
          'publish',
          { args: z.object({}), returns: nothing, volatility: 'read', who: ({ auth }) => auth.hasRole('publisher') },
          () => undefined,
        ),
      ],
    }),
  ).map(({ table: of, message }) => `${of}: ${message}`)

test('a policy or function that names a role which nobody can be given is a problem, once for each', () => {
  expect(declared(['reader', 'editor', 'auditor', 'publisher', 'spare'])).toEqual([])
  const found = declared(['reader'])
  expect(found).toHaveLength(3)
  for (const [of, role] of [
    ['notes', 'editor'],
    ['notes', 'auditor'],
    ['publish', 'publisher'],
  ])
    expect(found.some((one) => one.startsWith(`${of}: hasRole('${role}') can never hold`))).toBe(true)
})

test('where no roles are declared, any name is one', () => {
  expect(declared(undefined)).toEqual([])
})

test('a role is a name of up to 64 characters', () => {
  const all = ['reader', 'editor', 'auditor', 'publisher']
  expect(declared([...all, 'a', 'team:lead_1.x-y', 'x'.repeat(64)])).toEqual([])
  for (const wrong of ['', ' a', 'a b', '-a', 'x'.repeat(65), 'é']) expect(declared([...all, wrong])).toHaveLength(1)
})
