// A small app with one of everything that migrations and the change log must carry: keys of two columns, trees, cascades,
// BLOBs, computed columns, partial indexes, and a table of as many columns as D1 takes.
import { sql } from 'drizzle-orm'
import {
  blob,
  check,
  index,
  integer,
  numeric,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
  type SQLiteColumnBuilderBase,
} from 'drizzle-orm/sqlite-core'
import { anyone, app, owner, table } from '../../../src/define'

export const stewards = sqliteTable('stewards', { accountId: text('account_id').notNull(), person: text('person').notNull() }, (t) => [
  primaryKey({ columns: [t.accountId, t.person] }),
])

export const accounts = sqliteTable(
  'accounts',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id').notNull(),
    name: text('name').notNull(),
    balance: integer('balance').notNull().default(0),
    active: integer('active', { mode: 'boolean' }).notNull().default(true),
    settings: text('settings', { mode: 'json' }),
    photo: blob('photo', { mode: 'buffer' }),
    rate: real('rate'),
    ceiling: numeric('ceiling').default('10.50'),
    openedAt: integer('opened_at', { mode: 'timestamp_ms' }).default(new Date(1_700_000_000_000)),
    slug: text('slug').generatedAlwaysAs(sql`lower(name)`, { mode: 'virtual' }),
  },
  (t) => [
    check('accounts_balance_floor', sql`${t.balance} > -1000`),
    uniqueIndex('accounts_owner_name').on(t.ownerId, t.name),
    index('accounts_lower')
      .on(sql`lower(${t.name})`)
      .where(sql`${t.active} = 1`),
  ],
)

export const entries = sqliteTable(
  'entries',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    note: text('note').unique(),
  },
  (t) => [index('entries_account').on(t.accountId)],
)

export const labels = sqliteTable(
  'labels',
  {
    entryId: integer('entry_id')
      .notNull()
      .references(() => entries.id, { onDelete: 'cascade' }),
    label: text('label').notNull(),
  },
  (t) => [primaryKey({ columns: [t.entryId, t.label] })],
)

export const categories = sqliteTable('categories', {
  id: text('id').primaryKey(),
  parentId: text('parent_id').references((): never => categories.id as never, { onDelete: 'set null' }),
})

const many: Record<string, SQLiteColumnBuilderBase> = {}
for (let n = 1; n <= 97; n++) many[`c${n}`] = text(`c${n}`)
export const wide = sqliteTable('wide', { id: text('id').primaryKey(), ...many })

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export const tables = {
  accounts: table(accounts, {
    ...open,
    read: ({ row, auth, or, and, eq, exists }) =>
      or(
        eq(row.active, true),
        exists(stewards, (s) => and(eq(s.accountId, row.id), eq(s.person, auth.uid))),
      ),
    update: owner(accounts.ownerId),
  }),
  entries: table(entries, { ...open, audit: true }),
  labels: table(labels, open),
  categories: table(categories, open),
  wide: table(wide, open),
}

export default app({ name: 'Ledger', tables: Object.values(tables), internal: [stewards] })
