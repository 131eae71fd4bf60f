// What an address that is proved gives and takes, as statements of the batch that proves it.
import type { Statement } from '../platform'
import type { Token } from './one-time-token'
import type { Person } from './person'
import { emailIdentity } from './sign-up'

/** `app_metadata` with `email` among its providers, whatever it was. */
export const WITH_EMAIL = `json_set(app_metadata,
  '$.provider', coalesce(app_metadata ->> '$.provider', 'email'),
  '$.providers', (select json_group_array(value) from (
    select value from json_each(coalesce(app_metadata -> '$.providers', '[]')) where value <> 'email' union all select 'email')))`

/** Says of the address that it is the person's: the identity, made or brought up to date. */
export function emailIdentityStatement(
  person: Person,
  { address, metadata }: Pick<Token, 'address' | 'metadata'>,
  now: number,
  condition: Statement,
): Statement {
  const { id, data } = emailIdentity(person.id, address, now, metadata ?? {})
  return {
    sql: `insert into auth_identities (id, user_id, provider, subject, identity_data, email, last_sign_in_at, created_at, updated_at)
      select ?, u.id, 'email', u.id, ?, ?, ?, ?, ? from auth_users u where u.id = ? and (${condition.sql})
      on conflict (provider, subject) do update set identity_data = excluded.identity_data, email = excluded.email,
        last_sign_in_at = excluded.last_sign_in_at, updated_at = excluded.updated_at`,
    params: [id, JSON.stringify(data), address, String(now), String(now), String(now), person.id, ...condition.params],
  }
}

/** Takes an address from whoever said that it was theirs and never proved it, for the person `userId`, if `condition` holds. Their row stays. */
export function freeAddress(userId: string, email: string, condition: Statement): Statement[] {
  const squatters = `select o.id from auth_users o where o.email = ? and o.id <> ? and o.email_confirmed_at is null and ${condition.sql}`
  const params = [email, userId, ...condition.params]
  return [
    { sql: `delete from auth_one_time_tokens where purpose in ('confirmation', 'recovery') and user_id in (${squatters})`, params },
    { sql: `delete from auth_identities where provider = 'email' and user_id in (${squatters})`, params },
    { sql: `update auth_users set email = null where id in (${squatters})`, params },
  ]
}
