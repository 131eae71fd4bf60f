// A code or a link out of a mail becomes a session, once. What waited on it (the password and the metadata of that very sign-up) becomes the person's,
// and nothing that somebody else said before does.
import { AppError } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext, type MailProof, type MailToken, type Statement } from '../platform'
import { auditStatement } from './audit'
import { emailIdentityStatement, WITH_EMAIL } from './email-identity'
import { authErrors } from './errors'
import { NO_CHANGES, OWN_METADATA, OWN_PASSWORD, shutDoors } from './first-proof'
import { issueFlowCode } from './flow'
import { changeEmailStatements } from './mail-change'
import {
  countWrongTry,
  findToken,
  list,
  proofOfCode,
  proofOfLink,
  tokenCounts,
  tokensStatement,
  useToken,
  type Proof,
  type Token,
  type TokenPurpose,
} from './one-time-token'
import { mergedSql } from './metadata-merge'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
import { newSession, openSession, type Session } from './session'
import type { Workshop } from './workshop'

/** What a link or a code is taken for: a mailbox is proved by each of them, a change of address only by its own. */
const PURPOSES: Readonly<Record<MailProof, readonly TokenPurpose[]>> = {
  // Who asked for a code without having an account may come with the one or the other name.
  signup: ['confirmation', 'recovery'],
  invite: ['confirmation'],
  magiclink: ['recovery', 'confirmation'],
  recovery: ['recovery'],
  email: ['confirmation', 'recovery'],
  email_change: ['email_change_current', 'email_change_new'],
}

/**
 * The address is proved. A person of whom nothing was proved before becomes what this token's own sign-up said: another's password waited on
 * another token and goes with it, as do sessions, identities, changes that were asked for and whatever else somebody may have put in (pitfalls P2,
 * P3). What an administrator wrote stays, where nobody else could write. Of who has proved a number already only the address is confirmed.
 */
function confirmStatements(person: Person, token: Token, counts: Statement, now: number): Statement[] {
  const isNull = (at: number | null) => (at === null ? '1' : '0')
  // Nobody may have proved anything since this was decided.
  const still: Statement = {
    sql: `email = ? and (email_confirmed_at is null) = cast(? as integer) and (phone_confirmed_at is null) = cast(? as integer) and ${counts.sql}`,
    params: [token.address, isNull(person.emailConfirmedAt), isNull(person.phoneConfirmedAt), ...counts.params],
  }
  if (person.emailConfirmedAt !== null) {
    return [
      {
        sql: `update auth_users set last_sign_in_at = ? where id = ? and ${still.sql}`,
        params: [String(now), person.id, ...still.params],
      },
    ]
  }
  const unproven = person.phoneConfirmedAt === null
  const claims = { sub: person.id, email: token.address, email_verified: true, phone_verified: !unproven }
  const patch = JSON.stringify(unproven ? { ...token.metadata, ...claims } : claims)
  const confirmed: Statement = {
    sql: `update auth_users set email_confirmed_at = ?, last_sign_in_at = ?, updated_at = ?, is_anonymous = 0, app_metadata = ${WITH_EMAIL},
        user_metadata = ${mergedSql(unproven ? OWN_METADATA : 'user_metadata', '?')}${unproven ? `, ${NO_CHANGES}, password_hash = ${OWN_PASSWORD}` : ''}
      where id = ? and ${still.sql}`,
    params: [String(now), String(now), String(now), patch, patch, ...(unproven ? [token.passwordHash] : []), person.id, ...still.params],
  }
  const proved: Statement = { sql: `u.email_confirmed_at = cast(? as integer) and ${counts.sql}`, params: [String(now), ...counts.params] }
  const mine: Statement = {
    sql: `user_id = ? and exists (select 1 from auth_users u where u.id = user_id and ${proved.sql})`,
    params: [person.id, ...proved.params],
  }
  const shut: Statement[] = [
    { sql: `delete from auth_identities where provider <> 'email' and ${mine.sql}`, params: mine.params },
    ...shutDoors(person.id, token.id, proved),
    {
      sql: `update auth_users as u set phone = null where u.id = ? and u.phone is not null and ${proved.sql}`,
      params: [person.id, ...proved.params],
    },
  ]
  return [
    confirmed,
    ...(unproven ? shut : []),
    emailIdentityStatement(person, unproven ? token : { ...token, metadata: null }, now, proved),
  ]
}

/** Reads what a proof may be of; null after counting a wrong try, at the same cost whether there is anybody. */
async function tokenOf({ db, now }: Workshop, proof: Proof): Promise<{ readonly token: Token; readonly person: Person } | null> {
  const [rows] = await run(db, [tokensStatement(proof, PERSON_COLUMNS)])
  const found = findToken(rows!.results, proof, now)
  if (found !== null) return { token: found.token, person: readPerson(found.row) }
  if (proof.kind === 'code') await run(db, [countWrongTry(proof, now)])
  return null
}

