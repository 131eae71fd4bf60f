// Whether somebody signed in to an account from an address before: asked only when strangers have used up the tries of that account.
import { addressOf } from '../core'
import { run } from '../platform'
import type { Workshop } from './workshop'

/** The last sign-ins that are looked at. */
const LOOKED_AT = 100

/** One read, whether the account exists or not. `account` is an e-mail address or a phone number as it is kept. */
export async function knowsAddress({ db }: Workshop, account: string, address: string): Promise<boolean> {
  const person = account.includes('@') ? 'select id from auth_users where email = ?1' : 'select id from auth_users where phone = ?1'
  const [found] = await run(db, [
    {
      sql: `select ip from auth_sessions where user_id = (${person}) and ip is not null
        union select * from (select ip from auth_audit where user_id = (${person}) and action in ('login', 'user_signedup') and ip is not null
          order by at desc limit ${LOOKED_AT})`,
      params: [account],
    },
  ])
  const wanted = addressOf(address)
  return found!.results.some(({ ip }) => addressOf(String(ip)) === wanted)
}
