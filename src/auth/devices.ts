// A person's sessions as they see them, and ending one. Only ever their own.
import { AppError, isUuid } from '../core'
import { run, type AuthenticationContext, type Caller, type DeviceAnswer } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { ADMITTED, livePersonStatement, readLivePerson, UNEXPIRED } from './session'
import type { Workshop } from './workshop'

/** More than a person has; whoever opened more sees those used last. */
const SHOWN = 100

const LIVES = `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${ADMITTED})`

/** Of `auth_sessions s`. */
export const DEVICE_COLUMNS = `s.id, s.aal, s.device_id, s.device_model, s.platform, s.app_version, s.app_build, s.country, s.city, s.user_agent,
  s.created_at, s.refreshed_at, s.expires_at`

const text = (value: unknown) => (typeof value === 'string' ? value : null)
const time = (value: unknown) => new Date(Number(value)).toISOString()

/** Reads a row of `DEVICE_COLUMNS`. */
export function showDevice(row: Readonly<Record<string, unknown>>, current: boolean, now: number): DeviceAnswer {
  return {
    id: String(row['id']),
    current,
    aal: row['aal'] === 'aal2' ? 'aal2' : 'aal1',
    device: {
      id: text(row['device_id']),
      model: text(row['device_model']),
      platform: text(row['platform']),
      app_version: text(row['app_version']),
      app_build: text(row['app_build']),
    },
    place: { country: text(row['country']), city: text(row['city']) },
    user_agent: text(row['user_agent']),
    created_at: time(row['created_at']),
    last_used_at: time(current ? now : row['refreshed_at']),
    expires_at: row['expires_at'] === null ? null : time(row['expires_at']),
  }
}

/** One read. Errors: `session_not_found`, `user_not_found`, `user_banned`. */
export async function listSessions({ db, now }: Workshop, caller: Caller): Promise<readonly DeviceAnswer[]> {
  const { userId, sessionId } = caller
  const [person, found] = await run(db, [
    livePersonStatement(caller),
    {
      sql: `select ${DEVICE_COLUMNS}
        from auth_sessions s where s.user_id = ? and ${UNEXPIRED} and ${LIVES}
        order by s.id = ? desc, s.refreshed_at desc, s.id limit ${SHOWN}`,
      params: [userId, sessionId, userId, sessionId],
    },
  ])
  readLivePerson(person!.results[0], now)
  return found!.results.map((row) => showDevice(row, row['id'] === sessionId, now))
}

/** One batch. What ends is refused on its next call, in data too. Errors: `session_not_found`, `user_not_found`, `user_banned`, `device_not_found`. */
export async function endSession({ db, now }: Workshop, context: AuthenticationContext, caller: Caller, id: string): Promise<void> {
  const { userId, sessionId } = caller
  const [living, ended] = await run(db, [
    livePersonStatement(caller),
    {
      sql: `delete from auth_sessions where id = ? and user_id = ? and ${LIVES} returning id`,
      params: [isUuid(id) ? id.toLowerCase() : '', userId, sessionId, userId],
    },
    auditStatement(
      { ...context, now },
      { action: 'session_ended', userId, details: { session: sessionId, ended: id.slice(0, 36) } },
      CHANGED,
    ),
  ])
  readLivePerson(living!.results[0], now)
  if (ended!.results.length === 0) throw new AppError(authErrors.device_not_found)
}