/** What a proof brings about: its statements, and SQL over the person's row `u` that holds once they took effect. */
interface Effect {
  readonly statements: readonly Statement[]
  readonly done: Statement
  /** What can't be used any more afterwards. */
  readonly spent: readonly TokenPurpose[]
}

function signInEffect(person: Person, token: Token, counts: Statement, now: number): Effect {
  return {
    statements: confirmStatements(person, token, counts, now),
    done: { sql: 'u.email = ? and u.email_confirmed_at is not null', params: [token.address] },
    spent: ['confirmation', 'recovery', 'reauthentication'],
  }
}

export type Verified =
  | { readonly kind: 'session'; readonly session: Session; readonly person: Person }
  | { readonly kind: 'half' }
  | { readonly kind: 'code'; readonly code: string; readonly redirectTo: string }

/**
 * One read and one batch. `exchange`: whether an app that began this with a challenge gets its code, as when the link is opened; else whoever
 * presents it gets the session. Errors: `otp_expired` (403): wrong, used, expired, or nobody's; `user_banned` (403); `email_exists` (422).
 */
export async function verifyMail(
  workshop: Workshop,
  context: AuthenticationContext,
  type: MailProof,
  presented: MailToken,
  exchange: boolean,
): Promise<Verified> {
  const { db, keys, now } = workshop
  const purposes = PURPOSES[type]
  const proof =
    'hash' in presented
      ? await proofOfLink(presented.hash, purposes)
      : await proofOfCode(keys, presented.email, presented.code, purposes, presented.known)
  const known = await tokenOf(workshop, proof)
  if (known === null) throw new AppError(authErrors.otp_expired)
  const { token, person } = known
  if (isBanned(person, now)) throw new AppError(authErrors.user_banned)

  const counts = tokenCounts(token, proof, now)
  const change = type === 'email_change' ? await changeEmailStatements(workshop, context, person, token, counts) : null
  if (type === 'email_change' && change === null) throw new AppError(authErrors.otp_expired)
  const { statements, done, spent } = change ?? signInEffect(person, token, counts, now)
  const allowed: Statement = {
    sql: `${done.sql} and (u.banned_until is null or u.banned_until <= cast(? as integer)) and ${counts.sql}`,
    params: [...done.params, String(now), ...counts.params],
  }
  const session = newSession(workshop, 'otp')
  const flow =
    exchange && token.flowId !== null
      ? await issueFlowCode(token.flowId, person.id, now, {
          sql: `exists (select 1 from auth_users u where u.id = ? and ${allowed.sql})`,
          params: [person.id, ...allowed.params],
        })
      : null
  const opened: Statement =
    flow === null
      ? { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] }
      : {
          sql: 'exists (select 1 from auth_flows where id = ? and issued_at = cast(? as integer) and user_id = ?)',
          params: [token.flowId, String(now), person.id],
        }
  const action = type === 'email_change' ? 'user_modified' : person.emailConfirmedAt === null ? 'user_signedup' : 'login'
  const results = await run(db, [
    ...statements,
    ...(flow === null ? openSession(workshop, context, session, person, allowed) : [flow.statement]),
    auditStatement(
      { ...context, now },
      { action, userId: person.id, details: { provider: 'email', ...(flow === null ? { session: session.id } : {}) } },
      opened,
    ),
    {
      sql: `delete from auth_one_time_tokens where user_id = ? and id <> ? and purpose in (${list(spent)}) and ${opened.sql}`,
      params: [person.id, token.id, ...spent, ...opened.params],
    },
    useToken(token, proof, now),
    {
      sql: `select ${PERSON_COLUMNS}, ${opened.sql} as opened, u.email_change_confirmed, f.redirect_to
        from auth_users u left join auth_flows f on f.id = ? where u.id = ?`,
      params: [...opened.params, token.flowId, person.id],
    },
  ])
  messagesCommitted(workshop)
  const row = results.at(-1)!.results[0]
  if (results.at(-2)!.results.length === 0 || row === undefined) throw new AppError(authErrors.otp_expired)
  if (Number(row['opened']) === 1) {
    return flow === null
      ? { kind: 'session', session, person: readPerson(row) }
      : { kind: 'code', code: flow.code, redirectTo: String(row['redirect_to'] ?? context.redirectTo) }
  }
  if (change !== null && row['email_change_confirmed'] === change.side) return { kind: 'half' }
  throw new AppError(change === null ? authErrors.otp_expired : authErrors.email_exists)
}
