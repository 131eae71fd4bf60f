// New second factors. One batch: whether there may be one is decided where it is written.
import { AppError } from '../core'
import { run, type AuthenticationContext, type Caller, type EnrollFactorInput, type FactorAnswer, type Statement } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import type { Factor } from './factor'
import { factorKind } from './factor-kinds'
import { livePersonStatement, readLivePerson, strong, UNEXPIRED, type LivePerson } from './session'
import { shortLine } from './wording'
import type { Workshop } from './workshop'

/** How long a factor waits to be verified, when nobody challenges it. */
export const UNVERIFIED_MS = 300_000
const MAX_FACTORS = 10
export const MAX_NAME = 100

export const maxFactors = ({ app }: Workshop) => app.auth?.mfa?.maxFactors ?? MAX_FACTORS

/** Of a session `s` and its person: strong, or with nothing to be strong by. */
export const mayEnroll = (caller: Caller) =>
  `(${strong(caller)} or not exists (select 1 from auth_factors v where v.user_id = s.user_id and v.status = 'verified'))`

/** Unverified factors of a person that nobody came back for, and those that `others` names, SQL over `auth_factors`. */
export function forgetUnverified(userId: string, now: number, others: Statement = { sql: '0', params: [] }): Statement {
  return {
    sql: `delete from auth_factors where user_id = ? and status = 'unverified' and ((${others.sql}) or (created_at <= cast(? as integer)
      and not exists (select 1 from auth_challenges c where c.factor_id = auth_factors.id and c.expires_at > cast(? as integer))))`,
    params: [userId, ...others.params, String(now - UNVERIFIED_MS), String(now)],
  }
}

/** Why a factor wasn't made. Errors: `no_authorization` (403), `mfa_factor_name_conflict`, `too_many_enrolled_mfa_factors` (422), `insufficient_aal` (403). */
export function refuseFactor(workshop: Workshop, person: LivePerson, name: string): never {
  if (person.isAnonymous) {
    throw new AppError({ ...authErrors.no_authorization, status: 403 }, { message: 'Anonymous user not allowed to perform these actions' })
  }
  if (name !== '' && person.factors.some(({ friendlyName }) => friendlyName === name)) {
    throw new AppError(authErrors.mfa_factor_name_conflict, {
      message: `A factor with the friendly name ${JSON.stringify(name)} for this user already exists`,
    })
  }
  if (person.factors.length >= maxFactors(workshop)) {
    throw new AppError(authErrors.too_many_enrolled_mfa_factors, {
      message: 'Maximum number of verified factors reached, unenroll to continue',
    })
  }
  throw new AppError(authErrors.insufficient_aal, { message: 'AAL2 required to enroll a new factor' })
}

/** Inserts a factor if its person may have it. Conditions as `refuseFactor` tells them. */
export function insertFactor(
  workshop: Workshop,
  caller: Caller,
  factor: Pick<Factor, 'id' | 'type' | 'status' | 'friendlyName'>,
  columns: Readonly<Record<string, string | number | null>>,
  condition: Statement = { sql: mayEnroll(caller), params: [] },
): Statement {
  const { now } = workshop
  const written = Object.entries(columns)
  return {
    sql: `insert into auth_factors (id, user_id, type, status, friendly_name, created_at, updated_at${written.map(([name]) => `, ${name}`).join('')})
      select ?, u.id, ?, ?, ?, ?, ?${written.map(() => ', ?').join('')} from auth_users u join auth_sessions s on s.user_id = u.id
      where u.id = ? and s.id = ? and ${UNEXPIRED} and u.is_anonymous = 0 and (u.banned_until is null or u.banned_until <= cast(? as integer))
        and (? = '' or not exists (select 1 from auth_factors n where n.user_id = u.id and n.friendly_name = ?))
        and (select count(*) from auth_factors c where c.user_id = u.id) < cast(? as integer)
        and ${condition.sql} returning id`,
    params: [
      factor.id,
      factor.type,
      factor.status,
      factor.friendlyName,
      String(now),
      String(now),
      ...written.map(([, value]) => value),
      caller.userId,
      caller.sessionId,
      String(now),
      factor.friendlyName,
      factor.friendlyName,
      String(maxFactors(workshop)),
      ...condition.params,
    ],
  }
}

/** Errors: those of `refuseFactor`; `validation_failed`; `mfa_…_enroll_not_enabled` (422); `session_not_found`, `user_banned` (403). */
export async function enrollFactor(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  input: EnrollFactorInput,
): Promise<FactorAnswer> {
  const { db, now } = workshop
  const kind = factorKind(workshop, input.factorType, 'enroll')
  const id = crypto.randomUUID()
  const type = input.factorType as Factor['type']
  const friendlyName = shortLine('friendly_name', input.friendlyName, MAX_NAME)
  const enrolment = await kind.enroll(workshop, context, id, input)
  const more = enrolment.condition ?? { sql: '1', params: [] }
  const condition = { sql: `${mayEnroll(caller)} and (${more.sql})`, params: more.params }
  const results = await run(db, [
    forgetUnverified(caller.userId, now, enrolment.replaces),
    insertFactor(workshop, caller, { id, type, status: 'unverified', friendlyName }, enrolment.columns, condition),
    auditStatement({ ...context, now }, { action: 'factor_in_progress', userId: caller.userId, details: { factor: id, type } }, CHANGED),
    livePersonStatement(caller),
  ])
  const person = readLivePerson(results[3]!.results[0], now)
  if (results[1]!.results.length === 0) {
    const refusal = person.isAnonymous ? null : (enrolment.refusal?.(person) ?? null)
    if (refusal !== null) throw refusal
    refuseFactor(workshop, person, friendlyName)
  }
  return { id, type, friendly_name: friendlyName, ...enrolment.show(person) }
}
