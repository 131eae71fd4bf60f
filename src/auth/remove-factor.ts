// An administrator's hand in second factors: for who lost theirs and asks for help.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { factorNotFound, showFactor } from './factor'
import { factorNotice } from './factor-notice'
import { PERSON_COLUMNS, readPerson, type Person } from './person'
import { downgradeStatements } from './second-factor'
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
    ...(factor.status === 'verified' ? await factorNotice(workshop, context, person, 'mfa_factor_unenrolled', factor.type, done) : []),
  ])
  if (results[0]!.results.length === 0) throw factorNotFound()
  messagesCommitted(workshop)
  return showFactor(factor)
}
