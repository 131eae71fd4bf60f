// A person's set of recovery codes: made, counted, replaced, removed. It stands beside another verified factor, never alone.
import { AppError } from '../core'
import { run, type AuthenticationContext, type Caller, type FactorAnswer, type Statement } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { forgetUnverified, insertFactor, MAX_NAME, refuseFactor } from './enroll-factor'
import { newRecoveryCode, RECOVERY_CODES, replaceCodes, takesRecoveryCodes } from './recovery-code'
import { downgradeStatements } from './second-factor'
import { ADMITTED, livePersonStatement, readLivePerson, strong, type LivePerson } from './session'
import { shortLine } from './wording'
import type { Workshop } from './workshop'

const TYPE = 'recovery_code'
const DEFAULT_NAME = 'Recovery codes'

const setOf = ({ factors }: LivePerson) => factors.find(({ type }) => type === TYPE)

const newCodes = () => Array.from({ length: RECOVERY_CODES }, newRecoveryCode)

function notEnrolled(message = 'The user has not enrolled recovery codes'): AppError {
  return new AppError({ ...authErrors.mfa_factor_not_found, status: 404 }, { message })
}

function needsAal2(person: LivePerson, what: string): void {
  if (person.sessionAal !== 'aal2') throw new AppError(authErrors.insufficient_aal, { message: `AAL2 required to ${what} recovery codes` })
}

function checkOn(workshop: Workshop): void {
  if (!takesRecoveryCodes(workshop)) {
    throw new AppError(authErrors.mfa_recovery_codes_enroll_not_enabled, { message: 'MFA enroll is disabled for recovery codes' })
  }
}

/** One read. Errors: `mfa_factor_not_found` (404). */
export async function countRecoveryCodes({ db, now }: Workshop, caller: Caller): Promise<FactorAnswer> {
  const [found, counts] = await run(db, [
    livePersonStatement(caller),
    {
      sql: 'select count(*) as total, count(*) filter (where used_at is null) as remaining from auth_recovery_codes where user_id = ?',
      params: [caller.userId],
    },
  ])
  const set = setOf(readLivePerson(found!.results[0], now))
  if (set === undefined) throw notEnrolled('Recovery codes are not enrolled for this user')
  const { total, remaining } = counts!.results[0]!
  return { id: set.id, type: TYPE, total: Number(total), remaining: Number(remaining) }
}

/** Errors: `insufficient_aal` (403), `mfa_verified_factor_exists`, `mfa_recovery_codes_sole_factor`, those of `refuseFactor`. */
export async function generateRecoveryCodes(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  name: string,
): Promise<FactorAnswer> {
  checkOn(workshop)
  const { db, now } = workshop
  const id = crypto.randomUUID()
  const friendlyName = shortLine('friendly_name', name, MAX_NAME) || DEFAULT_NAME
  const codes = newCodes()
  const results = await run(db, [
    forgetUnverified(caller.userId, now),
    insertFactor(
      workshop,
      caller,
      { id, type: TYPE, status: 'verified', friendlyName },
      {},
      {
        sql: `${strong(caller)} and exists (select 1 from auth_factors o where o.user_id = u.id and o.status = 'verified' and o.type <> '${TYPE}')
          and not exists (select 1 from auth_factors o where o.user_id = u.id and o.type = '${TYPE}')`,
        params: [],
      },
    ),
    auditStatement(
      { ...context, now },
      { action: 'recovery_codes_generated', userId: caller.userId, details: { factor: id, count: codes.length } },
      CHANGED,
    ),
    ...(await replaceCodes(workshop, caller.userId, codes, {
      sql: 'exists (select 1 from auth_factors where id = ?)',
      params: [id],
    })),
    livePersonStatement(caller),
  ])
  if (results[1]!.results.length > 0) return { id, type: TYPE, friendly_name: friendlyName, total: codes.length, codes }

  const person = readLivePerson(results.at(-1)!.results[0], now)
  if (!person.isAnonymous) {
    needsAal2(person, 'generate')
    if (setOf(person)) {
      throw new AppError(authErrors.mfa_verified_factor_exists, {
        message: 'Recovery codes are already enrolled for this user, use regenerate to rotate them',
      })
    }
    if (!person.factors.some(({ status }) => status === 'verified')) {
      throw new AppError(authErrors.mfa_recovery_codes_sole_factor, {
        message: 'At least one other verified factor is required to generate recovery codes',
      })
    }
  }
  return refuseFactor(workshop, person, friendlyName)
}

/** Statements of a change to the set that an aal2 session makes; `what` changes the factor's row and returns it. */
async function changeSet(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  {
    verb,
    action,
    what,
    more,
  }: { verb: string; action: 'recovery_codes_regenerated' | 'recovery_codes_deleted'; what: string; more: readonly Statement[] },
): Promise<Readonly<Record<string, unknown>>> {
  const { db, now } = workshop
  const results = await run(db, [
    {
      sql: `${what} where user_id = ? and type = '${TYPE}'
        and exists (select 1 from auth_sessions s where s.id = ? and s.user_id = auth_factors.user_id and ${strong(caller)} and ${ADMITTED}) returning id, friendly_name`,
      params: [caller.userId, caller.sessionId],
    },
    auditStatement({ ...context, now }, { action, userId: caller.userId, details: { session: caller.sessionId } }, CHANGED),
    ...more,
    livePersonStatement(caller),
  ])
  const [row] = results[0]!.results
  if (row !== undefined) return row
  needsAal2(readLivePerson(results.at(-1)!.results[0], now), verb)
  throw notEnrolled()
}

/** Errors: `insufficient_aal` (403), `mfa_factor_not_found` (404). */
export async function regenerateRecoveryCodes(workshop: Workshop, context: AuthenticationContext, caller: Caller): Promise<FactorAnswer> {
  checkOn(workshop)
  const codes = newCodes()
  const may = {
    sql: `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${strong(caller)} and ${ADMITTED})`,
    params: [caller.sessionId, caller.userId],
  }
  const row = await changeSet(workshop, context, caller, {
    verb: 'regenerate',
    action: 'recovery_codes_regenerated',
    what: `update auth_factors set failures = 0, locked_until = null, updated_at = ${workshop.now}`,
    more: await replaceCodes(workshop, caller.userId, codes, {
      sql: `${may.sql} and exists (select 1 from auth_factors f where f.user_id = ? and f.type = '${TYPE}')`,
      params: [...may.params, caller.userId],
    }),
  })
  return { id: String(row['id']), type: TYPE, friendly_name: String(row['friendly_name']), total: codes.length, codes }
}

/** Errors: `insufficient_aal` (403), `mfa_factor_not_found` (404). */
export async function removeRecoveryCodes(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
): Promise<{ readonly id: string }> {
  const [found] = await run(workshop.db, [livePersonStatement(caller)])
  const person = readLivePerson(found!.results[0], workshop.now)
  needsAal2(person, 'delete')
  const set = setOf(person)
  if (set === undefined) throw notEnrolled()
  const gone = { sql: 'not exists (select 1 from auth_factors where id = ?)', params: [set.id] }
  const row = await changeSet(workshop, context, caller, {
    verb: 'delete',
    action: 'recovery_codes_deleted',
    what: 'delete from auth_factors',
    more: [
      {
        sql: `delete from auth_recovery_codes where user_id = ? and not exists (select 1 from auth_factors where user_id = ? and type = '${TYPE}')`,
        params: [caller.userId, caller.userId],
      },
      ...downgradeStatements(caller.userId, set, gone),
    ],
  })
  return { id: String(row['id']) }
}
