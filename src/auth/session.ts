// Sessions: opened by a sign-in, kept by refreshing, ended by deleting their row, which ends every token of theirs at once.
import { AppError } from '../core'
import type { AppDefinition } from '../define'
import { run, type AuthenticationContext, type Caller, type Keys, type SessionAnswer, type SignOutScope, type Statement } from '../platform'
import { writeAccessToken } from './access-token'
import { auditStatement } from './audit'
import { reviseClaims } from './claims-hook'
import { authErrors } from './errors'
import { isBanned, PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import { readRefreshToken, writeRefreshToken, type RefreshTokenContent } from './refresh-token'
import type { Workshop } from './workshop'

/** How a session was made, newest first; `timestamp` in UTC seconds. */
export interface AuthenticationMethod {
  readonly method: string
  readonly timestamp: number
  /** Of OAuth. */
  readonly provider?: string
}

export interface Session {
  readonly id: string
  readonly aal: 'aal1' | 'aal2'
  readonly amr: readonly AuthenticationMethod[]
  readonly refreshCounter: number
  /** When it ends whatever happens, UTC ms; null when it doesn't. */
  readonly expiresAt: number | null
}

/** The columns of `auth_sessions s` that `readSession` reads, beside a person's. */
export const SESSION_COLUMNS =
  's.id as session_id, s.aal as session_aal, s.amr as session_amr, s.refresh_counter as session_counter, s.expires_at as session_expires_at'

/** Of `auth_sessions s`: that it hasn't reached its end, by the database's clock. Whoever asks whether a session is there asks this too. */
export const UNEXPIRED = `(s.expires_at is null or s.expires_at > cast(round(unixepoch('subsec') * 1000) as integer))`

/** The same, and that its person isn't banned: what a session that changes something has to be where it is written. */
export const ADMITTED = `${UNEXPIRED} and (s.suspended_until is null or s.suspended_until <= cast(round(unixepoch('subsec') * 1000) as integer))`

export function readSession(row: Readonly<Record<string, unknown>>): Session {
  return {
    id: String(row['session_id']),
    aal: row['session_aal'] === 'aal2' ? 'aal2' : 'aal1',
    amr: JSON.parse(String(row['session_amr'])) as AuthenticationMethod[],
    refreshCounter: Number(row['session_counter']),
    expiresAt: row['session_expires_at'] === null ? null : Number(row['session_expires_at']),
  }
}

/** How long sessions last by the app's rules, in ms. */
export interface SessionLimits {
  readonly timebox: number | null
  readonly inactivity: number | null
  readonly single: boolean
}

export function sessionLimits({ auth }: AppDefinition): SessionLimits {
  const { timebox, inactivity, singlePerPerson } = auth?.sessions ?? {}
  const ms = (seconds: number | undefined) => (seconds === undefined ? null : seconds * 1000)
  return { timebox: ms(timebox), inactivity: ms(inactivity), single: singlePerPerson ?? false }
}

/** A session that `method` opens now; `provider` is OAuth's. */
export function newSession({ app, now }: Workshop, method: string, provider?: string): Session {
  const { timebox, inactivity } = sessionLimits(app)
  const lasting = Math.min(timebox ?? Infinity, inactivity ?? Infinity)
  return {
    id: crypto.randomUUID(),
    aal: 'aal1',
    amr: [{ method, timestamp: Math.floor(now / 1000), ...(provider === undefined ? {} : { provider }) }],
    refreshCounter: 0,
    expiresAt: lasting === Infinity ? null : now + lasting,
  }
}

/**
 * Opens a session of a person if `condition`, SQL over their row `u`, still holds when it is written. The first statement answers its id, or
 * nothing when it wasn't opened; where the app allows one session a person, the others end.
 */
export function openSession(
  { app, now }: Workshop,
  { address, userAgent, device, place }: AuthenticationContext,
  session: Session,
  person: { readonly id: string },
  condition: Statement = { sql: '1', params: [] },
): readonly Statement[] {
  const opened: Statement = {
    sql: `insert into auth_sessions (id, user_id, aal, amr, refresh_counter, refreshed_at, created_at, expires_at, user_agent, ip,
        device_id, device_model, platform, app_version, app_build, country, city, suspended_until)
      select ?, u.id, ?, ?, '0', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, u.banned_until from auth_users u where u.id = ? and (${condition.sql}) returning id`,
    params: [
      session.id,
      session.aal,
      JSON.stringify(session.amr),
      String(now),
      String(now),
      session.expiresAt === null ? null : String(session.expiresAt),
      userAgent?.slice(0, 500) ?? null,
      address,
      device.id,
      device.model,
      device.platform,
      device.appVersion,
      device.appBuild,
      place.country,
      place.city,
      person.id,
      ...condition.params,
    ],
  }
  if (!sessionLimits(app).single) return [opened]
  // They end now rather than go, so that a phone which refreshes is told why.
  const others: Statement = {
    sql: `update auth_sessions as s set expires_at = ?1 where s.user_id = ?2 and s.id <> ?3
      and (s.expires_at is null or s.expires_at > cast(?1 as integer)) and exists (select 1 from auth_sessions where id = ?3)`,
    params: [String(now), person.id, session.id],
  }
  return [opened, others]
}

/**
 * The answer of every sign-in: a fresh access token and the session's current refresh token. Errors: those of the app's hook `accessToken`; a session
 * that was opened just now doesn't outlive them.
 */
export async function showSession(
  workshop: Workshop,
  context: AuthenticationContext,
  session: Session,
  person: Person,
  grant: 'sign-in' | 'refresh' = 'sign-in',
): Promise<SessionAnswer> {
  const { keys, db, now } = workshop
  const { issuer, rules } = context
  // No token outlives its session; one of no length would be no token to the SDKs.
  const left = session.expiresAt === null ? Infinity : Math.max(1, Math.floor((session.expiresAt - now) / 1000))
  const lifetime = Math.min(rules.tokenLifetime, left)
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
    { subject: person.id, issuer, lifetime, now, keys, db, revise: (claims) => reviseClaims(workshop, context, claims, grant) },
  ).catch(async (error: unknown) => {
    // Nobody has a token of it.
    if (grant === 'sign-in' && session.refreshCounter === 0) {
      await run(db, [{ sql: 'delete from auth_sessions where id = ? and refresh_counter = 0', params: [session.id] }])
    }
    throw error
  })
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: lifetime,
    expires_at: expiresAt,
    refresh_token: await writeRefreshToken({ sessionId: session.id, counter: session.refreshCounter }, keys.refreshMac),
    user: showPerson(person),
  }
}

