// The app's say in who has proved themselves: `auth.hooks.passwordVerification` and `mfaVerification`. It can refuse a right answer, never accept a wrong one.
import { AppError } from '../core'
import { run, type AuthenticationContext } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import type { Factor } from './factor'
import { callHook, type HookName } from './hook'
import type { Workshop } from './workshop'

const messageOf = (answer: Readonly<Record<string, unknown>>, otherwise: string) =>
  typeof answer['message'] === 'string' && answer['message'] !== '' ? answer['message'].slice(0, 500) : otherwise

async function endSessions({ db, now }: Workshop, context: AuthenticationContext, userId: string, hook: HookName): Promise<void> {
  await run(db, [
    { sql: 'delete from auth_sessions where user_id = ?', params: [userId] },
    auditStatement({ ...context, now }, { action: 'logout', userId, actor: 'system', details: { scope: 'global', hook } }, CHANGED),
  ])
}

/** `userId` is null for an address that nobody has. Errors: `invalid_credentials` in the hook's words; those of `callHook`. */
export async function reviewPassword(
  workshop: Workshop,
  context: AuthenticationContext,
  userId: string | null,
  valid: boolean,
): Promise<void> {
  const hook = workshop.app.auth?.hooks?.passwordVerification
  if (hook === undefined) return
  const answer = await callHook(workshop, context, 'passwordVerification', hook, { user_id: userId, valid })
  if (answer['decision'] !== 'reject') return
  if (answer['should_logout_user'] === true && userId !== null) await endSessions(workshop, context, userId, 'passwordVerification')
  throw new AppError(authErrors.invalid_credentials, {
    message: messageOf(answer, 'Further password verification attempts will be rejected.'),
  })
}

/** Errors: `mfa_verification_rejected` (403) in the hook's words, and then the person's sessions have ended; those of `callHook`. */
export async function reviewFactor(
  workshop: Workshop,
  context: AuthenticationContext,
  userId: string,
  factor: Pick<Factor, 'id' | 'type'>,
  valid: boolean,
): Promise<void> {
  const hook = workshop.app.auth?.hooks?.mfaVerification
  if (hook === undefined) return
  const input = { user_id: userId, factor_id: factor.id, factor_type: factor.type, valid }
  const answer = await callHook(workshop, context, 'mfaVerification', hook, input)
  if (answer['decision'] !== 'reject') return
  await endSessions(workshop, context, userId, 'mfaVerification')
  throw new AppError(authErrors.mfa_verification_rejected, { message: messageOf(answer, authErrors.mfa_verification_rejected.title) })
}
