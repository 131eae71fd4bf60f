// Somebody prepares, for an address that isn't theirs, whatever sign-in lets them; its owner comes; they go on. Histories of which each is made of a seed: in
// none does anything that they hold, asked for or were sent lead into the owner's account.
import { expect, test, vi } from 'vitest'
import { sql } from '../support/backend'
import { messagesTo } from '../support/messages'
import { randomOf } from '../support/random'
import { both, newEmail, newSubject, token, type Claims } from './providers'

vi.setConfig({ testTimeout: 120_000 })

const HISTORIES = 16

interface Body {
  readonly access_token?: string
  readonly refresh_token: string
  readonly id?: string
  readonly user: { readonly id: string }
  readonly identities?: readonly { readonly identity_id: string }[]
}

async function ask(path: string, body: unknown, bearer?: string, method = 'POST'): Promise<Body> {
  const headers = bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } }
  return (await both.stranger(`/auth/v1/${path}`, { method, ...(body === undefined ? {} : { body }), ...headers })).json
}
const idToken = async (provider: string, claims: Claims, bearer?: string) =>
  ask(
    'token?grant_type=id_token',
    { provider, id_token: await token(provider, claims), ...(bearer === undefined ? {} : { link_identity: true }) },
    bearer,
  )

let phones = 41_760_000_000

/** Who wants the account of `victim`, and all that they hold. */
function thief(victim: string, random: () => number) {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const sessions: { readonly bearer: string; readonly refresh: string }[] = []
  const [mailboxes, numbers, accounts]: [string[], string[], [string, Claims][]] = [[newEmail()], [], []]
  const keep = ({ access_token: bearer, refresh_token: refresh }: Body) => {
    if (bearer !== undefined) sessions.push({ bearer, refresh })
  }
  const session = () => (random() < 0.8 ? sessions[0] : pick(sessions))?.bearer ?? 'none'
  const enter = async (address: { email: string } | { phone: string }, ...kinds: readonly string[]) => {
    for (const { kind, variables } of await messagesTo('email' in address ? address.email : address.phone)) {
      const change = kind.includes('change')
      const type = 'email' in address ? (change ? 'email_change' : 'email') : change ? 'phone_change' : 'sms'
      if (kinds.length === 0 || kinds.includes(kind)) keep(await ask('verify', { type, ...address, token: variables['code'] }))
    }
  }
  const bring = async (provider: string, claims: Claims, bearer?: string) => {
    accounts.push([provider, claims])
    const answer = await idToken(provider, claims, bearer)
    if (bearer === undefined) keep(answer)
  }
  const added = <T>(list: T[], item: T): T => (list.push(item), item)
  const steps = {
    anonymous: async () => keep(await ask('signup', {})),
    claim: () => ask('otp', { email: victim, data: { note: 'planted' } }),
    mailbox: async () => {
      const email = pick(mailboxes)
      await ask('otp', { email })
      await enter({ email }, 'magic_link')
    },
    number: async () => {
      const phone = added(numbers, String(phones++))
      await ask('otp', { phone })
      await enter({ phone }, 'phone_confirmation')
    },
    wantVictim: () => ask('user', { email: victim }, session(), 'PUT'),
    wantMailbox: () => ask('user', { email: added(mailboxes, newEmail()) }, session(), 'PUT'),
    wantNumber: () => ask('user', { phone: added(numbers, String(phones++)) }, session(), 'PUT'),
    finish: async () => {
      for (const phone of numbers.slice(-3)) await enter({ phone })
      for (const email of mailboxes.slice(-3)) await enter({ email })
    },
    linkUnvouched: () => bring('azure', { sub: newSubject(), email: victim }, session()),
    linkOwn: () => bring('google', { sub: newSubject(), email: newEmail(), email_verified: true }, session()),
    unvouched: () => bring('azure', { sub: newSubject(), email: victim }),
    unlink: async () => {
      const bearer = session()
      const { identities = [] } = await ask('user', undefined, bearer, 'GET')
      if (identities.length > 0) await ask(`user/identities/${pick(identities).identity_id}`, undefined, bearer, 'DELETE')
    },
    resend: () => ask('resend', { type: 'email_change', email: pick([victim, ...mailboxes]) }),
  } as const
  const likely = [...Object.keys(steps), 'unlink', 'unlink', 'wantNumber', 'wantNumber', 'wantMailbox'] as (keyof typeof steps)[]
  const done: string[] = []
  return {
    done,
    async step(name: keyof typeof steps = pick(likely)) {
      done.push(name)
      await steps[name]()
    },
    /** Whom everything that they hold leads to. */
    async reach(): Promise<Set<string | undefined>> {
      await steps.finish()
      for (const [provider, claims] of accounts) keep(await idToken(provider, claims))
      const reached = new Set<string | undefined>()
      for (const { bearer, refresh } of sessions) {
        reached.add((await ask('user', undefined, bearer, 'GET')).id)
        reached.add((await ask('token?grant_type=refresh_token', { refresh_token: refresh })).user?.id)
      }
      return reached
    },
  }
}

const OWNER = {
  mail: async (email: string): Promise<Body> => {
    await ask('otp', { email })
    const { variables } = (await messagesTo(email)).find(({ kind }) => kind === 'magic_link')!
    return ask('verify', { type: 'email', email, token: variables['code'] })
  },
  provider: (email: string): Promise<Body> => idToken('google', { sub: email, email, email_verified: true }),
}

test.each(Array.from({ length: HISTORIES }, (_, i) => 20_261_187 + i))(
  'history %i: the owner’s account is the owner’s alone',
  async (seed) => {
    const random = randomOf(seed)
    const victim = newEmail()
    const { step, done, reach } = thief(victim, random)
    const begin = random() < 0.5 ? (['mailbox', 'linkUnvouched'] as const) : (['number', 'linkUnvouched', 'wantMailbox', 'finish'] as const)
    for (const name of begin) await step(name)
    for (let i = 0; i < 5; i++) await step()
    const ways = random() < 0.3 ? [OWNER.mail, OWNER.provider] : [random() < 0.7 ? OWNER.mail : OWNER.provider]
    done.push(`owner in ${ways.length} ways`)
    const came = await Promise.all([...ways.map((come) => come(victim)), ...(ways.length > 1 ? [step(), step('finish')] : [])])
    const ids = new Set(came.flatMap((body) => (body?.access_token === undefined ? [] : [body.user.id])))
    const [id] = ids
    expect([ids.size, id, done]).toEqual([1, expect.any(String), done])
    for (let i = 0; i < 4; i++) await step()
    expect([(await reach()).has(id), done]).toEqual([false, done])
    const [row] = await sql('select id, email_confirmed_at is not null as confirmed, user_metadata from auth_users where email = ?', victim)
    expect(row).toMatchObject({ id, confirmed: 1, user_metadata: expect.not.stringContaining('planted') as unknown })
  },
)
