// Exchanges refresh tokens, in one batch whoever comes at the same time (shared protocol notes: gotrue §3).
import { AppError } from '../core'
import { run, type AuthenticationContext, type RefreshAnswer, type Statement } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
import { readRefreshToken } from './refresh-token'
import { readSession, SESSION_COLUMNS, sessionLimits, type Session, type SessionLimits } from './session'
import type { Workshop } from './workshop'

/** How long a superseded refresh token is still answered with the current one, for phones that lost answers. */
export const REUSE_INTERVAL_MS = 10_000

/** A token of GoTrue's first kind, as phones still hold them whose people were brought along: they are to sign in again, and no longer try. */
const EARLIER = /^[a-z0-9]{12}$/

/** Somebody signed in elsewhere later. */
const NEWER = 'exists (select 1 from auth_sessions o where o.user_id = s.user_id and o.id <> s.id and o.created_at > s.created_at)'

/** That the session `s` may go on: its person isn't banned, and no rule of the app has ended it. */
function lives({ timebox, inactivity, single }: SessionLimits, now: number): Statement {
  const terms: readonly (readonly [string, number])[] = [
    ['not exists (select 1 from auth_users u where u.id = s.user_id and u.banned_until > cast(? as integer))', now],
    ['(s.expires_at is null or s.expires_at > cast(? as integer))', now],
    ...(timebox === null ? [] : [['s.created_at > cast(? as integer)', now - timebox] as const]),
    ...(inactivity === null ? [] : [['s.refreshed_at > cast(? as integer)', now - inactivity] as const]),
  ]
  const all = [...terms.map(([sql]) => sql), ...(single ? [`not ${NEWER}`] : [])]
  return { sql: all.join(' and '), params: terms.map(([, value]) => String(value)) }
}

/** Its end as of now. */
function nextEnd({ timebox, inactivity }: SessionLimits, now: number): Statement {
  const ends: readonly (readonly [string, number])[] = [
    ...(timebox === null ? [] : [['s.created_at + cast(? as integer)', timebox] as const]),
    ...(inactivity === null ? [] : [['cast(? as integer)', now + inactivity] as const]),
  ]
  if (ends.length === 0) return { sql: 'null', params: [] }
  const texts = ends.map(([sql]) => sql)
  return { sql: texts.length === 1 ? texts[0]! : `min(${texts.join(', ')})`, params: ends.map(([, value]) => String(value)) }
}

/** Rotates the token, and notes what phone that was and where. */
function rotate(id: string, counter: number, limits: SessionLimits, context: AuthenticationContext, now: number): Statement {
  const { device, place, address, userAgent } = context
  const noted: readonly (readonly [string, string | null])[] = [
    ['user_agent', userAgent?.slice(0, 500) ?? null],
    ['ip', address],
    ['device_id', device.id],
    ['device_model', device.model],
    ['platform', device.platform],
    ['app_version', device.appVersion],
    ['app_build', device.appBuild],
    ['country', place.country],
    ['city', place.city],
  ]
  const alive = lives(limits, now)
  const end = nextEnd(limits, now)
  return {
    sql: `update auth_sessions as s set refresh_counter = refresh_counter + 1, refreshed_at = ?, expires_at = ${end.sql},
        ${noted.map(([column]) => `${column} = coalesce(?, ${column})`).join(', ')}
      where s.id = ? and s.refresh_counter = ? and ${alive.sql} returning id`,
    params: [String(now), ...end.params, ...noted.map(([, value]) => value), id, String(counter), ...alive.params],
  }
}

function refuseEnded(row: Readonly<Record<string, unknown>>, session: Session, { timebox, inactivity }: SessionLimits, now: number): void {
  const expired = (why = '') => new AppError(authErrors.session_expired, { message: `Invalid Refresh Token: Session Expired${why}` })
  if (timebox !== null && Number(row['session_created_at']) + timebox <= now) throw expired()
  if (inactivity !== null && Number(row['session_refreshed_at']) + inactivity <= now) throw expired(' (Inactivity)')
  if (Number(row['session_newer']) === 1) throw expired(' (Revoked by Newer Login)')
  if (session.expiresAt !== null && session.expiresAt <= now) throw expired()
}

/**
 * The current token rotates; its predecessor, and any older one within the reuse interval, get the current one, unless they are of before the
 * session's second factor; an older one later ends the session. Errors, all 400, in this order: `validation_failed`, `refresh_token_not_found`, `user_banned`, `session_expired`,
 * `refresh_token_already_used`.
 */
export async function refreshSession(
  { app, keys, db, now }: Workshop,
  context: AuthenticationContext,
  refreshToken: string,
): Promise<{ session: Session; person: Person; reuse: RefreshAnswer['reuse'] }> {
  const token = await readRefreshToken(refreshToken, keys.refreshMac)
  if (!token.ok) {
    // In both cases the words that apps look for.
    throw new AppError(
      token.reason === 'format' && !EARLIER.test(refreshToken)
        ? { ...authErrors.refresh_token_not_found, code: authErrors.validation_failed.code }
        : authErrors.refresh_token_not_found,
    )
  }
  const { sessionId, counter } = token
  const limits = sessionLimits(app)
  const alive = lives(limits, now)
  const reused: Statement = {
    sql: `s.id = ? and s.refresh_counter > cast(? as integer) + 1 and s.refreshed_at <= cast(? as integer) and ${alive.sql}`,
    params: [sessionId, String(counter), String(now - REUSE_INTERVAL_MS), ...alive.params],
  }
  const [rotated, , ended, found] = await run(db, [
    rotate(sessionId, counter, limits, context, now),
    auditStatement(
      { ...context, now },
      {
        action: 'token_revoked',
        userId: { sql: 'select user_id from auth_sessions where id = ?', params: [sessionId] },
        actor: 'system',
        details: { session: sessionId, reason: 'reuse' },
      },
      { sql: `exists (select 1 from auth_sessions s where ${reused.sql})`, params: reused.params },
    ),
    { sql: `delete from auth_sessions as s where ${reused.sql} returning id`, params: reused.params },
    {
      sql: `select ${PERSON_COLUMNS}, ${SESSION_COLUMNS}, s.created_at as session_created_at, s.refreshed_at as session_refreshed_at,
          s.raised_at_counter as session_raised_at,
          ${limits.single ? NEWER : '0'} as session_newer
        from auth_sessions s join auth_users u on u.id = s.user_id where s.id = ?`,
      params: [sessionId],
    },
  ])
  if (ended!.results.length > 0) throw new AppError(authErrors.refresh_token_already_used)
  const row = found!.results[0]
  if (row === undefined) throw new AppError(authErrors.refresh_token_not_found)
  const person = readPerson(row)
  const session = readSession(row)
  if (rotated!.results.length > 0) return { session, person, reuse: null }

  if (isBanned(person, now)) {
    throw new AppError({ ...authErrors.user_banned, status: 400 }, { message: 'Invalid Refresh Token: User Banned' })
  }
  refuseEnded(row, session, limits, now)
  if (session.refreshCounter < counter) {
    throw new AppError(authErrors.validation_failed, { message: 'Refresh token was not issued by this server' })
  }
  // A token of before the second factor gets nothing that the factor gave, not even within the interval.
  if (counter < Number(row['session_raised_at'] ?? 0)) throw new AppError(authErrors.refresh_token_already_used)
  return { session, person, reuse: session.refreshCounter === counter + 1 ? 'fail-to-save' : 'concurrent-refresh' }
}
