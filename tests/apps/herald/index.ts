// Articles, and what the app does about them after they were written: an app for the tests of the change feed.
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, app, onChange, table, type ConsumerDeclaration } from 'perigee'

export const articles = sqliteTable('articles', {
  id: text('id').primaryKey(),
  title: text('title').notNull(),
  draft: integer('draft', { mode: 'boolean' }).notNull().default(false),
  tags: text('tags', { mode: 'json' }).$type<string[]>().notNull().default([]),
  words: integer('words').notNull().default(0),
  secret: text('secret'),
  printedAt: integer('printed_at', { mode: 'timestamp_ms' }),
})

/** One row for each change that a handler saw: a second one would be refused. */
export const seen = sqliteTable('seen', {
  id: text('id').primaryKey(),
  consumer: text('consumer').notNull(),
  change: text('change').notNull(),
  key: text('key').notNull(),
  /** How many of the same key were seen before, as the handler found it. */
  nth: integer('nth').notNull(),
})

export const totals = sqliteTable('totals', { id: text('id').primaryKey(), words: integer('words').notNull().default(0) })

/** Spread over the databases by its section. */
export const letters = sqliteTable(
  'letters',
  { section: text('section').notNull(), id: text('id').notNull(), answered: integer('answered').notNull().default(0) },
  (t) => [primaryKey({ columns: [t.section, t.id] })],
)

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export const herald = (...consumers: ConsumerDeclaration[]) =>
  app({
    name: 'Herald',
    tables: [
      table(articles, { ...open, columns: { secret: { hidden: true } } }),
      table(seen, open),
      table(totals, open),
      table(letters, { ...open, partition: 'section' }),
    ],
    consumers,
  })

/** Writes down each change. Reads nothing, so that many share a transaction. */
export const scribe = onChange(articles, { name: 'scribe', from: 'beginning' }, ({ change, batch }) => {
  batch.insert(seen, { id: `scribe ${change.id}`, consumer: 'scribe', change: change.id, key: String(change.key.id), nth: 0 })
})

/** Counts what it wrote of the same article before: an earlier change's effect must be there. */
export const counter = onChange(
  articles,
  { name: 'counter', ops: ['insert', 'update'], from: 'beginning' },
  async ({ change, batch, db }) => {
    const key = String(change.key.id)
    // Two questions at once: neither may overtake what is being committed.
    const [nth, again] = await Promise.all([
      db.count(seen, { where: { consumer: 'counter', key } }),
      db.query(seen, { where: { consumer: 'counter', key }, columns: ['id'] }),
    ])
    if (again.length !== nth) throw new Error(`${again.length} is not ${nth}`)
    batch.insert(seen, { id: `counter ${change.id}`, consumer: 'counter', change: change.id, key, nth })
  },
)
