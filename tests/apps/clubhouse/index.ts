// A club's rooms, built to be attacked through writes: policies that read the table they guard, keys of every kind, columns that
// nobody may name, rows that others may not know of, and rows spread over two databases.
import { sql } from 'drizzle-orm'
import { blob, check, index, integer, numeric, primaryKey, real, sqliteTable, text, unique, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { anyone, app, nobody, owner, signedIn, table } from '../../../src/define'

export const clubs = sqliteTable('clubs', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  founderId: text('founder_id').notNull(),
})

export const members = sqliteTable(
  'members',
  {
    clubId: text('club_id')
      .notNull()
      .references(() => clubs.id, { onDelete: 'cascade' }),
    personId: text('person_id').notNull(),
    rank: text('rank', { enum: ['member', 'steward'] })
      .notNull()
      .default('member'),
  },
  (t) => [primaryKey({ columns: [t.clubId, t.personId] }), index('members_person').on(t.personId)],
)

export const notes = sqliteTable(
  'notes',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id').notNull(),
    clubId: text('club_id').references(() => clubs.id),
    answerTo: text('answer_to').references((): never => notes.id as never, { onDelete: 'set null' }),
    slug: text('slug'),
    title: text('title', { length: 40 }).notNull(),
    status: text('status', { enum: ['draft', 'done'] })
      .notNull()
      .default('draft'),
    pinned: integer('pinned', { mode: 'boolean' }).notNull().default(false),
    views: integer('views').notNull().default(0),
    score: real('score'),
    price: numeric('price'),
    tags: text('tags', { mode: 'json' }),
    photo: blob('photo', { mode: 'buffer' }),
    due: integer('due', { mode: 'timestamp_ms' }),
    code: text('code').$defaultFn(() => 'made-here'),
    moderation: text('moderation').default('unseen'),
    secret: text('secret').default('hush'),
    touched: integer('touched', { mode: 'timestamp_ms' }),
    loud: text('loud').generatedAlwaysAs(sql`upper(title)`, { mode: 'virtual' }),
  },
  (t) => [uniqueIndex('notes_slug_key').on(t.slug), check('notes_views_floor', sql`${t.views} >= 0`), index('notes_owner').on(t.ownerId)],
)

/** One desk a person: whether a row may stand depends on the others. */
export const desks = sqliteTable(
  'desks',
  { id: text('id').primaryKey(), personId: text('person_id').notNull(), place: integer('place').notNull() },
  (t) => [index('desks_person').on(t.personId)],
)

/** Stand only next to one that is taken: a row of a statement can spoil what another of its rows relied on. */
export const chairs = sqliteTable('chairs', {
  id: text('id').primaryKey(),
  ownerId: text('owner_id').notNull(),
  nextTo: text('next_to'),
  taken: integer('taken', { mode: 'boolean' }).notNull().default(true),
  mood: text('mood'),
})

export const entries = sqliteTable('entries', { id: integer('id').primaryKey({ autoIncrement: true }), text: text('text').notNull() })

/** Kept per club, each club's rows in one of several databases. */
export const messages = sqliteTable(
  'messages',
  { clubId: text('club_id').notNull(), id: text('id').notNull(), authorId: text('author_id').notNull(), text: text('text').notNull() },
  (t) => [primaryKey({ columns: [t.clubId, t.id] })],
)

/** Written by their author, read by their addressee alone. */
export const letters = sqliteTable(
  'letters',
  {
    id: text('id').primaryKey(),
    fromId: text('from_id').notNull(),
    toId: text('to_id').notNull(),
    handle: text('handle'),
    text: text('text').notNull(),
  },
  (t) => [unique('letters_handle_key').on(t.handle)],
)

export default app({
  name: 'Clubhouse',
  tables: [
    table(clubs, { read: anyone(), insert: owner(clubs.founderId), update: owner(clubs.founderId), delete: owner(clubs.founderId) }),
    table(members, {
      // Members see their fellows, and stewards let people in: both look into this very table.
      read: ({ row, auth, or, and, eq, exists }) =>
        or(
          eq(row.personId, auth.uid),
          exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.personId, auth.uid))),
        ),
      insert: ({ row, auth, or, and, eq, exists }) =>
        or(
          exists(clubs, (c) => and(eq(c.id, row.clubId), eq(c.founderId, auth.uid))),
          and(
            eq(row.rank, 'member'),
            exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.personId, auth.uid), eq(m.rank, 'steward'))),
          ),
        ),
      update: {
        using: ({ row, auth, and, eq, exists }) =>
          exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.personId, auth.uid), eq(m.rank, 'steward'))),
        // A club never loses its last steward.
        check: ({ row, and, eq, exists }) => exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.rank, 'steward'))),
      },
      delete: owner(members.personId),
    }),
    table(notes, {
      audit: true,
      read: ({ row, auth, or, and, eq, exists }) =>
        or(
          eq(row.ownerId, auth.uid),
          eq(row.status, 'done'),
          exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.personId, auth.uid))),
        ),
      insert: owner(notes.ownerId),
      update: {
        using: ({ row, auth, or, and, eq, exists }) =>
          or(
            eq(row.ownerId, auth.uid),
            exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.personId, auth.uid))),
          ),
        check: ({ row, auth, or, and, eq, exists }) =>
          or(
            eq(row.ownerId, auth.uid),
            exists(members, (m) => and(eq(m.clubId, row.clubId), eq(m.personId, auth.uid))),
          ),
      },
      delete: owner(notes.ownerId),
      columns: {
        ownerId: { default: ({ auth }) => auth.uid },
        moderation: { readOnly: true },
        secret: { hidden: true },
        touched: { onUpdate: ({ now }) => now, default: ({ now }) => now },
        price: { read: ({ row, auth, eq }) => eq(row.ownerId, auth.uid) },
      },
    }),
    table(desks, {
      read: anyone(),
      insert: ({ row, auth, and, eq, ne, notExists }) =>
        and(
          eq(row.personId, auth.uid),
          notExists(desks, (d) => and(eq(d.personId, row.personId), ne(d.id, row.id))),
        ),
      update: ({ row, auth, and, eq, ne, notExists }) =>
        and(
          eq(row.personId, auth.uid),
          notExists(desks, (d) => and(eq(d.place, row.place), ne(d.id, row.id))),
        ),
      delete: owner(desks.personId),
    }),
    table(chairs, {
      read: anyone(),
      insert: ({ row, auth, and, eq, exists }) =>
        and(
          eq(row.ownerId, auth.uid),
          exists(chairs, (c) => and(eq(c.id, row.nextTo), eq(c.taken, true))),
        ),
      update: {
        using: signedIn(),
        check: ({ row, and, eq, ne, exists }) =>
          and(
            ne(row.mood, 'bad'),
            exists(chairs, (c) => and(eq(c.id, row.nextTo), eq(c.taken, true))),
          ),
      },
      delete: nobody(),
    }),
    table(entries, { read: anyone(), insert: signedIn(), update: nobody(), delete: nobody() }),
    table(messages, {
      searchable: ['text'],
      read: signedIn(),
      insert: owner(messages.authorId),
      update: owner(messages.authorId),
      delete: owner(messages.authorId),
      partition: 'clubId',
    }),
    table(letters, {
      read: owner(letters.toId),
      insert: owner(letters.fromId),
      update: owner(letters.fromId),
      delete: owner(letters.fromId),
    }),
  ],
})
