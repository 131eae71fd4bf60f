// Checked by tsc, never run: what the declarations of functions infer, and what they refuse.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { fn, nothing, one, setOf, signedIn, value } from 'perigee'
import * as z from 'zod'

const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  ownerId: text('owner_id').notNull(),
  kind: text('kind', { enum: ['draft', 'final'] }).notNull(),
  stars: integer('stars').notNull(),
  at: integer('at', { mode: 'timestamp_ms' }),
})

const read = { volatility: 'read', who: signedIn() } as const
const write = { volatility: 'write', who: signedIn() } as const

fn('a', { ...read, args: z.object({ n: z.int().default(1) }), returns: value(z.number()) }, ({ args }) => args.n + 1)
fn('b', { ...read, returns: setOf(notes) }, ({ db }) =>
  db.rows(notes, { where: ({ row, gte, and, eq }) => and(gte(row.stars, 1), eq(row.kind, 'final')), order: ['id', ['stars', 'desc']] }),
)
fn('c', { ...read, returns: one(notes) }, async ({ db }) => (await db.query(notes, { where: { kind: 'draft' }, limit: 1 }))[0] ?? null)
fn('d', { ...write, returns: setOf(z.string()) }, async ({ db, now }) => {
  const [note, more] = await db.batch((batch) => {
    const first = batch.insert(notes, { ownerId: 'x', kind: 'draft', stars: 1, at: now })
    return [first, batch.insert(notes, { id: '2', ownerId: first.ref('ownerId'), kind: 'draft', stars: 2 })]
  })
  const times: (string | null)[] = more.map(({ at }) => at)
  return [note[0]!.id, ...times.filter((time) => time !== null)]
})
fn('e', { ...write, returns: nothing }, async ({ db }) => {
  await db.asService('to tidy').delete(notes, { where: 'every row' })
})

// @ts-expect-error it says not who may call it
fn('f', { volatility: 'read', returns: nothing }, () => undefined)
// @ts-expect-error a text is no number
fn('f', { ...read, returns: value(z.number()) }, () => 'x')
// @ts-expect-error no such argument
fn('f', { ...read, args: z.object({ n: z.int() }), returns: value(z.number()) }, ({ args }) => args.m)
// @ts-expect-error a function that reads can't insert
fn('f', { ...read, returns: nothing }, async ({ db }) => void (await db.insert(notes, {})))
// @ts-expect-error not one of the enum's texts
fn('f', { ...read, returns: setOf(notes) }, ({ db }) => db.rows(notes, { where: { kind: 'x' } }))
// @ts-expect-error no such column to order by
fn('f', { ...read, returns: setOf(notes) }, ({ db }) => db.rows(notes, { order: ['nope'] }))
// @ts-expect-error the rows that are changed must be named
fn('f', { ...write, returns: nothing }, async ({ db }) => void (await db.update(notes, { stars: 1 }, {})))
// @ts-expect-error a column that wasn't asked for
fn('f', { ...read, returns: value(z.number()) }, async ({ db }) => (await db.query(notes, { columns: ['id'] }))[0]!.stars)
// @ts-expect-error with the engine's rights nothing is left to the request
fn('f', { ...read, returns: setOf(notes) }, ({ db }) => db.asService('x').rows(notes))
