// The record of who did what to whom in sign-in: written in the batch of the deed, so that neither is ever there without the other.
import { uuidv7 } from '../core'
import type { Statement } from '../platform'

/** How long an entry is kept. */
export const AUTH_AUDIT_MS = 90 * 24 * 3_600_000

/** Each action with its kind, GoTrue's `log_type`. Names are GoTrue's (`internal/models/audit_log_entry.go`) where it has one; the others are ours. */
export const AUDIT_ACTIONS = {
  login: 'account',
  logout: 'account',
  invite_accepted: 'account',
  user_signedup: 'team',
  user_invited: 'team',
  user_deleted: 'team',
  token_revoked: 'token',
  user_modified: 'user',
  user_recovery_requested: 'user',
  user_reauthenticate_requested: 'user',
  user_confirmation_requested: 'user',
  user_repeated_signup: 'user',
  user_updated_password: 'user',
  factor_in_progress: 'factor',
  factor_unenrolled: 'factor',
  challenge_created: 'factor',
  verification_attempted: 'factor',
  factor_deleted: 'factor',
  factor_updated: 'factor',
  mfa_code_login: 'factor',
  recovery_codes_generated: 'factor',
  recovery_codes_verified: 'factor',
  recovery_codes_regenerated: 'factor',
  recovery_codes_deleted: 'factor',
  identity_linked: 'user',
  identity_unlinked: 'user',
  passkey_created: 'user',
  passkey_updated: 'user',
  passkey_deleted: 'user',
  session_ended: 'account',
  user_banned: 'user',
  user_unbanned: 'user',
  user_exported: 'user',
  link_generated: 'team',
  role_granted: 'team',
  role_removed: 'team',
  users_imported: 'team',
  signing_key_rotated: 'team',
} as const

export type AuditAction = keyof typeof AUDIT_ACTIONS

/** When and from where; `address` and `requestId` are `AuthenticationContext`'s. */
export interface AuditMoment {
  /** UTC ms. */
  readonly now: number
  readonly address: string | null
  readonly requestId: string
}

export interface AuditEntry {
  /** UUIDv7, for what else in the batch hangs on the entry. */
  readonly id?: string
  readonly action: AuditAction
  /** To whom; as SQL of one value when only the batch itself can tell. */
  readonly userId: string | Statement | null
  /** `person`, the default: `actorId`, or else `userId`. `service`: the holder of the secret key. `system`: the engine by itself. */
  readonly actor?: 'person' | 'service' | 'system'
  readonly actorId?: string | Statement | null
  /** Never a secret, an e-mail address or a phone number: entries outlive the person. */
  readonly details?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>
}

/** For `condition`: the statement just before this one in the batch changed something. */
export const CHANGED: Statement = { sql: 'changes() > 0', params: [] }

function valueOf(value: string | Statement | null): Statement {
  return value === null || typeof value === 'string' ? { sql: '?', params: [value] } : { sql: `(${value.sql})`, params: value.params }
}

/** Appends an entry if `condition`, SQL with unnumbered parameters, holds where the statement stands in its batch. */
export function auditStatement(
  { now, address, requestId }: AuditMoment,
  { id, action, userId, actor = 'person', actorId, details = {} }: AuditEntry,
  condition: Statement = { sql: '1', params: [] },
): Statement {
  const whom = valueOf(userId)
  const who = valueOf(actorId ?? (actor === 'person' ? userId : null))
  return {
    sql: `insert into auth_audit (id, at, action, user_id, actor, actor_id, ip, details)
      select ?, ?, ?, ${whom.sql}, ?, ${who.sql}, ?, ? where (${condition.sql})`,
    params: [
      id ?? uuidv7(now),
      String(now),
      action,
      ...whom.params,
      actor,
      ...who.params,
      address,
      JSON.stringify({ ...details, request: requestId }),
      ...condition.params,
    ],
  }
}
