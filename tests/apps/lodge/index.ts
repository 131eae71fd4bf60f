// A lodge whose every way in is open: for driving sign-in method by method, as SDKs do.
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { app, owner, signedIn, table } from '../../../src/define'

/** What a guest leaves: shows in the data paths whose session it was. */
export const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  guestId: text('guest_id').notNull(),
  text: text('text').notNull(),
})

export default app({
  name: 'Lodge',
  description: 'Guests, and the notes that they leave.',
  tables: [table(notes, { read: signedIn(), insert: owner(notes.guestId), update: owner(notes.guestId), delete: owner(notes.guestId) })],
})
