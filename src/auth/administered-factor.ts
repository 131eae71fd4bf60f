// An administrator's hand in second factors: for who lost theirs and asks for help.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext, type FactorChange } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { MAX_NAME } from './enroll-factor'
import { authErrors } from './errors'
import { factorNotFound, showFactor } from './factor'
import { accountNotice } from './account-notice'
import { PERSON_COLUMNS, readPerson, type Person } from './person'
import { downgradeStatements } from './second-factor'
import { shortLine } from './wording'
import type { Workshop } from './workshop'

async function personOf({ db }: Workshop, userId: string): Promise<Person> {
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ?`, params: [userId] }])
  const row = found!.results[0]
  if (row === undefined) throw new AppError({ ...authErrors.user_not_found, status: 404 }, { message: 'User not found' })
  return readPerson(row)
}

/** Errors: `user_not_found` (404). */
export async function factorsOf(workshop: Workshop, userId: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await personOf(workshop, userId)).factors.map(showFactor)
}

/**
 * Removes a factor; sessions that were strong by it are weak with their next call, and recovery codes that would stand alone go with it. The person is told by
 * mail. Errors: `user_not_found`, `mfa_factor_not_found` (404).
 */
export async function removeFactorOf(
  workshop: Workshop,
  context: AuthenticationContext,
  userId: string,
  factorId: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { db, now } = workshop
  const person = await personOf(workshop, userId)
  const factor = person.factors.find(({ id }) => id === factorId)
  if (factor === undefined) throw factorNotFound()
  const codes = person.factors.find(({ type }) => type === 'recovery_code')
  const deed = uuidv7(now)
  const done = { sql: 'exists (select 1 from auth_audit where id = ?)', params: [deed] }
  const gone = (id: string) => ({ sql: `${done.sql} and not exists (select 1 from auth_factors where id = ?)`, params: [deed, id] })
  const results = await run(db, [
    { sql: 'delete from auth_factors where id = ? and user_id = ? returning id', params: [factorId, userId] },
    auditStatement(
      { ...context, now },
      {
        id: deed,
        action: 'factor_deleted',
        userId,
        actor: 'service',
        details: { factor: factorId, type: factor.type, status: factor.status },
      },
      CHANGED,
    ),
    {
      sql: `delete from auth_factors where user_id = ? and type = 'recovery_code' and ${done.sql}
        and not exists (select 1 from auth_factors o where o.user_id = ? and o.status = 'verified' and o.type <> 'recovery_code')`,
      params: [userId, deed, userId],
    },
    {
      sql: `delete from auth_recovery_codes where user_id = ? and ${done.sql}
        and not exists (select 1 from auth_factors where user_id = ? and type = 'recovery_code')`,
      params: [userId, deed, userId],
    },
    ...downgradeStatements(userId, factor, gone(factorId)),
    ...(codes === undefined || codes === factor ? [] : downgradeStatements(userId, codes, gone(codes.id))),
    ...(factor.status === 'verified'
      ? await accountNotice(workshop, context, person, 'mfa_factor_unenrolled', { factorType: factor.type }, done)
      : []),
  ])
  if (results[0]!.results.length === 0) throw factorNotFound()
  messagesCommitted(workshop)
  return showFactor(factor)
}

/**
 * Another name for a factor, or another number for one by text message. A new number was proved by nobody, so the factor has to be proved again.
 * Errors: `user_not_found`, `mfa_factor_not_found` (404); `mfa_factor_name_conflict`, `validation_failed`.
 */
export async function changeFactorOf(
  workshop: Workshop,
  context: AuthenticationContext,
  userId: string,
  factorId: string,
  change: FactorChange,
): Promise<Readonly<Record<string, unknown>>> {
  const { db, now } = workshop
  const { phone } = change
  const friendlyName = change.friendlyName === undefined ? undefined : shortLine('friendly_name', change.friendlyName, MAX_NAME)
  const person = await personOf(workshop, userId)
  const factor = person.factors.find(({ id }) => id === factorId)
  if (factor === undefined) throw factorNotFound()
  if (phone !== undefined && factor.type !== 'phone') {
    throw new AppError(authErrors.validation_failed, { message: 'Only a phone factor has a number' })
  }
  const number = phone === undefined || phone === factor.phone ? null : phone
  const [changed] = await run(db, [
    {
      sql: `update auth_factors set friendly_name = coalesce(?1, friendly_name), phone = coalesce(?2, phone),
          status = iif(?2 is null, status, 'unverified'), updated_at = ?3
        where id = ?4 and user_id = ?5
          and not exists (select 1 from auth_factors o where o.user_id = ?5 and o.id <> ?4 and o.friendly_name = ?1 and ?1 <> '') returning id`,
      params: [friendlyName ?? null, number, String(now), factorId, userId],
    },
    auditStatement(
      { ...context, now },
      { action: 'factor_updated', userId, actor: 'service', details: { factor: factorId, type: factor.type, number: number !== null } },
      CHANGED,
    ),
    ...(number === null
      ? []
      : downgradeStatements(userId, factor, {
          sql: `exists (select 1 from auth_factors where id = ? and status = 'unverified')`,
          params: [factorId],
        })),
  ])
  if (changed!.results.length === 0) {
    if (!(await personOf(workshop, userId)).factors.some(({ id }) => id === factorId)) throw factorNotFound()
    throw new AppError(authErrors.mfa_factor_name_conflict)
  }
  return showFactor({
    ...factor,
    friendlyName: friendlyName ?? factor.friendlyName,
    phone: number ?? factor.phone,
    status: number === null ? factor.status : 'unverified',
    updatedAt: now,
  })
}
