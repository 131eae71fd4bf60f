// Making a passkey for somebody who is signed in: what their authenticator is asked for, and the credential that it answers.
import { AppError } from '../core'
import {
  run,
  type AttestationAnswer,
  type AuthenticationContext,
  type Caller,
  type PasskeyAnswer,
  type PasskeyChallenge,
} from '../platform'
import { messagesCommitted } from '../messages'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { accountNotice } from './account-notice'
import { requirePasskeys, verificationFailed } from './passkey-errors'
import { consumeChallenge, insertChallenge, readChallenge } from './passkey-challenge'
import {
  calledInMail,
  insertPasskey,
  managementStatement,
  MAX_PASSKEYS,
  namesOf,
  newPasskeyId,
  readManagement,
  showPasskey,
} from './passkey'
import { relyingPartyOf } from './relying-party'
import { livePersonStatement, readLivePerson } from './session'
import { CEREMONY_MS, creationOptions, judgeAttestation, newChallenge } from './webauthn'
import type { Workshop } from './workshop'

/** One batch. Errors: `passkey_disabled`, `too_many_passkeys`, `no_authorization`, `insufficient_aal`, those of a session that has ended. */
export async function beginPasskey(workshop: Workshop, context: AuthenticationContext, caller: Caller): Promise<PasskeyChallenge> {
  requirePasskeys(workshop)
  const { db, now } = workshop
  const party = relyingPartyOf(workshop, context)
  const id = crypto.randomUUID()
  const challenge = newChallenge()
  const [found, managed] = await run(db, [
    livePersonStatement(caller),
    managementStatement(caller, now),
    insertChallenge({ id, kind: 'passkey_registration', challenge }, caller, now),
  ])
  const person = readLivePerson(found!.results[0], now)
  const { credentials } = readManagement(person, managed!.results[0])
  if (credentials.length >= MAX_PASSKEYS) throw new AppError(authErrors.too_many_passkeys)
  const user = { handle: person.id, ...namesOf(person) }
  const options = creationOptions({ party, challenge, verified: true }, user, { discoverable: true, exclude: credentials })
  return { challenge_id: id, options, expires_at: Math.floor((now + CEREMONY_MS) / 1000) }
}

/**
 * Two batches: the challenge is consumed before the answer is judged. Errors: those of `beginPasskey`, `webauthn_challenge_not_found`,
 * `webauthn_challenge_expired`, `webauthn_verification_failed` (400), `webauthn_credential_exists` (422).
 */
export async function addPasskey(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  challengeId: string,
  credential: AttestationAnswer,
): Promise<PasskeyAnswer> {
  requirePasskeys(workshop)
  const { db, env, now } = workshop
  const party = relyingPartyOf(workshop, context)
  const [found, managed, consumed] = await run(db, [
    livePersonStatement(caller),
    managementStatement(caller, now),
    consumeChallenge(challengeId, 'passkey_registration', caller.userId),
  ])
  const person = readLivePerson(found!.results[0], now)
  readManagement(person, managed!.results[0])
  const challenge = readChallenge(consumed!.results[0], now)
  const judged = await judgeAttestation(credential, { party, challenge, verified: true })
  if (!judged.ok) throw verificationFailed(env, judged.reason)

  const id = newPasskeyId(now)
  const kept = { sql: 'exists (select 1 from auth_passkeys where id = ?)', params: [id] }
  const [made, , known] = await run(db, [
    insertPasskey(id, caller, judged.value, now),
    auditStatement({ ...context, now }, { action: 'passkey_created', userId: caller.userId, details: { passkey: id } }, kept),
    { sql: 'select 1 from auth_passkeys where credential_id = ?', params: [judged.value.credentialId] },
    ...(await accountNotice(workshop, context, person, 'identity_linked', { provider: calledInMail(judged.value.aaguid) }, kept)),
  ])
  const row = made!.results[0]
  if (row !== undefined) messagesCommitted(workshop)
  if (row !== undefined) return showPasskey(row)
  throw new AppError(known!.results.length > 0 ? authErrors.webauthn_credential_exists : authErrors.too_many_passkeys)
}
