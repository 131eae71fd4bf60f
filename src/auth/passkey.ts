// A person's passkeys: rows of `auth_passkeys`, how many there may be, and who may touch them.
import { AppError, uuidv7 } from '../core'
import type { Caller, PasskeyAnswer, SqlValue, Statement } from '../platform'
import { authenticatorName } from './authenticator-names'
import { authErrors } from './errors'
import type { Person } from './person'
import { strong, UNEXPIRED } from './session'
import type { Descriptor, NewCredential } from './webauthn'

/** As many as GoTrue allows. */
export const MAX_PASSKEYS = 10
/** Characters. */
export const MAX_PASSKEY_NAME = 120

const MAX_SHOWN_NAME = 64

/** How the authenticator lists the person. */
export function namesOf(person: Person): { name: string; displayName: string } {
  const name = (person.email ?? person.phone ?? person.id).slice(0, MAX_SHOWN_NAME)
  const given = person.userMetadata['name']
  return { name, displayName: typeof given === 'string' && given !== '' ? given.slice(0, MAX_SHOWN_NAME) : name }
}

type Row = Readonly<Record<string, unknown>>

/** Columns of `auth_passkeys p` that `showPasskey` reads. */
export const PASSKEY_COLUMNS = 'p.id, p.friendly_name, p.created_at, p.last_used_at'

const time = (ms: unknown) => new Date(Number(ms)).toISOString()

/** A passkey as its owner sees it: neither the credential nor its key. */
export function showPasskey(row: Row): PasskeyAnswer {
  return {
    id: String(row['id']),
    ...(typeof row['friendly_name'] === 'string' ? { friendly_name: row['friendly_name'] } : {}),
    created_at: time(row['created_at']),
    ...(row['last_used_at'] === null ? {} : { last_used_at: time(row['last_used_at']) }),
  }
}

/** A person's passkeys, the oldest first. */
export function passkeysStatement(userId: string): Statement {
  return { sql: `select ${PASSKEY_COLUMNS} from auth_passkeys p where p.user_id = ? order by p.created_at, p.id`, params: [userId] }
}

/** SQL that holds where the caller's session lives, was proven with the second factor if they have one, and they aren't banned. */
export function mayManage(caller: Caller, now: number): Statement {
  const { userId, sessionId } = caller
  return {
    sql: `exists (select 1 from auth_sessions s join auth_users su on su.id = s.user_id where s.id = ? and s.user_id = ? and ${UNEXPIRED}
      and (su.banned_until is null or su.banned_until <= cast(? as integer))
      and (${strong(caller)} or not exists (select 1 from auth_factors f where f.user_id = s.user_id and f.status = 'verified')))`,
    params: [sessionId, userId, String(now)],
  }
}

/** What decides whether somebody may make or remove a passkey: one row. */
export function managementStatement(caller: Caller, now: number): Statement {
  const may = mayManage(caller, now)
  return {
    sql: `select ${may.sql} as may_manage, coalesce((select json_group_array(json_object('credentialId', p.credential_id, 'transports', json(p.transports)))
      from auth_passkeys p where p.user_id = ?), '[]') as credentials`,
    params: [...may.params, caller.userId],
  }
}

export interface Management {
  readonly credentials: readonly Descriptor[]
}

/** Errors: `no_authorization` (403) for anonymous people, `insufficient_aal` (403). */
export function readManagement(person: Person, row: Row | undefined): Management {
  if (person.isAnonymous) {
    throw new AppError({ ...authErrors.no_authorization, status: 403 }, { message: 'Anonymous user not allowed to perform these actions' })
  }
  if (Number(row?.['may_manage']) !== 1) {
    throw new AppError(authErrors.insufficient_aal, { message: 'AAL2 session is required to manage passkeys when MFA is enabled' })
  }
  return { credentials: JSON.parse(String(row?.['credentials'])) as Descriptor[] }
}

/** Inserts a passkey unless it is one too many, is known already, or its owner may not any more; answers its row. */
export function insertPasskey(id: string, caller: Caller, credential: NewCredential, now: number): Statement {
  const may = mayManage(caller, now)
  const values: SqlValue[] = [
    id,
    credential.credentialId,
    credential.publicKey,
    String(credential.counter),
    JSON.stringify(credential.transports),
    credential.aaguid,
    credential.deviceType,
    credential.backedUp ? '1' : '0',
    authenticatorName(credential.aaguid),
    String(now),
  ]
  return {
    sql: `insert into auth_passkeys as p (user_id, id, credential_id, public_key, counter, transports, aaguid, device_type, backed_up, friendly_name, created_at)
      select u.id, ${values.map(() => '?').join(', ')} from auth_users u
      where u.id = ? and ${may.sql} and (select count(*) from auth_passkeys o where o.user_id = u.id) < ${MAX_PASSKEYS}
      on conflict (credential_id) do nothing returning id, friendly_name, created_at, last_used_at`,
    params: [...values, caller.userId, ...may.params],
  }
}

/** As mails name it that say that one came or went, by its authenticator's model. */
export function calledInMail(aaguid: string | null): string {
  const name = authenticatorName(aaguid)
  return name === null ? 'Passkey' : `Passkey (${name})`
}

export const newPasskeyId = (now: number): string => uuidv7(now)
