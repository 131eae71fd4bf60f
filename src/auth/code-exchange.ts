// POST /token?grant_type=pkce: the app that began a sign-in gets the session that it ended in, by mail or at a provider.
import { AppError } from '../core'
import type { AuthenticationContext, ProviderSessionAnswer } from '../platform'
import { authErrors } from './errors'
import { openFlowSession, takeFlow } from './flow'
import { linkIdentity } from './link-identity'
import { showTokens, unsealResult } from './oauth-result'
import { showSession } from './session'
import type { Workshop } from './workshop'

/**
 * A code works once. Somebody who adds an account to theirs gets it only here, where the app shows that it began: a stranger who was led to the
 * provider's page by a link gives nothing away. Errors: of `takeFlow`, `openFlowSession` and `linkIdentity`.
 */
export async function exchangeCode(
  workshop: Workshop,
  context: AuthenticationContext,
  code: string,
  verifier: string,
): Promise<ProviderSessionAnswer> {
  const flow = await takeFlow(workshop, code, verifier)
  const { tokens, account } = await unsealResult(workshop.keys, flow.provider === null ? null : flow.sealedProvider)
  if (flow.linking !== null && account === null) throw new AppError(authErrors.flow_state_not_found)
  const { session, person } =
    flow.linking === null || account === null
      ? await openFlowSession(workshop, context, flow)
      : await linkIdentity(workshop, context, flow.linking, account)
  return { ...(await showSession(workshop, context, session, person)), ...showTokens(tokens) }
}
