// Proving a second factor: the challenge is used up and the try counted before the answer is judged, and a right one makes the session aal2.
import { AppError } from '../core'
import { run, type AuthenticationContext, type Caller, type Statement, type VerifyFactorInput } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { factorNotFound, hasSecondFactor, type FactorType } from './factor'
import type { Attempt, Proof } from './factor-kind'
import { factorKind } from './factor-kinds'
import { proveByRecoveryCode, readRecoveryCode, takesRecoveryCodes } from './recovery-code'
import { countTry, elevate, lockedOut, type Raised } from './second-factor'
import { livePersonStatement, readLivePerson, UNEXPIRED, type LivePerson } from './session'
import { reviewFactor } from './verification-hooks'
import type { Workshop } from './workshop'

const LIVE = `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${UNEXPIRED})`

/** As errors name what was entered. */
const ENTERED: Readonly<Record<FactorType, string>> = {
  totp: 'Invalid TOTP code entered',
  phone: 'Invalid MFA Phone code entered',
  webauthn: 'Invalid WebAuthn response',
  recovery_code: 'Invalid recovery code entered',
}

const wrong = (type: FactorType) => new AppError(authErrors.mfa_verification_failed, { message: ENTERED[type] })

const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
const numberOrNull = (value: unknown) => (value === null || value === undefined ? null : Number(value))

/** Of the caller's factor: its secrets and its lock. */
function factorStatement(caller: Caller, factorId: string): Statement {
  return {
    sql: 'select sealed_secret, public_key, credential_id, counter, locked_until from auth_factors where id = ? and user_id = ?',
    params: [factorId, caller.userId],
  }
}

/** Reads without changing anything what the answer is to be judged by, and refuses what can't be one. */
async function readCase(workshop: Workshop, caller: Caller, factorId: string): Promise<LivePerson> {
  const [found] = await run(workshop.db, [livePersonStatement(caller)])
  const person = readLivePerson(found!.results[0], workshop.now)
  if (!person.factors.some(({ id }) => id === factorId)) throw factorNotFound()
  return person
}

/**
 * One read and two batches. Errors: `mfa_factor_not_found` (404; 422 for the challenge), `mfa_challenge_expired`, `mfa_verification_failed` (422),
 * `over_request_rate_limit` (429) while the factor is locked, `insufficient_aal` (403), `mfa_…_verify_not_enabled`, `session_not_found`, `user_banned`.
 */
export async function verifyFactor(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  factorId: string,
  input: VerifyFactorInput,
): Promise<Raised> {
  const { db, now } = workshop
  const person = await readCase(workshop, caller, factorId)
  const factor = person.factors.find(({ id }) => id === factorId)!
  const kind = factorKind(workshop, factor.type, 'verify')
  kind.check(input)
  if (factor.status === 'unverified' && hasSecondFactor(person) && person.sessionAal !== 'aal2') {
    throw new AppError(authErrors.insufficient_aal, { message: 'AAL2 required to enroll a new factor' })
  }

  const challenge = 'id = ? and factor_id = ? and user_id = ?'
  const asked = [input.challengeId, factorId, caller.userId]
  const [counted, , consumed, kept] = await run(db, [
    countTry(now, {
      sql: `id = ? and user_id = ? and ${LIVE} and exists (select 1 from auth_challenges where ${challenge} and expires_at > cast(? as integer))`,
      params: [factorId, caller.userId, caller.sessionId, caller.userId, ...asked, String(now)],
    }),
    auditStatement(
      { ...context, now },
      { action: 'verification_attempted', userId: caller.userId, details: { factor: factorId, type: factor.type } },
      { sql: 'changes() > 0', params: [] },
    ),
    {
      sql: kind.manyTries
        ? `select challenge, code_hash, expires_at from auth_challenges where ${challenge} and ${LIVE}`
        : `delete from auth_challenges where ${challenge} and ${LIVE} returning challenge, code_hash, expires_at`,
      params: [...asked, caller.sessionId, caller.userId],
    },
    factorStatement(caller, factorId),
  ])
  const row = consumed!.results[0]
  const secrets = kept!.results[0]
  if (row === undefined || secrets === undefined) {
    throw new AppError(authErrors.mfa_factor_not_found, { message: 'MFA factor with the provided challenge ID not found' })
  }
  if (Number(row['expires_at']) <= now) {
    throw new AppError(authErrors.mfa_challenge_expired, {
      message: `MFA challenge ${input.challengeId} has expired, verify against another challenge or create a new challenge.`,
    })
  }
  if (counted!.results.length === 0) throw lockedOut(Number(secrets['locked_until'] ?? now), now)

  const attempt: Attempt = {
    caller,
    person,
    factor,
    secrets: {
      sealedSecret: textOrNull(secrets['sealed_secret']),
      publicKey: textOrNull(secrets['public_key']),
      credentialId: textOrNull(secrets['credential_id']),
      counter: numberOrNull(secrets['counter']),
    },
    challenge: { id: input.challengeId, challenge: textOrNull(row['challenge']), codeHash: textOrNull(row['code_hash']) },
  }
  return settleAttempt(workshop, context, attempt, await kind.judge(workshop, context, attempt, input))
}

/** What becomes of a judged try. Errors: `mfa_verification_failed`. */
async function settleAttempt(
  workshop: Workshop,
  context: AuthenticationContext,
  attempt: Pick<Attempt, 'caller' | 'factor' | 'person'>,
  proof: Proof | null,
): Promise<Raised> {
  await reviewFactor(workshop, context, attempt.caller.userId, attempt.factor, proof !== null)
  const raised = proof === null ? null : await elevate(workshop, context, attempt, proof)
  if (raised === null) throw wrong(attempt.factor.type)
  return raised
}

/**
 * The same with a recovery code and no challenge: there is nothing to answer. Errors: `validation_failed`, `mfa_verification_failed` (422), also when there are
 * no codes; `mfa_recovery_codes_locked` (429).
 */
export async function verifyRecoveryCode(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  typed: string,
): Promise<Raised> {
  const { db, now } = workshop
  if (!takesRecoveryCodes(workshop)) throw new AppError(authErrors.mfa_recovery_codes_verify_not_enabled)
  if (typed.replaceAll(/[\s-]/g, '') === '') throw new AppError(authErrors.validation_failed, { message: 'Code needs to be non-empty' })
  const [counted, , found, lock] = await run(db, [
    countTry(now, { sql: `user_id = ? and type = 'recovery_code' and ${LIVE}`, params: [caller.userId, caller.sessionId, caller.userId] }),
    auditStatement(
      { ...context, now },
      { action: 'verification_attempted', userId: caller.userId, details: { type: 'recovery_code' } },
      { sql: 'changes() > 0', params: [] },
    ),
    livePersonStatement(caller),
    { sql: "select locked_until from auth_factors where user_id = ? and type = 'recovery_code'", params: [caller.userId] },
  ])
  const person = readLivePerson(found!.results[0], now)
  const factor = person.factors.find(({ type }) => type === 'recovery_code')
  if (factor === undefined) throw wrong('recovery_code')
  if (counted!.results.length === 0) {
    const { occurrence } = lockedOut(Number(lock!.results[0]?.['locked_until'] ?? now), now)
    throw new AppError(authErrors.mfa_recovery_codes_locked, occurrence)
  }
  const code = readRecoveryCode(typed)
  const proof = code === null ? null : await proveByRecoveryCode(workshop, { caller, person }, code)
  return settleAttempt(workshop, context, { caller, factor, person }, proof)
}
