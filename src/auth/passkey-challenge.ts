// Challenges of passkeys: written when they are given out, deleted when an answer comes, whatever it is worth.
import { AppError } from '../core'
import type { Statement } from '../platform'
import { authErrors } from './errors'
import { UNEXPIRED } from './session'
import { CEREMONY_MS } from './webauthn'

export type PasskeyChallengeKind = 'passkey_registration' | 'passkey_authentication'

/** Writes a challenge; one for a person only while that person's session lives. */
export function insertChallenge(
  { id, kind, challenge }: { readonly id: string; readonly kind: PasskeyChallengeKind; readonly challenge: string },
  caller: { readonly userId: string; readonly sessionId: string } | null,
  now: number,
): Statement {
  const values = [id, kind, challenge, String(now), String(now + CEREMONY_MS)]
  const insert = 'insert into auth_challenges (id, kind, challenge, created_at, expires_at, user_id)'
  return caller === null
    ? { sql: `${insert} values (?, ?, ?, ?, ?, null)`, params: values }
    : {
        sql: `${insert} select ?, ?, ?, ?, ?, s.user_id from auth_sessions s where s.id = ? and s.user_id = ? and ${UNEXPIRED}`,
        params: [...values, caller.sessionId, caller.userId],
      }
}

/** Takes a challenge out of the world, for the one who asked for it. */
export function consumeChallenge(id: string, kind: PasskeyChallengeKind, userId: string | null): Statement {
  return {
    sql: 'delete from auth_challenges where id = ? and kind = ? and user_id is ? returning challenge, expires_at',
    params: [id, kind, userId],
  }
}

/** Reads what `consumeChallenge` answered. Errors: `webauthn_challenge_not_found`, `webauthn_challenge_expired` (400). */
export function readChallenge(row: Readonly<Record<string, unknown>> | undefined, now: number): string {
  if (row === undefined) throw new AppError(authErrors.webauthn_challenge_not_found)
  if (Number(row['expires_at']) <= now) throw new AppError(authErrors.webauthn_challenge_expired)
  return String(row['challenge'])
}
