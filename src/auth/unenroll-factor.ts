// Ends a second factor, and with it what sessions were strong by it.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext, type Caller } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { factorNotFound } from './factor'
import { accountNotice } from './account-notice'
import { downgradeStatements } from './second-factor'
import { ADMITTED, livePersonStatement, readLivePerson, strong } from './session'
import type { Workshop } from './workshop'

/** Whether a factor is the last one beside the recovery codes, which may never stand alone; SQL over `auth_factors`. */
const SOLE = `auth_factors.status = 'verified' and exists (select 1 from auth_factors r where r.user_id = auth_factors.user_id and r.type = 'recovery_code')
  and not exists (select 1 from auth_factors o where o.user_id = auth_factors.user_id and o.status = 'verified' and o.type <> 'recovery_code' and o.id <> auth_factors.id)`

/** Errors: `mfa_factor_not_found` (404), `insufficient_aal`, `mfa_recovery_codes_sole_factor`, `validation_failed` (422, 400), `session_not_found`, `user_banned`. */
export async function unenrollFactor(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  factorId: string,
): Promise<{ readonly id: string }> {
  const { db, now } = workshop
  const [found] = await run(db, [livePersonStatement(caller)])
  const person = readLivePerson(found!.results[0], now)
  const factor = person.factors.find(({ id }) => id === factorId)
  if (factor === undefined) throw factorNotFound()
  if (factor.type === 'recovery_code') {
    throw new AppError(
      { ...authErrors.validation_failed, status: 422 },
      { message: 'Recovery codes cannot be unenrolled with this endpoint, use DELETE /factors/recovery-codes' },
    )
  }
  const gone = { sql: 'not exists (select 1 from auth_factors where id = ?)', params: [factorId] }
  const deed = uuidv7(now)
  const done = { sql: 'exists (select 1 from auth_audit where id = ?)', params: [deed] }
  const notice =
    factor.status === 'verified'
      ? await accountNotice(workshop, context, person, 'mfa_factor_unenrolled', { factorType: factor.type }, done)
      : []
  const results = await run(db, [
    {
      sql: `delete from auth_factors where id = ? and user_id = ? and not (${SOLE}) and exists (select 1 from auth_sessions s
        where s.id = ? and s.user_id = auth_factors.user_id and ${ADMITTED} and (${strong(caller)} or auth_factors.status = 'unverified')) returning id`,
      params: [factorId, caller.userId, caller.sessionId],
    },
    auditStatement(
      { ...context, now },
      {
        id: deed,
        action: 'factor_unenrolled',
        userId: caller.userId,
        details: { factor: factorId, type: factor.type, status: factor.status, session: caller.sessionId },
      },
      CHANGED,
    ),
    ...downgradeStatements(caller.userId, factor, gone),
    ...notice,
    livePersonStatement(caller),
  ])
  if (results[0]!.results.length > 0) {
    messagesCommitted(workshop)
    return { id: factorId }
  }
  const after = readLivePerson(results.at(-1)!.results[0], now)
  if (!after.factors.some(({ id }) => id === factorId)) throw factorNotFound()
  if (after.sessionAal !== 'aal2') {
    throw new AppError({ ...authErrors.insufficient_aal, status: 422 }, { message: 'AAL2 required to unenroll verified factor' })
  }
  throw new AppError(authErrors.mfa_recovery_codes_sole_factor, {
    message:
      'Recovery codes cannot be the only verified factor. Please enroll another factor before unenrolling this one or delete your recovery codes.',
  })
}
