// The library's desk: its tables, some of its own, and a function of each kind.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import * as z from 'zod'
import { anyone, app, fn, isConflict, nobody, nothing, one, owner, raise, setOf, signedIn, table, value } from '../../../src/define'
import library, { articles, books, people, reviews } from '../library'

export const seats = sqliteTable('seats', {
  id: text('id').primaryKey(),
  taken: integer('taken').notNull().default(0),
  holder: text('holder'),
})
export const loans = sqliteTable('loans', {
  id: text('id').primaryKey(),
  readerId: text('reader_id').notNull(),
  bookId: integer('book_id').notNull(),
  note: text('note'),
})
export const stamps = sqliteTable('stamps', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  loanId: text('loan_id')
    .notNull()
    .references(() => loans.id, { onDelete: 'cascade' }),
})

const none = z.object({})

const functions = [
  fn(
    'add',
    {
      args: z.object({ a: z.number(), b: z.number().default(1) }),
      returns: value(z.number()),
      volatility: 'read',
      who: anyone(),
      description: 'Adds.',
    },
    ({ args }) => args.a + args.b,
  ),
  fn(
    'echo',
    {
      args: z.object({
        text: z.string().optional(),
        flag: z.boolean().optional(),
        list: z.array(z.int()).optional(),
        names: z.array(z.string()).optional(),
        day: z.iso.date().optional(),
        at: z.date().optional(),
        big: z.bigint().optional(),
        data: z.object({ n: z.number() }).optional(),
        any: z.unknown().optional(),
        kind: z.enum(['a', 'b']).optional(),
        either: z.union([z.number(), z.literal('none')]).optional(),
      }),
      returns: value(z.unknown()),
      volatility: 'read',
      who: anyone(),
    },
    ({ args }) => ({ ...args, types: Object.fromEntries(Object.entries(args).map(([key, given]) => [key, typeof given])) }),
  ),
  fn('nothing_at_all', { returns: nothing, volatility: 'read', who: anyone() }, () => undefined),
  fn('null_value', { returns: value(z.string().nullable()), volatility: 'read', who: anyone() }, () => null),
  fn(
    'squares',
    { args: z.object({ n: z.int().min(0).max(5000) }), returns: setOf(z.number()), volatility: 'read', who: anyone() },
    ({ args }) => Array.from({ length: args.n }, (_, i) => i * i),
  ),
  fn(
    'good_books',
    { args: z.object({ least: z.number().default(0) }), returns: setOf(books), volatility: 'read', who: anyone() },
    ({ args, db }) => db.rows(books, { where: ({ row, gte }) => gte(row.rating, args.least), order: [['rating', 'desc']] }),
  ),
  fn('best_books', { args: z.object({ most: z.int() }), returns: setOf(books), volatility: 'read', who: anyone() }, ({ args, db }) =>
    db.rows(books, { where: ({ row, isNotNull }) => isNotNull(row.rating), order: [['rating', 'desc'], 'id'], limit: args.most }),
  ),
  fn('books_by_id', { args: z.object({ ids: z.array(z.int()) }), returns: setOf(books), volatility: 'read', who: anyone() }, ({ args }) =>
    args.ids.map((id) => ({ id })),
  ),
  fn('liked_articles', { args: z.object({ most: z.int() }), returns: setOf(articles), volatility: 'read', who: anyone() }, ({ args, db }) =>
    db.rows(articles, { order: [['likes', 'desc']], limit: args.most }),
  ),
  fn('one_book', { args: z.object({ id: z.int() }), returns: one(books), volatility: 'read', who: anyone() }, ({ args }) => ({
    id: args.id,
  })),
  fn('no_book', { returns: one(books), volatility: 'read', who: anyone() }, () => null),
  fn('service_books', { returns: setOf(books), volatility: 'read', who: anyone() }, async ({ db }) =>
    db.asService('to test that rows are read anew').query(books, { order: ['id'] }),
  ),
  fn(
    'genres',
    {
      returns: setOf(
        z.object({
          genre: z.string(),
          books: z.int(),
          best: z.number().nullable(),
          open: z.boolean(),
          since: z.date(),
          tags: z.array(z.string()),
        }),
      ),
      volatility: 'read',
      who: anyone(),
    },
    () => [
      { genre: 'novel', books: 3, best: 4.5, open: true, since: new Date('2026-01-02T03:04:05.678Z'), tags: ['long'] },
      { genre: "poet's", books: 1, best: null, open: false, since: new Date('2025-01-02T03:04:05Z'), tags: [] },
      { genre: 'essay', books: 2, best: 3, open: true, since: new Date('2024-01-02T03:04:05Z'), tags: ['short', 'dry'] },
    ],
  ),
  fn('a_genre', { returns: one(z.object({ genre: z.string(), books: z.int() })), volatility: 'read', who: anyone() }, () => ({
    genre: 'novel',
    books: 3,
  })),
  fn(
    'many_rows',
    { args: z.object({ bytes: z.int() }), returns: setOf(z.object({ text: z.string() })), volatility: 'read', who: anyone() },
    ({ args }) => [{ text: 'x'.repeat(args.bytes) }],
  ),

  fn('mine_only', { returns: value(z.string().nullable()), volatility: 'read', who: signedIn() }, ({ auth }) => auth.uid),
  fn('editors_only', { returns: nothing, volatility: 'read', who: ({ auth }) => auth.hasRole('editor') }, () => undefined),
  fn('service_only', { returns: value(z.string()), volatility: 'write', who: nobody() }, ({ auth }) => auth.role),

  fn(
    'borrow',
    {
      args: z.object({ book: z.int(), note: z.string().nullable().default(null) }),
      returns: one(loans),
      volatility: 'write',
      who: signedIn(),
    },
    async ({ args, db, auth }) => db.insert(loans, { readerId: auth.uid, bookId: args.book, note: args.note }),
  ),
  fn(
    'borrow_for',
    { args: z.object({ reader: z.string(), book: z.int() }), returns: one(loans), volatility: 'write', who: signedIn() },
    async ({ args, db }) => db.insert(loans, { readerId: args.reader, bookId: args.book }),
  ),
  fn(
    'borrow_stamped',
    {
      args: z.object({ book: z.int(), fail: z.boolean().default(false) }),
      returns: value(z.object({ loan: z.string(), stamps: z.array(z.int()) })),
      volatility: 'write',
      who: signedIn(),
    },
    async ({ args, db, auth }) => {
      const [lent, stamped] = await db.batch((batch) => {
        const loan = batch.insert(loans, { readerId: auth.uid, bookId: args.book })
        const first = batch.insert(stamps, { loanId: loan.ref('id') })
        if (args.fail) batch.insert(stamps, { loanId: 'no such loan' })
        return [loan, first]
      })
      return { loan: lent[0]!.id, stamps: stamped.map(({ id }) => id) }
    },
  ),
  fn(
    'return_all',
    { returns: value(z.int()), volatility: 'write', who: signedIn() },
    async ({ db }) => (await db.delete(loans, { where: 'every row' })).length,
  ),
  fn(
    'annotate',
    { args: z.object({ id: z.string(), note: z.string() }), returns: setOf(loans), volatility: 'write', who: signedIn() },
    async ({ args, db }) => db.update(loans, { note: args.note }, { where: { id: args.id } }),
  ),
  fn('sneaky_write', { returns: nothing, volatility: 'read', who: anyone() }, async ({ db }) => {
    await (db as never as { insert(table: unknown, row: unknown): Promise<unknown> }).insert(loans, { readerId: 'x', bookId: 1 })
  }),
  fn(
    'take_seat',
    { args: z.object({ id: z.string() }), returns: value(z.enum(['won', 'lost'])), volatility: 'write', who: signedIn() },
    async ({ args, db, auth }) => {
      const [seat] = await db.query(seats, { where: { id: args.id } })
      if (!seat) raise({ code: 'PT404', message: 'no such seat', hint: 'Look again.' })
      try {
        const changed = await db.update(
          seats,
          { taken: seat.taken + 1, holder: auth.uid },
          { where: { id: args.id }, ifVersion: seat._version },
        )
        return changed.length === 1 ? 'won' : 'lost'
      } catch (error) {
        if (isConflict(error)) return 'lost'
        throw error
      }
    },
  ),
  fn(
    'insist_on_version',
    { args: z.object({ id: z.string(), version: z.int() }), returns: nothing, volatility: 'write', who: signedIn() },
    async ({ args, db }) => {
      await db.update(seats, { taken: 99 }, { where: { id: args.id }, ifVersion: args.version })
    },
  ),
  fn(
    'count_books',
    {
      args: z.object({ genre: z.enum(['novel', 'poetry', 'essay']).optional() }),
      returns: value(z.int()),
      volatility: 'read',
      who: anyone(),
    },
    ({ args, db }) => db.count(books, { where: { genre: args.genre ?? null } }),
  ),
  fn(
    'titles_like',
    { args: z.object({ text: z.string() }), returns: setOf(z.string()), volatility: 'read', who: anyone() },
    async ({ args, db }) =>
      (
        await db.query(books, {
          columns: ['title'],
          where: ({ row, or, ilike, eq }) => or(ilike(row.title, `%${args.text}%`), eq(row.title, args.text)),
          order: ['title'],
        })
      ).map(({ title }) => title),
  ),
  fn('emails', { returns: setOf(z.string().nullable()), volatility: 'read', who: anyone() }, async ({ db }) =>
    (await db.query(people, { order: ['id'] })).map(({ email }) => email),
  ),
  fn('secrets', { returns: setOf(z.unknown()), volatility: 'read', who: anyone() }, async ({ db }) =>
    db.query(people, { columns: ['secret'] }),
  ),

  fn(
    'lend_as_service',
    {
      args: z.object({ reader: z.string(), book: z.int(), id: z.string().optional() }),
      returns: nothing,
      volatility: 'write',
      who: signedIn(),
    },
    async ({ args, db }) => {
      const service = db.asService('a librarian lends for a reader')
      await service.insert(loans, { ...(args.id === undefined ? {} : { id: args.id }), readerId: args.reader, bookId: args.book })
    },
  ),
  fn('all_emails', { returns: setOf(z.string().nullable()), volatility: 'read', who: signedIn() }, async ({ db }) =>
    (await db.asService('to count the mail').query(people, { order: ['id'] })).map(({ email }) => email),
  ),

  fn(
    'refuse',
    { args: z.object({ code: z.string().optional(), status: z.int().optional() }), returns: nothing, volatility: 'read', who: anyone() },
    ({ args }) =>
      raise({
        ...(args.code === undefined ? {} : { code: args.code }),
        ...(args.status === undefined ? {} : { status: args.status }),
        message: 'not today',
        details: 'It rains.',
        hint: 'Come again.',
      }),
  ),
  fn('burst', { returns: nothing, volatility: 'read', who: anyone() }, () => {
    throw new Error('the pin is 1234')
  }),
  fn('liar', { returns: value(z.number()), volatility: 'read', who: anyone() }, () => 'the pin is 1234' as never),
  fn('busy', { args: z.object({ calls: z.int() }), returns: value(z.int()), volatility: 'read', who: anyone() }, async ({ args, db }) => {
    for (let i = 0; i < args.calls; i++) await db.count(books)
    return args.calls
  }),
  fn('effect', { returns: value(z.boolean()), volatility: 'write', who: signedIn() }, async ({ checkSession }) => {
    await checkSession()
    return true
  }),
  fn('reviews_of', { args: z.object({ book_id: z.int() }), returns: setOf(reviews), volatility: 'read', who: anyone() }, ({ args, db }) =>
    db.rows(reviews, { where: { bookId: args.book_id } }),
  ),
  fn('empty_args', { args: none, returns: value(z.string()), volatility: 'read', who: anyone() }, () => 'ok'),
]

export default app({
  ...library,
  name: 'Counter',
  tables: [
    ...library.tables,
    table(seats, { read: anyone(), insert: nobody(), update: signedIn(), delete: nobody() }),
    table(loans, {
      read: owner(loans.readerId),
      insert: owner(loans.readerId),
      update: owner(loans.readerId),
      delete: owner(loans.readerId),
      audit: true,
    }),
    table(stamps, { read: signedIn(), insert: signedIn(), update: nobody(), delete: nobody() }),
  ],
  functions,
})
