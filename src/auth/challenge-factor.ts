// Asks for a proof of a second factor: a challenge is good for one try within five minutes.
import { AppError } from '../core'
import { run, type AuthenticationContext, type Caller, type ChallengeFactorInput, type FactorAnswer } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { factorNotFound, hasSecondFactor } from './factor'
import { CHALLENGE_MS } from './factor-kind'
import { factorKind } from './factor-kinds'
import { livePersonStatement, readLivePerson } from './session'
import type { Workshop } from './workshop'

/** Errors: `mfa_factor_not_found` (404), `mfa_…_verify_not_enabled` (422), `session_not_found`, `user_banned` (403); those of the kind. */
export async function challengeFactor(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  factorId: string,
  input: ChallengeFactorInput,
): Promise<FactorAnswer> {
  const { db, now } = workshop
  const [found] = await run(db, [livePersonStatement(caller)])
  const person = readLivePerson(found!.results[0], now)
  const factor = person.factors.find(({ id }) => id === factorId)
  if (factor === undefined) throw factorNotFound()
  const kind = factorKind(workshop, factor.type, 'verify')
  if (factor.status === 'unverified' && hasSecondFactor(person) && person.sessionAal !== 'aal2') {
    throw new AppError(authErrors.insufficient_aal, { message: 'AAL2 required to enroll a new factor' })
  }
  const id = crypto.randomUUID()
  const asked = await kind.challenge(workshop, context, { person, factor, id }, input)
  const { challenge = null, codeHash = null, statements = [], show = {} } = asked
  const expiresAt = now + CHALLENGE_MS
  const [made] = await run(db, [
    {
      sql: `insert into auth_challenges (id, kind, factor_id, user_id, challenge, code_hash, created_at, expires_at)
        select ?, 'factor', f.id, f.user_id, ?, ?, ?, ? from auth_factors f join auth_sessions s on s.user_id = f.user_id
        where f.id = ? and f.user_id = ? and s.id = ? returning id`,
      params: [id, challenge, codeHash, String(now), String(expiresAt), factorId, caller.userId, caller.sessionId],
    },
    auditStatement(
      { ...context, now },
      { action: 'challenge_created', userId: caller.userId, details: { factor: factorId, type: factor.type } },
      CHANGED,
    ),
    {
      sql: 'update auth_factors set last_challenged_at = ? where id = ? and exists (select 1 from auth_challenges where id = ?)',
      params: [String(now), factorId, id],
    },
    ...statements,
  ])
  if (made!.results.length === 0) throw factorNotFound()
  asked.committed?.()
  return { id, type: factor.type, expires_at: Math.floor(expiresAt / 1000), ...show }
}
