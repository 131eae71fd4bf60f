// Second factors and recovery codes, as the service answers them.
import { run, type AuthenticationContext, type Caller, type FactorOperations, type SessionAnswer } from '../platform'
import { challengeFactor } from './challenge-factor'
import { enrollFactor } from './enroll-factor'
import { countRecoveryCodes, generateRecoveryCodes, regenerateRecoveryCodes, removeRecoveryCodes } from './recovery-codes'
import { changeFactorOf, factorsOf, removeFactorOf } from './administered-factor'
import { withdraw, type Raised } from './second-factor'
import { ADMITTED, showSession } from './session'
import { unenrollFactor } from './unenroll-factor'
import { verifyFactor, verifyRecoveryCode } from './verify-factor'
import type { OperationsOf, Workshop } from './workshop'

/** The app's hook may refuse the token of a strong session; the phone goes on with what it has then. */
async function showRaised(workshop: Workshop, context: AuthenticationContext, caller: Caller, raised: Raised): Promise<SessionAnswer> {
  try {
    return await showSession(workshop, context, raised.session, raised.person)
  } catch (error) {
    await withdraw(workshop, caller, raised)
    throw error
  }
}

export const factorOperations: OperationsOf<FactorOperations> = {
  enrollFactor,
  challengeFactor,
  async factorNumber({ db }, { userId, sessionId }, factorId) {
    const [found] = await run(db, [
      {
        sql: `select f.phone, f.status from auth_factors f join auth_sessions s on s.user_id = f.user_id
          where f.id = ? and f.user_id = ? and s.id = ? and ${ADMITTED} and f.type = 'phone'`,
        params: [factorId, userId, sessionId],
      },
    ])
    const { phone, status } = found!.results[0] ?? {}
    return typeof phone === 'string' ? { phone, proved: status === 'verified' } : null
  },
  async verifyFactor(workshop, context, caller, factorId, input) {
    return showRaised(workshop, context, caller, await verifyFactor(workshop, context, caller, factorId, input))
  },
  unenrollFactor,
  recoveryCodes: countRecoveryCodes,
  generateRecoveryCodes,
  regenerateRecoveryCodes,
  async verifyRecoveryCode(workshop, context, caller, code) {
    return showRaised(workshop, context, caller, await verifyRecoveryCode(workshop, context, caller, code))
  },
  removeRecoveryCodes,
  factorsOf,
  removeFactorOf,
  changeFactorOf,
}
