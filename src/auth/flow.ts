// Sign-ins that end in a code for the app (PKCE, RFC 7636): from a link in a mail or from a provider, to the phone that began them.
import { AppError, equalConstantTime, toBase64Url, utf8 } from '../core'
import { run, type AuthenticationContext, type Caller, type Statement } from '../platform'
import { authErrors } from './errors'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
import { newSession, openSession, type Session } from './session'
import type { Workshop } from './workshop'

/** How long a code can be exchanged, from when it was made. */
const CODE_SECONDS = 300

export interface Challenge {
  readonly text: string
  readonly method: 's256' | 'plain'
}

/** What a phone sends, null when it sends neither. Errors: `validation_failed`. */
export function readChallenge(challenge: string | undefined, method: string | undefined): Challenge | null {
  if (challenge === undefined && method === undefined) return null
  const refuse = (message: string) => new AppError(authErrors.validation_failed, { message })
  if (challenge === undefined || method === undefined) {
    throw refuse('PKCE flow requires code_challenge_method and code_challenge')
  }
  const known = method.toLowerCase()
  if (known !== 's256' && known !== 'plain') throw refuse('Invalid code_challenge_method: s256 and plain are known')
  if (challenge.length < 43 || challenge.length > 128) throw refuse('code challenge has to be between 43 and 128 characters')
  if (!/^[A-Za-z0-9._~-]+$/.test(challenge)) {
    throw refuse('code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes.')
  }
  return { text: challenge, method: known }
}

export interface NewFlow {
  /** As it will stand in `amr`. */
  readonly method: string
  readonly provider?: string | null
  /** Null when the browser gets the session in the fragment. */
  readonly challenge: Challenge | null
  /** Where the browser goes at the end, checked already. */
  readonly redirectTo: string | null
  /** Who links a provider to the account they are signed in to. */
  readonly linking?: { readonly userId: string; readonly sessionId: string } | null
  /** Sealed by the caller. */
  readonly sealedProvider?: string | null
  /** Until its code must have been issued. */
  readonly seconds: number
}

/** A flow with a random id, which nobody who didn't begin it knows. */
export function beginFlow(now: number, flow: NewFlow): { readonly id: string; readonly statement: Statement } {
  const id = crypto.randomUUID()
  return {
    id,
    statement: {
      sql: `insert into auth_flows (id, method, provider, code_challenge, code_challenge_method, redirect_to, linking_user_id,
          linking_session_id, sealed_provider, created_at, expires_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      params: [
        id,
        flow.method,
        flow.provider ?? null,
        flow.challenge?.text ?? null,
        flow.challenge?.method ?? null,
        flow.redirectTo,
        flow.linking?.userId ?? null,
        flow.linking?.sessionId ?? null,
        flow.sealedProvider ?? null,
        String(now),
        String(now + flow.seconds * 1000),
      ],
    },
  }
}

async function hashOf(code: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(code))))
}

/** A code for a flow that has none yet, for `userId`, if `condition` holds. Returns `id` when it was issued. */
export async function issueFlowCode(
  flowId: string,
  userId: string,
  now: number,
  condition: Statement = { sql: '1', params: [] },
): Promise<{ readonly code: string; readonly statement: Statement }> {
  const code = crypto.randomUUID()
  return {
    code,
    statement: {
      sql: `update auth_flows set user_id = ?, code_hash = ?, issued_at = ?, expires_at = cast(? as integer)
        where id = ? and code_hash is null and code_challenge is not null and expires_at > cast(? as integer) and (${condition.sql}) returning id`,
      params: [userId, await hashOf(code), String(now), String(now + CODE_SECONDS * 1000), flowId, String(now), ...condition.params],
    },
  }
}

/** A flow whose code was exchanged. */
export interface TakenFlow {
  readonly userId: string
  /** As it will stand in `amr`. */
  readonly method: string
  /** Null for a mail's link. */
  readonly provider: string | null
  /** When its code was issued, UTC ms. */
  readonly issuedAt: number
  /** As its beginner, or whoever went on with it, sealed it. */
  readonly sealedProvider: string | null
  /** Who adds a way to sign in, instead of signing in. */
  readonly linking: Caller | null
}

async function fits(verifier: string, challenge: string, method: string): Promise<boolean> {
  const made = method === 's256' ? await hashOf(verifier) : verifier
  return equalConstantTime(utf8(challenge), utf8(made))
}

/**
 * Takes the flow of a code. The code is gone after the first try, whoever comes at the same time and whatever verifier they have.
 * Errors: `flow_state_not_found` (404), `flow_state_expired` (422), `bad_code_verifier` (400).
 */
export async function takeFlow({ db, now }: Workshop, code: string, verifier: string): Promise<TakenFlow> {
  const [taken] = await run(db, [
    {
      sql: `delete from auth_flows where code_hash = ? returning user_id, method, provider, code_challenge, code_challenge_method,
        sealed_provider, linking_user_id, linking_session_id, issued_at, expires_at`,
      params: [await hashOf(code)],
    },
  ])
  const row = taken!.results[0]
  if (row === undefined) throw new AppError(authErrors.flow_state_not_found)
  if (Number(row['expires_at']) <= now) throw new AppError(authErrors.flow_state_expired)
  if (!(await fits(verifier, String(row['code_challenge']), String(row['code_challenge_method'])))) {
    throw new AppError(authErrors.bad_code_verifier)
  }
  const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
  const linking = textOrNull(row['linking_user_id'])
  return {
    userId: String(row['user_id']),
    method: String(row['method']),
    provider: textOrNull(row['provider']),
    issuedAt: Number(row['issued_at']),
    sealedProvider: textOrNull(row['sealed_provider']),
    linking: linking === null ? null : { userId: linking, sessionId: String(row['linking_session_id']) },
  }
}

/**
 * Opens the session that a flow ends in. Errors: `user_banned` (403), `flow_state_not_found` when the person is gone, or somebody proved since that the
 * address is theirs: their proof shut every door, and this one was open in somebody's hands.
 */
export async function openFlowSession(
  workshop: Workshop,
  context: AuthenticationContext,
  { userId, method, provider, issuedAt }: TakenFlow,
): Promise<{ session: Session; person: Person }> {
  const { db, now } = workshop
  const session = newSession(workshop, method, provider ?? undefined)
  const results = await run(db, [
    ...openSession(
      workshop,
      context,
      session,
      { id: userId },
      {
        sql: `(u.banned_until is null or u.banned_until <= cast(? as integer))
          and (u.email_confirmed_at is null or u.email_confirmed_at <= cast(? as integer))`,
        params: [String(now), String(issuedAt)],
      },
    ),
    {
      sql: 'update auth_users set last_sign_in_at = ? where id = ? and exists (select 1 from auth_sessions where id = ?)',
      params: [String(now), userId, session.id],
    },
    { sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ?`, params: [userId] },
  ])
  const [opened, found] = [results[0]!, results.at(-1)!]
  const person = found.results[0] === undefined ? null : readPerson(found.results[0])
  if (person !== null && isBanned(person, now)) throw new AppError(authErrors.user_banned)
  if (person === null || opened.results.length === 0) throw new AppError(authErrors.flow_state_not_found)
  return { session, person }
}
