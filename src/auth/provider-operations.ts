// Signing in with providers, and the identities that come of it.
import type { ProviderOperations } from '../platform'
import { unlinkIdentity } from './link-identity'
import { checkLinking, linkIdToken, signInWithIdToken } from './native-sign-in'
import { showSession } from './session'
import type { OperationsOf } from './workshop'

export const providerOperations: OperationsOf<ProviderOperations> = {
  async signInWithIdToken(workshop, context, input) {
    const { session, person } = await signInWithIdToken(workshop, context, input)
    return showSession(workshop, context, session, person)
  },

  async linkIdToken(workshop, context, caller, input) {
    const { session, person } = await linkIdToken(workshop, context, caller, input)
    return showSession(workshop, context, session, person)
  },

  async unlinkIdentity(workshop, context, caller, identityId) {
    checkLinking(workshop)
    await unlinkIdentity(workshop, context, caller, identityId)
    return null
  },
}
