// Signing in with a passkey and nothing else. It proves the person by itself, but is one factor: the session is aal1.
import { AppError, fromBase64Url } from '../core'
import { run, type AssertionAnswer, type AuthenticationContext, type PasskeyChallenge, type Statement } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { consumeChallenge, insertChallenge, readChallenge } from './passkey-challenge'
import { requirePasskeys, verificationFailed } from './passkey-errors'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
import { relyingPartyOf } from './relying-party'
import { newSession, openSession, type Session } from './session'
import { CEREMONY_MS, judgeAssertion, newChallenge, requestOptions } from './webauthn'
import type { Workshop } from './workshop'

/** One write. Errors: `passkey_disabled`. */
export async function beginPasskeySignIn(workshop: Workshop, context: AuthenticationContext): Promise<PasskeyChallenge> {
  requirePasskeys(workshop)
  const { db, now } = workshop
  const id = crypto.randomUUID()
  const challenge = newChallenge()
  await run(db, [insertChallenge({ id, kind: 'passkey_authentication', challenge }, null, now)])
  const options = requestOptions({ party: relyingPartyOf(workshop, context), challenge, verified: true }, [])
  return { challenge_id: id, options, expires_at: Math.floor((now + CEREMONY_MS) / 1000) }
}

/** The person whom the authenticator says it answers for (§7.2, step 6: nobody was named before, so it has to). */
function isHandleOf(person: Person, userHandle: string | undefined): boolean {
  const bytes = fromBase64Url(userHandle ?? '')
  return bytes !== null && new TextDecoder().decode(bytes) === person.id
}

function passkeyOf(credentialId: string): Statement {
  return {
    sql: `select ${PERSON_COLUMNS}, p.id as passkey_id, p.credential_id, p.public_key, p.counter
      from auth_passkeys p join auth_users u on u.id = p.user_id where p.credential_id = ? and u.deleted_at is null`,
    params: [credentialId],
  }
}

/**
 * Two batches: the challenge is consumed before the answer is judged. Errors: `passkey_disabled`, `webauthn_challenge_not_found`,
 * `webauthn_challenge_expired`, `webauthn_verification_failed` (400), `email_not_confirmed`, `phone_not_confirmed`, `user_banned` (403).
 */
export async function signInWithPasskey(
  workshop: Workshop,
  context: AuthenticationContext,
  challengeId: string,
  answer: AssertionAnswer,
): Promise<{ session: Session; person: Person }> {
  requirePasskeys(workshop)
  const { db, env, now } = workshop
  const party = relyingPartyOf(workshop, context)
  const [consumed, found] = await run(db, [consumeChallenge(challengeId, 'passkey_authentication', null), passkeyOf(answer.id)])
  const challenge = readChallenge(consumed!.results[0], now)
  const row = found!.results[0]
  if (row === undefined) throw verificationFailed(env, 'No passkey has this credential id.')
  const person = readPerson(row)
  const credential = {
    credentialId: String(row['credential_id']),
    publicKey: String(row['public_key']),
    counter: Number(row['counter']),
  }
  const judged = await judgeAssertion(answer, credential, { party, challenge, verified: true })
  if (!judged.ok) throw verificationFailed(env, judged.reason)
  if (!isHandleOf(person, answer.response.userHandle)) throw verificationFailed(env, 'The user handle is not of the owner of the passkey.')
  if (person.email !== null && person.emailConfirmedAt === null) throw new AppError({ ...authErrors.email_not_confirmed, status: 403 })
  if (person.phone !== null && person.phoneConfirmedAt === null) throw new AppError({ ...authErrors.phone_not_confirmed, status: 403 })
  if (isBanned(person, now)) throw new AppError(authErrors.user_banned)

  const passkeyId = String(row['passkey_id'])
  const session = newSession(workshop, 'passkey')
  const opens = { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] }
  const counter = String(judged.value.counter)
  const [opened] = await run(db, [
    // Meanwhile the passkey may have been removed or used by a copy of it, or the person banned.
    ...openSession(workshop, context, session, person, {
      sql: `exists (select 1 from auth_passkeys p where p.id = ? and p.user_id = u.id
          and (p.counter < cast(? as integer) or (p.counter = 0 and cast(? as integer) = 0)))
        and (u.banned_until is null or u.banned_until <= cast(? as integer))`,
      params: [passkeyId, counter, counter, String(now)],
    }),
    {
      sql: `update auth_passkeys set counter = ?, backed_up = ?, last_used_at = ? where id = ? and ${opens.sql}`,
      params: [counter, judged.value.backedUp ? '1' : '0', String(now), passkeyId, ...opens.params],
    },
    { sql: `update auth_users set last_sign_in_at = ? where id = ? and ${opens.sql}`, params: [String(now), person.id, ...opens.params] },
    auditStatement(
      { ...context, now },
      { action: 'login', userId: person.id, details: { provider: 'passkey', passkey: passkeyId, session: session.id } },
      opens,
    ),
  ])
  if (opened!.results.length === 0) throw verificationFailed(env, 'The passkey was removed, or used elsewhere, in the meantime.')
  return { session, person: { ...person, lastSignInAt: now } }
}
