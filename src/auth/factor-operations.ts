// Second factors and recovery codes, as the service answers them.
import { run, type FactorOperations } from '../platform'
import { challengeFactor } from './challenge-factor'
import { enrollFactor } from './enroll-factor'
import { countRecoveryCodes, generateRecoveryCodes, regenerateRecoveryCodes, removeRecoveryCodes } from './recovery-codes'
import { changeFactorOf, factorsOf, removeFactorOf } from './administered-factor'
import { showSession } from './session'
import { unenrollFactor } from './unenroll-factor'
import { verifyFactor, verifyRecoveryCode } from './verify-factor'
import type { OperationsOf } from './workshop'

export const factorOperations: OperationsOf<FactorOperations> = {
  enrollFactor,
  challengeFactor,
  async factorNumber({ db }, { userId, sessionId }, factorId) {
    const [found] = await run(db, [
      {
        sql: `select f.phone from auth_factors f join auth_sessions s on s.user_id = f.user_id
          where f.id = ? and f.user_id = ? and s.id = ? and f.type = 'phone'`,
        params: [factorId, userId, sessionId],
      },
    ])
    const phone = found!.results[0]?.['phone']
    return typeof phone === 'string' ? phone : null
  },
  async verifyFactor(workshop, context, caller, factorId, input) {
    const { session, person } = await verifyFactor(workshop, context, caller, factorId, input)
    return showSession(workshop, context, session, person)
  },
  unenrollFactor,
  recoveryCodes: countRecoveryCodes,
  generateRecoveryCodes,
  regenerateRecoveryCodes,
  async verifyRecoveryCode(workshop, context, caller, code) {
    const { session, person } = await verifyRecoveryCode(workshop, context, caller, code)
    return showSession(workshop, context, session, person)
  },
  removeRecoveryCodes,
  factorsOf,
  removeFactorOf,
  changeFactorOf,
}
