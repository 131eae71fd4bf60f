// Sessions: opened by a sign-in, kept by refreshing, ended by deleting their row, which ends every token of theirs at once.
import { AppError } from '../core'
import { run, type AuthenticationContext, type Caller, type Keys, type SessionAnswer, type SignOutScope, type Statement } from '../platform'
import { writeAccessToken } from './access-token'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { isBanned, PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import { readRefreshToken, writeRefreshToken } from './refresh-token'
import type { Workshop } from './workshop'

/** How long a superseded refresh token is still answered with the current one, for phones that lost answers. */
export const REUSE_INTERVAL_MS = 10_000

/** How a session was made, newest first; `timestamp` in UTC seconds. */
export interface AuthenticationMethod {
  readonly method: string
  readonly timestamp: number
}

export interface Session {
  readonly id: string
  readonly aal: 'aal1' | 'aal2'
  readonly amr: readonly AuthenticationMethod[]
  readonly refreshCounter: number
}

/** The columns of `auth_sessions s` that `readSession` reads, beside a person's. */
export const SESSION_COLUMNS = 's.id as session_id, s.aal as session_aal, s.amr as session_amr, s.refresh_counter as session_counter'

export function readSession(row: Readonly<Record<string, unknown>>): Session {
  return {
    id: String(row['session_id']),
    aal: row['session_aal'] === 'aal2' ? 'aal2' : 'aal1',
    amr: JSON.parse(String(row['session_amr'])) as AuthenticationMethod[],
    refreshCounter: Number(row['session_counter']),
  }
}

/** Inserts a session if `condition`, SQL over the person's row `u`, still holds when it is written. */
export function insertSession(
  session: Session,
  person: { readonly id: string },
  { address, userAgent, now }: { address: string | null; userAgent: string | null; now: number },
  condition: Statement = { sql: '1', params: [] },
): Statement {
  return {
    sql: `insert into auth_sessions (id, user_id, aal, amr, refresh_counter, refreshed_at, user_agent, ip, suspended_until, created_at)
      select ?, u.id, ?, ?, '0', ?, ?, ?, u.banned_until, ? from auth_users u where u.id = ? and (${condition.sql}) returning id`,
    params: [
      session.id,
      session.aal,
      JSON.stringify(session.amr),
      String(now),
      userAgent?.slice(0, 500) ?? null,
      address,
      String(now),
      person.id,
      ...condition.params,
    ],
  }
}

/** The answer of every sign-in: a fresh access token and the session's current refresh token. */
export async function showSession(
  { keys, db, now }: Workshop,
  { issuer, rules }: AuthenticationContext,
  session: Session,
  person: Person,
): Promise<SessionAnswer> {
  const { token, expiresAt } = await writeAccessToken(
    {
      email: person.email ?? '',
      phone: person.phone ?? '',
      app_metadata: person.appMetadata,
      user_metadata: person.userMetadata,
      role: 'authenticated',
      aal: session.aal,
      amr: session.amr.map((entry) => ({ ...entry })),
      session_id: session.id,
      is_anonymous: person.isAnonymous,
    },
    { subject: person.id, issuer, lifetime: rules.tokenLifetime, now, keys, db },
  )
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: rules.tokenLifetime,
    expires_at: expiresAt,
    refresh_token: await writeRefreshToken({ sessionId: session.id, counter: session.refreshCounter }, keys.refreshMac),
    user: showPerson(person),
  }
}

/** The session that a refresh token names; null when this installation didn't make the token. Asks no database. */
export async function sessionOfRefreshToken(keys: Keys, refreshToken: string): Promise<string | null> {
  const token = await readRefreshToken(refreshToken, keys.refreshMac)
  return token.ok ? token.sessionId : null
}

/**
 * Exchanges a refresh token (shared protocol notes: gotrue §3.2), in one batch whoever comes at the same time:
 * the current token rotates; its predecessor, and any older one within the reuse interval, get the current one; an older one later ends
 * the session. Errors: `validation_failed`, `refresh_token_not_found`, `refresh_token_already_used`, `user_banned` (400).
 */