/** What a refresh token says; null when this installation didn't make it. Asks no database. */
export async function refreshTokenContent(keys: Keys, refreshToken: string): Promise<RefreshTokenContent | null> {
  const token = await readRefreshToken(refreshToken, keys.refreshMac)
  return token.ok ? { sessionId: token.sessionId, counter: token.counter } : null
}

/** A person, and how strong the session is that they call in. */
export interface LivePerson extends Person {
  readonly sessionAal: 'aal1' | 'aal2'
}

/**
 * Of `auth_sessions s`: whoever calls has shown the second factor. Both say so, the session and the token: a token of before was perhaps stolen before.
 */
export const strong = ({ aal }: Caller): string => (aal === 'aal1' ? '0' : `s.aal = 'aal2'`)

/** The person of a session that lives. Errors: `session_not_found`, `user_not_found`, `user_banned` (403). */
export async function livePerson({ db, now }: Workshop, caller: Caller): Promise<LivePerson> {
  const [found] = await run(db, [livePersonStatement(caller)])
  return readLivePerson(found!.results[0], now)
}

/** Reads the person with whether the session lives, in one row. */
export function livePersonStatement(caller: Caller): Statement {
  const { userId, sessionId } = caller
  return {
    sql: `select ${PERSON_COLUMNS}, (select iif(${strong(caller)}, 'aal2', 'aal1') from auth_sessions s where s.id = ? and s.user_id = u.id and ${UNEXPIRED}) as session_aal
      from auth_users u where u.id = ?`,
    params: [sessionId, userId],
  }
}

export function readLivePerson(row: Readonly<Record<string, unknown>> | undefined, now: number): LivePerson {
  if (row === undefined) throw new AppError(authErrors.user_not_found)
  if (row['session_aal'] === null) throw new AppError(authErrors.session_not_found)
  const person = readPerson(row)
  if (isBanned(person, now)) throw new AppError(authErrors.user_banned)
  return { ...person, sessionAal: row['session_aal'] === 'aal2' ? 'aal2' : 'aal1' }
}

const ENDS: Readonly<Record<SignOutScope, string>> = { global: '1', local: 'o.id = ?1', others: 'o.id <> ?1' }

/** Ends sessions, and with them their tokens. A session that has ended already ends no others. Errors: `session_not_found`. */
export async function signOut(
  { db, now }: Workshop,
  context: AuthenticationContext,
  { userId, sessionId }: Caller,
  scope: SignOutScope,
): Promise<void> {
  const own = `from auth_sessions s where s.id = ?1 and s.user_id = ?2 and ${UNEXPIRED}`
  const params = [sessionId, userId]
  const [living] = await run(db, [
    { sql: `select s.id ${own}`, params },
    auditStatement(
      { ...context, now },
      { action: 'logout', userId, details: { scope, session: sessionId } },
      { sql: `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${UNEXPIRED})`, params: [sessionId, userId] },
    ),
    { sql: `delete from auth_sessions as o where o.user_id = ?2 and (select count(*) ${own}) = 1 and ${ENDS[scope]}`, params },
  ])
  if (living!.results.length === 0) throw new AppError(authErrors.session_not_found)
}
