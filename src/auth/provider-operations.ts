// Signing in with providers, and the identities that come of it.
import type { ProviderOperations } from '../platform'
import { exchangeCode } from './code-exchange'
import { unlinkIdentity } from './link-identity'
import { checkLinking, linkIdToken, signInWithIdToken } from './native-sign-in'
import { beginOAuth } from './oauth-begin'
import { finishOAuth } from './oauth-finish'
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

  beginOAuth: (workshop, context, caller, request) => beginOAuth(workshop, context, caller, request),

  finishOAuth: (workshop, context, returned) => finishOAuth(workshop, context, returned),

  exchangeCode: (workshop, context, code, verifier) => exchangeCode(workshop, context, code, verifier),

  async unlinkIdentity(workshop, context, caller, identityId) {
    checkLinking(workshop)
    await unlinkIdentity(workshop, context, caller, identityId)
    return null
  },
}
