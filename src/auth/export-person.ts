// All that sign-in holds of somebody, for themselves: GDPR's article 15, and what app stores ask for. No secret, no hash, no key.
import { run, type AuthenticationContext, type Caller } from '../platform'
import { auditStatement } from './audit'
import { DEVICE_COLUMNS, showDevice } from './devices'
import { passkeysStatement, showPasskey } from './passkey'
import { showPerson } from './person'
import { ADMITTED, livePersonStatement, readLivePerson, UNEXPIRED } from './session'
import type { Workshop } from './workshop'

/** More entries than that aren't told; the newest are. */
const ENTRIES = 1_000

/** One batch. Errors: `session_not_found`, `user_not_found`, `user_banned` (403). */
export async function exportOwn(
  { db, now }: Workshop,
  context: AuthenticationContext,
  caller: Caller,
): Promise<Readonly<Record<string, unknown>>> {
  const { userId, sessionId } = caller
  const [person, sessions, passkeys, entries] = await run(db, [
    livePersonStatement(caller),
    {
      sql: `select ${DEVICE_COLUMNS}, s.ip from auth_sessions s where s.user_id = ? and ${UNEXPIRED} order by s.refreshed_at desc`,
      params: [userId],
    },
    passkeysStatement(userId),
    {
      sql: `select at, action, actor, ip, details from auth_audit where user_id = ? order by at desc, id desc limit ${ENTRIES}`,
      params: [userId],
    },
    auditStatement(
      { ...context, now },
      { action: 'user_exported', userId },
      { sql: `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${ADMITTED})`, params: [sessionId, userId] },
    ),
  ])
  return {
    exported_at: new Date(now).toISOString(),
    user: showPerson(readLivePerson(person!.results[0], now)),
    sessions: sessions!.results.map((row) => ({ ...showDevice(row, row['id'] === sessionId, now), ip_address: row['ip'] })),
    passkeys: passkeys!.results.map(showPasskey),
    audit: entries!.results.map((row) => ({
      at: new Date(Number(row['at'])).toISOString(),
      action: row['action'],
      actor: row['actor'],
      // An administrator's is not the person's to know.
      ip_address: row['actor'] === 'service' ? null : row['ip'],
      details: JSON.parse(String(row['details'])) as unknown,
    })),
  }
}
