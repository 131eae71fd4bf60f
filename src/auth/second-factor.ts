// What proving a second factor does: the proof is taken once, and with it, in one transaction, the session becomes aal2. And back, when the factor goes.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext, type Caller, type SqlValue, type Statement } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { accountNotice } from './account-notice'
import { hasSecondFactor, type Factor, type FactorType } from './factor'
import type { Attempt, FactorColumns, Proof } from './factor-kind'
import { PERSON_COLUMNS, readPerson, type Person } from './person'
import { ADMITTED, readSession, SESSION_COLUMNS, strong, type Session } from './session'
import type { Workshop } from './workshop'

/** What a factor is called in `amr`. */
export const METHODS: Readonly<Record<FactorType, string>> = {
  totp: 'totp',
  phone: 'mfa/phone',
  webauthn: 'mfa/webauthn',
  recovery_code: 'mfa/recovery_code',
}

/** Wrong tries before a factor is locked; after them, each further one locks it for twice as long. */
export const FREE_TRIES = 5
const FIRST_LOCK_MS = 60_000
const MOST_DOUBLINGS = 6

/** Counts a try against a factor `f` and says when it ends being locked: for `set` of an update. One parameter: now. */
const COUNTED = `failures = failures + 1,
  locked_until = case when failures + 1 >= ${FREE_TRIES}
    then cast(? as integer) + (${FIRST_LOCK_MS} << min(failures + 1 - ${FREE_TRIES}, ${MOST_DOUBLINGS})) end`

/**
 * Counts a try against the factors that `which`, SQL over `auth_factors`, names, before anybody looks whether it is right: so no crowd of tries at once is judged
 * more often than the lock allows. Changes and returns nothing while a factor is locked.
 */
export function countTry(now: number, which: Statement): Statement {
  return {
    sql: `update auth_factors set ${COUNTED} where (locked_until is null or locked_until <= cast(? as integer)) and (${which.sql}) returning id`,
    params: [String(now), String(now), ...which.params],
  }
}

/** The session of who calls lives, and is strong or has nothing to be strong by: else a weak session could bring a factor of its own to an account that has one. */
const mayAdd = (
  caller: Caller,
) => `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${ADMITTED} and (${strong(caller)}
  or not exists (select 1 from auth_factors o where o.user_id = s.user_id and o.status = 'verified')))`

/** Takes a proof of a factor: writes what goes with it if `unused` still holds. A factor that was unverified is verified by it. */
export function takeFactor(
  { now }: Workshop,
  { caller, factor }: Pick<Attempt, 'caller' | 'factor'>,
  columns: FactorColumns,
  unused: Statement = { sql: '1', params: [] },
): Statement {
  const written = Object.entries(columns)
  const condition =
    factor.status === 'verified'
      ? `status = 'verified' and exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${ADMITTED})`
      : mayAdd(caller)
  return {
    sql: `update auth_factors set status = 'verified', updated_at = ?${written.map(([name]) => `, ${name} = ?`).join('')}
      where id = ? and user_id = ? and (${unused.sql}) and ${condition} returning id`,
    params: [
      String(now),
      ...written.map(([, value]) => value),
      factor.id,
      caller.userId,
      ...unused.params,
      caller.sessionId,
      caller.userId,
    ],
  }
}

/** A session that a proof made strong, and what it was before. */
export interface Raised {
  readonly session: Session
  readonly person: Person
  readonly before: Readonly<Record<string, unknown>>
}

/** With the first factor end the changes of address and number that were asked for without one: whoever stole a session could still finish theirs. */
function forgetChanges(userId: string, condition: Statement): readonly Statement[] {
  return [
    {
      sql: `update auth_users set new_email = null, email_change_sent_at = null, email_change_confirmed = null, new_phone = null,
          phone_change_sent_at = null
        where id = ? and (new_email is not null or new_phone is not null) and ${condition.sql}`,
      params: [userId, ...condition.params],
    },
    {
      sql: `delete from auth_one_time_tokens where user_id = ? and purpose in ('email_change_current', 'email_change_new', 'phone_change')
        and ${condition.sql}`,
      params: [userId, ...condition.params],
    },
  ]
}

/** `amr` with an entry put before the others, and older ones of its method left out. Parameters: the entry, its method. */
const AMR_WITH = `'[' || ? || coalesce((select ',' || group_concat(value) from json_each(auth_sessions.amr) where value ->> '$.method' <> ?), '') || ']'`

/**
 * Takes a proof and makes the session aal2: the refresh tokens of before count no more, other aal1 sessions of the person end, other unverified
 * factors of the type go. Null when somebody took the proof before.
 */
