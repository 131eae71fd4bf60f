// Errands: an app whose jobs write, fail, outlive their lease and begin one another.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import * as z from 'zod'
import { app, fn, job, nobody, nothing, owner, raise, signedIn, table, value } from '../../../src/define'

export const errands = sqliteTable('errands', {
  id: text('id').primaryKey(),
  ownerId: text('owner_id').notNull(),
  title: text('title').notNull(),
  weight: integer('weight').notNull().default(1),
  urgent: integer('urgent', { mode: 'boolean' }).notNull().default(false),
})
/** One row an effect: a job that ran twice would leave two. */
export const marks = sqliteTable('marks', {
  id: text('id').primaryKey(),
  job: text('job').notNull(),
  note: text('note').notNull(),
})

/** What a test has the next attempts do; by note. */
export const doing = new Map<string, (attempt: number) => Promise<void> | void>()
export const runs: { id: string; note: string; attempt: number; payload: unknown }[] = []

const note = z.object({ note: z.string().min(1) })

export const mark = job(
  'mark',
  { payload: note, attempts: 3, lease: 30, backoff: { first: 10, most: 60 } },
  async ({ payload, job: { id, attempt }, finish }) => {
    runs.push({ id, note: payload.note, attempt, payload })
    await doing.get(payload.note)?.(attempt)
    await finish((batch) => [batch.insert(marks, { job: id, note: payload.note })])
  },
)

/** Without `finish`: its write is one transaction, the record another. */
export const scribble = job('scribble', { payload: note, lease: 1 }, async ({ payload, job: { id, attempt }, db }) => {
  runs.push({ id, note: payload.note, attempt, payload })
  await doing.get(payload.note)?.(attempt)
  await db.insert(marks, { job: id, note: payload.note })
})

export class NotWorthwhile extends Error {}

export const picky = job(
  'picky',
  {
    payload: note,
    attempts: 5,
    retry: (error) => (error instanceof NotWorthwhile ? 'dead' : error instanceof RangeError ? { after: 7 } : 'retry'),
  },
  async ({ payload, job: { attempt } }) => doing.get(payload.note)?.(attempt),
)

export const single = job('single', { payload: note, unique: ({ note: key }) => key }, async ({ payload, job: { id }, finish }) => {
  await doing.get(payload.note)?.(1)
  await finish((batch) => [batch.insert(marks, { job: id, note: payload.note })])
})

export const typed = job(
  'typed',
  { payload: z.object({ at: z.date(), big: z.bigint(), text: z.string().optional() }) },
  ({ payload, job: { id, attempt } }) => void runs.push({ id, note: 'typed', attempt, payload }),
)

export const tell = job(
  'tell',
  { payload: z.object({ errand: z.string(), title: z.string(), weight: z.number(), list: z.array(z.string()) }) },
  async ({ payload, job: { id }, finish }) => {
    await finish((batch) => {
      batch.enqueue(mark, { note: `told ${payload.title} ${payload.weight} ${payload.list.length}` })
      return [batch.insert(marks, { job: id, note: payload.errand })]
    })
  },
)

export const nightly = job(
  'nightly',
  { payload: z.object({}), cron: { pattern: '30 2 * * *', zone: 'Europe/Zurich' } },
  async ({ job: { id, cronAt }, finish }) => {
    await finish((batch) => [batch.insert(marks, { job: id, note: cronAt?.toISOString() ?? '' })])
  },
)

const noteArgs = z.object({ note: z.string(), delay: z.number().optional(), fail: z.boolean().optional() })

export default app({
  name: 'Errands',
  tables: [
    table(errands, {
      read: owner(errands.ownerId),
      insert: owner(errands.ownerId),
      update: owner(errands.ownerId),
      delete: owner(errands.ownerId),
    }),
    table(marks, { read: nobody(), insert: nobody(), update: nobody(), delete: nobody() }),
  ],
  jobs: [mark, scribble, picky, single, typed, tell, nightly],
  functions: [
    fn('ask', { args: noteArgs, returns: value(z.unknown()), volatility: 'write', who: signedIn() }, ({ args, db }) =>
      db.enqueue(mark, { note: args.note }, args.delay === undefined ? {} : { delay: args.delay }),
    ),
    fn('ask_scribble', { args: noteArgs, returns: value(z.unknown()), volatility: 'write', who: signedIn() }, ({ args, db }) =>
      db.enqueue(scribble, { note: args.note }),
    ),
    fn('ask_picky', { args: noteArgs, returns: value(z.unknown()), volatility: 'write', who: signedIn() }, ({ args, db }) =>
      db.enqueue(picky, { note: args.note }),
    ),
    fn('ask_single', { args: noteArgs, returns: value(z.unknown()), volatility: 'write', who: signedIn() }, ({ args, db }) =>
      db.enqueue(single, { note: args.note }),
    ),
    fn(
      'ask_typed',
      { args: z.object({ text: z.string().optional() }), returns: value(z.unknown()), volatility: 'write', who: signedIn() },
      ({ args, db }) => db.enqueue(typed, { at: new Date(1_767_323_045_678), big: 12_345_678_901_234_567_890n, ...args }),
    ),
    fn('ask_wrong', { returns: value(z.unknown()), volatility: 'write', who: signedIn() }, ({ db }) => db.enqueue(mark, { note: '' })),
    fn(
      'ask_many',
      { args: z.object({ from: z.int(), count: z.int() }), returns: nothing, volatility: 'write', who: signedIn() },
      async ({ args, db, auth }) => {
        await db.batch((batch) => {
          for (let i = 0; i < args.count; i++) batch.enqueue(mark, { note: `n${args.from + i}` })
          return [batch.insert(errands, { ownerId: auth.uid, title: `from ${args.from}` })]
        })
      },
    ),
    fn('call_off_single', { args: noteArgs, returns: value(z.boolean()), volatility: 'write', who: signedIn() }, ({ args, db }) =>
      db.cancel(single, { unique: args.note }),
    ),
    fn(
      'call_off',
      { args: z.object({ id: z.string() }), returns: value(z.boolean()), volatility: 'write', who: signedIn() },
      ({ args, db }) => db.cancel(mark, { id: args.id }),
    ),
    fn('ask_reading', { returns: nothing, volatility: 'read', who: signedIn() }, async ({ db }) => {
      await (db as never as { enqueue(...given: unknown[]): Promise<void> }).enqueue(mark, { note: 'x' })
    }),
    fn(
      'add_errand',
      {
        args: z.object({ title: z.string(), data: z.unknown().optional(), fail: z.boolean().optional() }),
        returns: nothing,
        volatility: 'write',
        who: signedIn(),
      },
      async ({ args, db, auth }) => {
        await db.batch((batch) => {
          const errand = batch.insert(errands, { ownerId: auth.uid, title: args.title, weight: 3 })
          batch.enqueue(tell, {
            errand: errand.ref('id'),
            title: args.title,
            weight: errand.ref('weight'),
            list: [errand.ref('ownerId'), errand.ref('title')],
          })
          // Breaks the key, so that all of it is undone.
          if (args.fail) batch.insert(errands, { id: errand.ref('id'), ownerId: auth.uid, title: 'twice' })
          return [errand]
        })
        if (args.title === 'raise') raise({ message: 'too late to undo' })
      },
    ),
  ],
})