export async function refreshSession(
  { keys, db, now }: Workshop,
  context: AuthenticationContext,
  refreshToken: string,
): Promise<{ session: Session; person: Person }> {
  const token = await readRefreshToken(refreshToken, keys.refreshMac)
  if (!token.ok) {
    const malformed = { message: 'Refresh token is not valid' }
    throw token.reason === 'format'
      ? new AppError(authErrors.validation_failed, malformed)
      : new AppError(authErrors.refresh_token_not_found)
  }
  const { sessionId, counter } = token
  const reused: Statement = {
    sql: 'id = ? and refresh_counter > cast(? as integer) + 1 and refreshed_at <= cast(? as integer)',
    params: [sessionId, String(counter), String(now - REUSE_INTERVAL_MS)],
  }
  const [, , ended, found] = await run(db, [
    {
      sql: `update auth_sessions set refresh_counter = refresh_counter + 1, refreshed_at = ?
        where id = ? and refresh_counter = ?
          and exists (select 1 from auth_users u where u.id = user_id and (u.banned_until is null or u.banned_until <= cast(? as integer)))`,
      params: [String(now), sessionId, String(counter), String(now)],
    },
    auditStatement(
      { ...context, now },
      {
        action: 'token_revoked',
        userId: { sql: 'select user_id from auth_sessions where id = ?', params: [sessionId] },
        actor: 'system',
        details: { session: sessionId, reason: 'reuse' },
      },
      { sql: `exists (select 1 from auth_sessions where ${reused.sql})`, params: reused.params },
    ),
    { sql: `delete from auth_sessions where ${reused.sql} returning id`, params: reused.params },
    {
      sql: `select ${PERSON_COLUMNS}, ${SESSION_COLUMNS} from auth_sessions s join auth_users u on u.id = s.user_id where s.id = ?`,
      params: [sessionId],
    },
  ])
  if (ended!.results.length > 0) throw new AppError(authErrors.refresh_token_already_used)
  const row = found!.results[0]
  if (row === undefined) throw new AppError(authErrors.refresh_token_not_found)
  const person = readPerson(row)
  if (isBanned(person, now)) throw new AppError({ ...authErrors.user_banned, status: 400 })
  const session = readSession(row)
  if (session.refreshCounter < counter) {
    throw new AppError(authErrors.validation_failed, { message: 'Refresh token was not issued by this server' })
  }
  return { session, person }
}

/** The person of a session that lives. Errors: `session_not_found`, `user_not_found`, `user_banned` (403). */
export async function livePerson({ db, now }: Workshop, caller: Caller): Promise<Person> {
  const [found] = await run(db, [livePersonStatement(caller)])
  return readLivePerson(found!.results[0], now)
}

/** Reads the person with whether the session lives, in one row. */
export function livePersonStatement({ userId, sessionId }: Caller): Statement {
  return {
    sql: `select ${PERSON_COLUMNS}, exists (select 1 from auth_sessions s where s.id = ? and s.user_id = u.id) as live
      from auth_users u where u.id = ?`,
    params: [sessionId, userId],
  }
}

export function readLivePerson(row: Readonly<Record<string, unknown>> | undefined, now: number): Person {
  if (row === undefined) throw new AppError(authErrors.user_not_found)
  if (Number(row['live']) !== 1) throw new AppError(authErrors.session_not_found)
  const person = readPerson(row)
  if (isBanned(person, now)) throw new AppError(authErrors.user_banned)
  return person
}

const ENDS: Readonly<Record<SignOutScope, string>> = { global: '1', local: 's.id = ?1', others: 's.id <> ?1' }

/** Ends sessions, and with them their tokens. A session that has ended already ends no others. Errors: `session_not_found`. */
export async function signOut(
  { db, now }: Workshop,
  context: AuthenticationContext,
  { userId, sessionId }: Caller,
  scope: SignOutScope,
): Promise<void> {
  const own = 'from auth_sessions where id = ?1 and user_id = ?2'
  const params = [sessionId, userId]
  const [living] = await run(db, [
    { sql: `select id ${own}`, params },
    auditStatement(
      { ...context, now },
      { action: 'logout', userId, details: { scope, session: sessionId } },
      { sql: 'exists (select 1 from auth_sessions where id = ? and user_id = ?)', params: [sessionId, userId] },
    ),
    { sql: `delete from auth_sessions as s where s.user_id = ?2 and (select count(*) ${own}) = 1 and ${ENDS[scope]}`, params },
  ])
  if (living!.results.length === 0) throw new AppError(authErrors.session_not_found)
}
