// A lodge whose every way in is open: for driving sign-in method by method, as SDKs do.
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { app, apple, github, google, openid, owner, signedIn, table } from '../../../src/define'

/** What a guest leaves: shows in the data paths whose session it was. */
export const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  guestId: text('guest_id').notNull(),
  text: text('text').notNull(),
})

/** Where the provider `inn` lives while tests run; see tests/clients/sign-in/inn.ts. */
export const INN_PORT = 48_179

export default app({
  name: 'Lodge',
  description: 'Guests, and the notes that they leave.',
  auth: {
    confirmEmail: true,
    phone: true,
    siteUrl: 'https://lodge.example',
    redirectUrls: ['lodge://**'],
    mfa: { totp: true, webauthn: true, phone: true },
    passkeys: { rpId: 'lodge.example' },
    providers: [
      apple({ clientIds: ['com.example.lodge'] }),
      google({ clientIds: ['lodge.apps.googleusercontent.com'] }),
      github({ clientIds: ['lodge-at-github'] }),
      openid('inn', { issuer: `http://127.0.0.1:${INN_PORT}`, clientIds: ['lodge'] }),
    ],
  },
  tables: [table(notes, { read: signedIn(), insert: owner(notes.guestId), update: owner(notes.guestId), delete: owner(notes.guestId) })],
})
