// A library: one of each way in which tables relate, one column of each type, and something that each reader may not see.
import { sql } from 'drizzle-orm'
import { blob, index, integer, numeric, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { anyone, app, owner, table, view } from '../../../src/define'

export const people = sqliteTable('people', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email'),
  secret: text('secret'),
  mentorId: text('mentor_id').references((): never => people.id as never, { onDelete: 'set null' }),
})

export const books = sqliteTable(
  'books',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    title: text('title', { length: 100 }).notNull(),
    authorId: text('author_id').references(() => people.id),
    editorId: text('editor_id').references(() => people.id),
    ownerId: text('owner_id'),
    published: integer('published', { mode: 'boolean' }).notNull().default(true),
    isbn: text('isbn').unique(),
    pages: integer('pages'),
    price: numeric('price'),
    rating: real('rating'),
    genre: text('genre', { enum: ['novel', 'poetry', 'essay'] }),
    meta: text('meta', { mode: 'json' }),
    released: text('released'),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (t) => [index('books_author').on(t.authorId), index('books_editor').on(t.editorId), index('books_owner').on(t.ownerId)],
)

export const editions = sqliteTable('editions', {
  bookId: integer('book_id')
    .primaryKey()
    .references(() => books.id, { onDelete: 'cascade' }),
  publisher: text('publisher').notNull(),
})

export const reviews = sqliteTable(
  'reviews',
  {
    id: text('id').primaryKey(),
    bookId: integer('book_id')
      .notNull()
      .references(() => books.id, { onDelete: 'cascade' }),
    reviewerId: text('reviewer_id').references(() => people.id),
    stars: integer('stars').notNull(),
    body: text('body'),
    hiddenBy: text('hidden_by'),
  },
  (t) => [index('reviews_book').on(t.bookId), index('reviews_reviewer').on(t.reviewerId)],
)

export const tags = sqliteTable('tags', { id: text('id').primaryKey(), label: text('label').notNull().unique() })

export const bookTags = sqliteTable(
  'book_tags',
  {
    bookId: integer('book_id')
      .notNull()
      .references(() => books.id, { onDelete: 'cascade' }),
    tagId: text('tag_id')
      .notNull()
      .references(() => tags.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.bookId, t.tagId] }), index('book_tags_tag').on(t.tagId)],
)

export const fans = sqliteTable(
  'fans',
  {
    fanId: text('fan_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    idolId: text('idol_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.fanId, t.idolId] }), index('fans_idol').on(t.idolId)],
)

/** Of another branch, which clients find in a schema of its own under names that are taken in the first. */
export const annexPeople = sqliteTable('annex_people', { id: text('id').primaryKey(), name: text('name').notNull() })

export const annexLoans = sqliteTable('annex_loans', {
  id: text('id').primaryKey(),
  personId: text('person_id').references(() => annexPeople.id),
  bookId: integer('book_id').references(() => books.id),
})

/** What people wrote of it, for full-text search: in two languages, one column of which not everyone reads. */
export const articles = sqliteTable(
  'articles',
  {
    id: text('id').primaryKey(),
    title: text('title').notNull(),
    body: text('body'),
    remarks: text('remarks'),
    authorId: text('author_id').references(() => people.id, { onDelete: 'cascade' }),
    public: integer('public', { mode: 'boolean' }).notNull().default(true),
    likes: integer('likes').notNull().default(0),
  },
  (t) => [index('articles_author').on(t.authorId), index('articles_public').on(t.public, t.likes)],
)

/** One column of each type. */
export const samples = sqliteTable('samples', {
  id: text('id').primaryKey(),
  whole: integer('whole'),
  ratio: real('ratio'),
  amount: numeric('amount'),
  flag: integer('flag', { mode: 'boolean' }),
  seconds: integer('seconds', { mode: 'timestamp' }),
  millis: integer('millis', { mode: 'timestamp_ms' }),
  day: text('day'),
  data: text('data', { mode: 'json' }),
  bytes: blob('bytes', { mode: 'buffer' }),
  note: text('note').default('none'),
})

/** Ranges, one column of each sort of bound. */
export const stays = sqliteTable('stays', {
  id: integer('id').primaryKey(),
  during: text('during'),
  days: text('days'),
  ages: text('ages'),
  price: text('price'),
  secret: text('secret'),
  guestId: text('guest_id'),
})

