// Signing up, in and out, refreshing, and the person who is signed in.
import type { SessionOperations } from '../platform'
import { showPerson } from './person'
import { refreshSession } from './refresh'
import { livePerson, showSession, signOut } from './session'
import { signInWithPassword } from './sign-in'
import { signUp } from './sign-up'
import { publicKeys } from './signing-keys'
import { updatePerson } from './update-person'
import type { OperationsOf } from './workshop'

const VERSION = '1'

export const sessionOperations: OperationsOf<SessionOperations> = {
  health: async () => ({ version: VERSION, name: 'GoTrue', description: 'Perigee sign-in, speaking the GoTrue API' }),

  publicKeys: ({ keys, db, now }) => publicKeys(keys, db, now),

  async signUp(workshop, context, input) {
    const { session, person } = await signUp(workshop, context, input)
    return showSession(workshop, context, session, person)
  },

  async signInWithPassword(workshop, context, email, password) {
    const { session, person, weakness } = await signInWithPassword(workshop, context, { email }, password)
    const answer = await showSession(workshop, context, session, person)
    return weakness === null ? answer : { ...answer, weak_password: weakness }
  },

  async refresh(workshop, context, refreshToken) {
    const { session, person, reuse } = await refreshSession(workshop, context, refreshToken)
    return { session: await showSession(workshop, context, session, person, 'refresh'), reuse }
  },

  person: async (workshop, caller) => showPerson(await livePerson(workshop, caller)),

  updatePerson: async (workshop, context, caller, changes) => showPerson(await updatePerson(workshop, context, caller, changes)),

  async signOut(workshop, context, caller, scope) {
    await signOut(workshop, context, caller, scope)
    return null
  },
}
