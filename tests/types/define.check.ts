// Checked by tsc, never run: each line under an expectation must be an error, or the check fails.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, nobody, owner, signedIn, table } from 'perigee'

const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  ownerId: text('owner_id').notNull(),
  kind: text('kind', { enum: ['draft', 'final'] }).notNull(),
  stars: integer('stars').notNull(),
  at: integer('at', { mode: 'timestamp_ms' }),
})
const others = sqliteTable('others', { id: text('id').primaryKey(), noteId: text('note_id').notNull() })

const rest = { insert: signedIn(), update: nobody(), delete: nobody() }

table(notes, { ...rest, read: anyone() })
table(notes, { ...rest, read: ({ row, auth, eq, or }) => or(eq(row.kind, 'final'), eq(row.ownerId, auth.uid)) })
table(notes, { ...rest, read: ({ row, gt, now }) => gt(now, row.at) })
table(notes, { ...rest, read: ({ row, exists, eq }) => exists(others, (o) => eq(o.noteId, row.id)) })
table(notes, { ...rest, read: owner(notes.ownerId), columns: { ownerId: { default: ({ auth }) => auth.uid, readOnly: true } } })

table(notes, { ...rest, read: anyone(), searchable: ['kind'] })
table(notes, { ...rest, read: anyone(), searchable: { columns: ['kind', 'ownerId'], language: ['simple', 'english'] } })

// @ts-expect-error the read policy is missing
table(notes, rest)
// @ts-expect-error the delete policy is missing
table(notes, { read: anyone(), insert: anyone(), update: anyone() })
// @ts-expect-error an update policy of two sides needs both
table(notes, { ...rest, read: anyone(), update: { using: anyone() } })
// @ts-expect-error no such column
table(notes, { ...rest, read: ({ row, auth, eq }) => eq(row.owner, auth.uid) })
// @ts-expect-error not one of the enum's texts
table(notes, { ...rest, read: ({ row, eq }) => eq(row.kind, 'final!') })
// @ts-expect-error no such column to search
table(notes, { ...rest, read: anyone(), searchable: ['owner'] })
// @ts-expect-error no such language
table(notes, { ...rest, read: anyone(), searchable: { columns: ['kind'], language: 'klingon' } })
// @ts-expect-error a number is no text
table(notes, { ...rest, read: ({ row, auth, eq }) => eq(row.stars, auth.uid) })
// @ts-expect-error the other table has no such column
table(notes, { ...rest, read: ({ row, exists, eq }) => exists(others, (o) => eq(o.owner, row.id)) })
// @ts-expect-error a policy gives a condition, not a boolean
table(notes, { ...rest, read: () => true })
// @ts-expect-error an owner's column holds text
owner(notes.stars)
// @ts-expect-error rules for a column that isn't there
table(notes, { ...rest, read: anyone(), columns: { nope: { hidden: true } } })
// @ts-expect-error a default of the wrong type
table(notes, { ...rest, read: anyone(), columns: { stars: { default: ({ auth }) => auth.uid } } })