export async function elevate(
  workshop: Workshop,
  context: AuthenticationContext,
  { caller, factor, person }: Pick<Attempt, 'caller' | 'factor' | 'person'>,
  { by, take }: Proof,
): Promise<Raised | null> {
  const { db, now } = workshop
  const deed = uuidv7(now)
  // Everything hangs on the entry, and the entry on the proof.
  const done = 'exists (select 1 from auth_audit where id = ?)'
  const method = METHODS[by.type]
  const entry = JSON.stringify({ method, timestamp: Math.floor(now / 1000) })
  const notice =
    factor.status === 'verified'
      ? []
      : await accountNotice(workshop, context, person, 'mfa_factor_enrolled', { factorType: factor.type }, { sql: done, params: [deed] })
  const results = await run(db, [
    {
      sql: 'select aal, amr, factor_id, raised_at_counter from auth_sessions where id = ? and user_id = ?',
      params: [caller.sessionId, caller.userId],
    },
    take,
    auditStatement(
      { ...context, now },
      {
        id: deed,
        action: by.type === 'recovery_code' ? 'recovery_codes_verified' : 'mfa_code_login',
        userId: caller.userId,
        details: { factor: by.factorId, type: by.type, session: caller.sessionId },
      },
      CHANGED,
    ),
    {
      sql: `update auth_sessions set aal = 'aal2', factor_id = ?, amr = ${AMR_WITH}, refresh_counter = refresh_counter + 2,
          raised_at_counter = refresh_counter + 2, refreshed_at = ?
        where id = ? and user_id = ? and ${done}`,
      params: [by.factorId, entry, method, String(now), caller.sessionId, caller.userId, deed],
    },
    {
      sql: `update auth_factors set failures = 0, locked_until = null where id in (?, ?) and user_id = ? and ${done}`,
      params: [factor.id, by.factorId, caller.userId, deed],
    },
    { sql: `delete from auth_challenges where factor_id = ? and user_id = ? and ${done}`, params: [factor.id, caller.userId, deed] },
    {
      sql: `delete from auth_sessions where user_id = ? and id <> ? and aal = 'aal1' and ${done}`,
      params: [caller.userId, caller.sessionId, deed],
    },
    {
      sql: `delete from auth_factors where user_id = ? and status = 'unverified' and type = ? and ${done}`,
      params: [caller.userId, factor.type, deed],
    },
    ...(hasSecondFactor(person) ? [] : forgetChanges(caller.userId, { sql: done, params: [deed] })),
    ...notice,
    {
      sql: `select ${PERSON_COLUMNS}, ${SESSION_COLUMNS} from auth_sessions s join auth_users u on u.id = s.user_id
        where s.id = ? and s.user_id = ? and ${done}`,
      params: [caller.sessionId, caller.userId, deed],
    },
  ])
  const row = results.at(-1)!.results[0]
  if (row === undefined) return null
  messagesCommitted(workshop)
  return { session: readSession(row), person: readPerson(row), before: results[0]!.results[0]! }
}

/**
 * Makes a session what it was before it was raised, when nobody was given its new tokens: the phone has those of before, and they would count no
 * more. What somebody else made of it meanwhile stays.
 */
export async function withdraw({ db }: Workshop, { userId, sessionId }: Caller, { session, before }: Raised): Promise<void> {
  const [aal, amr, factor, raisedAt] = ['aal', 'amr', 'factor_id', 'raised_at_counter'].map((name) => before[name] ?? null) as SqlValue[]
  await run(db, [
    {
      // The factor of before may be gone.
      sql: `update auth_sessions set amr = ?1, factor_id = ?2, raised_at_counter = cast(?3 as integer), refresh_counter = refresh_counter - 2,
          aal = iif(?4 = 'aal2' and exists (select 1 from auth_factors f where f.id = ?2 and f.status = 'verified'), 'aal2', 'aal1')
        where id = ?5 and user_id = ?6 and refresh_counter = cast(?7 as integer)`,
      params: [amr!, factor!, raisedAt === null ? null : String(raisedAt), aal!, sessionId, userId, String(session.refreshCounter)],
    },
  ])
}

/** What `amr` calls the factor `f`. */
const METHOD_OF = `case f.type ${Object.entries(METHODS)
  .map(([type, method]) => `when '${type}' then '${method}'`)
  .join(' ')} end`

/**
 * Ends what sessions of a person owe to a factor, where `condition` holds. Those that were strong by it are so by another that they proved, if there is one, and
 * weak otherwise: their next tokens are aal1, and what asks for aal2 refuses the present ones.
 */
export function downgradeStatements(userId: string, { id, type }: Pick<Factor, 'id' | 'type'>, condition: Statement): Statement[] {
  const other = `(select f.id from auth_factors f join json_each(auth_sessions.amr) a on a.value ->> '$.method' = ${METHOD_OF}
    where f.user_id = auth_sessions.user_id and f.status = 'verified' limit 1)`
  return [
    {
      // What another factor of the type proved stays.
      sql: `update auth_sessions set amr = coalesce((select json_group_array(json(value)) from json_each(auth_sessions.amr) where value ->> '$.method' <> ?), '[]')
        where user_id = ? and factor_id is not null and (factor_id = ? or not exists (select 1 from auth_factors f where f.id = auth_sessions.factor_id and f.type = ?))
          and (${condition.sql})`,
      params: [METHODS[type], userId, id, type, ...condition.params],
    },
    {
      sql: `update auth_sessions set aal = iif(${other} is null, 'aal1', 'aal2'), factor_id = ${other} where user_id = ? and factor_id = ? and (${condition.sql})`,
      params: [userId, id, ...condition.params],
    },
    { sql: `delete from auth_challenges where factor_id = ? and (${condition.sql})`, params: [id, ...condition.params] },
  ]
}

/** Errors: `over_request_rate_limit` (429) with Retry-After in seconds. */
export function lockedOut(until: number, now: number): AppError {
  return new AppError(authErrors.over_request_rate_limit, {
    message: 'Too many failed verification attempts, try again later',
    headers: { 'retry-after': String(Math.max(1, Math.ceil((until - now) / 1000))) },
  })
}
