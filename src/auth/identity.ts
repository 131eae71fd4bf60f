// Statements about the ways in that a person has, and what follows from them for the person's own row.
import { uuidv7 } from '../core'
import type { Statement } from '../platform'
import type { ExternalAccount } from './external-account'
import type { Identity } from './person'
import { MAX_METADATA_BYTES } from './user-metadata'

export function newIdentity({ provider, subject, email, data }: ExternalAccount, now: number): Identity {
  return { id: uuidv7(now), provider, subject, data, email, lastSignInAt: now, createdAt: now, updatedAt: now }
}

/** A condition: that identity is there. */
export const hasIdentity = (id: string): Statement => ({ sql: 'exists (select 1 from auth_identities where id = ?)', params: [id] })

/**
 * Writes `provider` and `providers` of `app_metadata` anew from the identities: the first one, and all, oldest first.
 * `condition` is SQL over `auth_users`, as below.
 */
export function updateProviders(userId: string, condition: Statement): Statement {
  const ordered = `select provider from auth_identities where user_id = auth_users.id group by provider order by min(created_at), provider`
  return {
    sql: `update auth_users set app_metadata = json_set(app_metadata,
        '$.provider', (select provider from (${ordered} limit 1)),
        '$.providers', json((select json_group_array(provider) from (${ordered}))))
      where id = ? and exists (select 1 from auth_identities where user_id = auth_users.id) and (${condition.sql})`,
    params: [userId, ...condition.params],
  }
}

/** Metadata with `?` merged in, unless that would make it too large. `under`: what is there already stays. Takes two parameters, both the patch. */
export function mergedMetadata(under: boolean): string {
  const merged = under ? 'json_patch(?, user_metadata)' : 'json_patch(user_metadata, ?)'
  return `case when length(cast(${merged} as blob)) > ${MAX_METADATA_BYTES} then user_metadata else ${merged} end`
}

/** Puts `patch` over a person's metadata, or under it, and says that they signed in. */
export function mergeMetadata(
  userId: string,
  patch: Readonly<Record<string, unknown>>,
  { under, now }: { readonly under: boolean; readonly now: number },
  condition: Statement,
): Statement {
  const text = JSON.stringify(patch)
  return {
    sql: `update auth_users set user_metadata = ${mergedMetadata(under)}, last_sign_in_at = ?, updated_at = ? where id = ? and (${condition.sql})`,
    params: [text, text, String(now), String(now), userId, ...condition.params],
  }
}
