// What a new password needs beside a session, where the app asks for it: a code out of a mail or a message, or the old password.
import { AppError } from '../core'
import { run, type Caller, type EffectiveAuthRules, type PersonChanges, type Statement } from '../platform'
import { authErrors } from './errors'
import { countWrongTry, findToken, proofOfCode, tokenCounts, tokensStatement } from './one-time-token'
import { verifyPassword } from './password'
import type { Person } from './person'
import type { AuthenticationMethod } from './session'
import type { Workshop } from './workshop'

/** How long after it was opened a session needs no code. */
const FRESH_MS = 24 * 3_600_000

/** A session that a code or a link opened is the way back of who lost the password. */
const RECOVERIES = new Set(['otp', 'magiclink', 'recovery'])

/** Reads what `requireReauthentication` judges by. */
export function sessionAgeStatement({ sessionId, userId }: Caller): Statement {
  return { sql: 'select amr, created_at from auth_sessions where id = ? and user_id = ?', params: [sessionId, userId] }
}

const ALWAYS: Statement = { sql: '1', params: [] }

/** SQL that holds while the code is good that `reauthenticate()` sent to the person. Errors: `reauthentication_not_valid` (422). */
export async function codeCounts({ db, keys, now }: Workshop, person: Person, nonce: string): Promise<Statement> {
  const proof = await proofOfCode(keys, person.email ?? person.phone ?? '', nonce, ['reauthentication'])
  const [rows] = await run(db, [tokensStatement(proof, 'u.id')])
  const found = findToken(rows!.results, proof, now)
  if (found === null || found.token.userId !== person.id) {
    await run(db, [countWrongTry(proof, now)])
    throw new AppError(authErrors.reauthentication_not_valid)
  }
  return tokenCounts(found.token, proof, now)
}

/**
 * SQL that must hold when the new password is written: that the code is still good, if it takes one. `session` is a row of `sessionAgeStatement`.
 * Errors: `reauthentication_needed`, `current_password_required`, `current_password_invalid` (400), `reauthentication_not_valid` (422).
 */
export async function requireReauthentication(
  workshop: Workshop,
  rules: EffectiveAuthRules,
  person: Person,
  session: Readonly<Record<string, unknown>> | undefined,
  { nonce, currentPassword }: PersonChanges,
): Promise<Statement> {
  const { now } = workshop
  let condition = ALWAYS
  if (rules.reauthenticate && Number(session?.['created_at'] ?? 0) + FRESH_MS <= now) {
    if (nonce === undefined) throw new AppError(authErrors.reauthentication_needed)
    condition = await codeCounts(workshop, person, nonce)
  }
  if (rules.requireCurrentPassword && person.passwordHash !== null) {
    const methods = JSON.parse(String(session?.['amr'] ?? '[]')) as readonly AuthenticationMethod[]
    if (methods.some(({ method }) => RECOVERIES.has(method))) return condition
    if (currentPassword === undefined) throw new AppError(authErrors.current_password_required)
    if (!(await verifyPassword(currentPassword, person.passwordHash))) throw new AppError(authErrors.current_password_invalid)
  }
  return condition
}