/** What is said of each book, whoever wrote it; hidden reviews don't count. */
export const bookStats = sqliteView('book_stats', {
  bookId: integer('book_id'),
  ownerId: text('owner_id'),
  reviews: integer('reviews'),
  praised: integer('praised', { mode: 'boolean' }),
  latest: integer('latest', { mode: 'timestamp_ms' }),
}).as(
  sql`select ${books.id}, ${books.ownerId}, (select count(*) from ${reviews} where ${reviews.bookId} = ${books.id}), exists (select 1 from ${reviews} where ${reviews.bookId} = ${books.id} and ${reviews.stars} = 5), ${books.createdAt} + 0 from ${books}`,
)

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export default app({
  name: 'Library',
  description: 'Books, and who wrote, edited and read them.',
  tables: [
    table(people, {
      ...open,
      columns: {
        secret: { hidden: true },
        email: { read: owner(people.id) },
      },
      computed: {
        badge: { type: 'text', value: ({ row, concat, coalesce }) => concat(row.name, ' <', coalesce(row.email, '?'), '>') },
        is_me: { type: 'boolean', value: ({ row, auth, eq }) => eq(row.id, auth.uid) },
        followers: { type: 'integer', value: ({ row, count, eq }) => count(fans, (f) => eq(f.idolId, row.id)) },
      },
      relations: () => ({
        mentor: { to: people, kind: 'to-one', on: [[people.mentorId, people.id]] },
        pupils: { to: people, kind: 'to-many', on: [[people.id, people.mentorId]] },
        idols: {
          to: people,
          kind: 'many-to-many',
          on: [[people.id, fans.fanId]],
          through: { table: fans, on: [[fans.idolId, people.id]] },
        },
      }),
    }),
    table(books, {
      read: ({ row, auth, or, eq }) => or(eq(row.published, true), eq(row.ownerId, auth.uid)),
      insert: owner(books.ownerId),
      update: owner(books.ownerId),
      delete: owner(books.ownerId),
      columns: {
        ownerId: { default: ({ auth }) => auth.uid },
        released: { format: 'date' },
        createdAt: { readOnly: true, default: ({ now }) => now },
      },
      computed: {
        length: { type: 'text', value: ({ row, when, gte }) => when(gte(row.pages, 300), 'long', when(gte(row.pages, 0), 'short')) },
        shelf: { type: 'integer', value: ({ row, count, eq }) => count(books, (b) => eq(b.ownerId, row.ownerId)) },
        owner_note: { type: 'text', value: ({ row, concat }) => concat('of ', row.ownerId), read: owner(books.ownerId) },
        cipher: { type: 'text', value: ({ row, upper }) => upper(row.title), hidden: true },
      },
    }),
    table(editions, open),
    table(reviews, {
      ...open,
      read: ({ row, auth, or, eq, isNull }) => or(isNull(row.hiddenBy), eq(row.reviewerId, auth.uid)),
    }),
    table(articles, {
      ...open,
      read: ({ row, auth, or, eq }) => or(eq(row.public, true), eq(row.authorId, auth.uid)),
      columns: { remarks: { read: owner(articles.authorId) } },
      searchable: { columns: ['title', 'body', 'remarks'], language: ['english', 'simple'] },
    }),
    table(tags, open),
    table(bookTags, open),
    table(fans, open),
    table(annexPeople, { ...open, exposed: { schema: 'annex', name: 'people' } }),
    table(annexLoans, { ...open, exposed: { schema: 'annex', name: 'loans' } }),
    table(stays, {
      ...open,
      columns: {
        during: { format: 'tstzrange' },
        days: { format: 'daterange' },
        ages: { format: 'int4range', default: () => '[0,100]' },
        price: { format: 'numrange', read: owner(stays.guestId) },
        secret: { format: 'int4range', hidden: true },
      },
    }),
    table(samples, {
      ...open,
      columns: { id: { format: 'uuid' }, day: { format: 'date' } },
    }),
  ],
  views: [
    view(bookStats, {
      description: 'How each book is received.',
      read: ({ row, auth, or, eq, gt }) => or(gt(row.reviews, 0), eq(row.ownerId, auth.uid)),
      key: ['bookId'],
      references: [{ columns: [bookStats.bookId], foreignColumns: [books.id] }],
      columns: { ownerId: { hidden: true }, latest: { read: ({ row, auth, eq }) => eq(row.ownerId, auth.uid) } },
      computed: { verdict: { type: 'text', value: ({ row, when, eq }) => when(eq(row.praised, true), 'loved', 'read') } },
    }),
  ],
})
