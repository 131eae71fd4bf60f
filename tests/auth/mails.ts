// People with mailboxes, and what they ask of sign-in.
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { app, type AuthRules } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql, type Answer } from '../support/backend'
import { messagesTo, messageTo } from '../support/messages'

// A password costs 140 ms of CPU each time, several times that on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

export const bindings = env as unknown as Env
export const mailApp = (auth: AuthRules = {}) =>
  app({
    name: 'Mail',
    tables: [],
    auth: { confirmEmail: true, siteUrl: 'https://site.example', redirectUrls: ['mail://**'], ...auth },
  })
export const backend = serve(mailApp())
export const PASSWORD = 'correct horse battery'
export const OTHER = 'another horse battery'

export const newEmail = (name = 'p') => `${name}-${crypto.randomUUID()}@example.com`

interface User {
  readonly id: string
  readonly email: string
  readonly new_email?: string
  readonly is_anonymous: boolean
  readonly email_confirmed_at?: string
  readonly app_metadata: Record<string, unknown>
  readonly user_metadata: Record<string, unknown>
  readonly identities: { readonly provider: string; readonly identity_data: Record<string, unknown> }[]
}
export type Body = { access_token: string; user: User; error_code: string; msg: string; code: unknown } & User

export const bodyOf = ({ json }: Answer) => json as unknown as Body
export const seen = (answer: Answer) => [answer.status, bodyOf(answer)?.error_code]
export const post = (path: string, body: unknown, ask = backend.stranger) => ask(`/auth/v1/${path}`, { body })
export const mailTo = (email: string) => messageTo(email, mailApp())
export const mailsTo = (email: string) => messagesTo(email, mailApp())
export const codeOf = async (email: string) => String((await mailTo(email)).variables['code'])
export const verify = (email: string, token: string, type = 'email') => post('verify', { type, email, token })
export const signIn = (email: string, password = PASSWORD) => post('token?grant_type=password', { email, password })
export const wrong = (code: string) => (code === '000000' ? '111111' : '000000')
export const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
export const put = (token: string, body: unknown, ask = backend.stranger) => ask('/auth/v1/user', { method: 'PUT', body, ...as(token) })
export const FIFTY = Array.from({ length: 50 })

/** Opens the link of the newest mail to an address, as a browser does; where it goes. */
export async function open(email: string, asked: { method?: string; headers?: Record<string, string> } = {}) {
  const link = new URL(String((await mailTo(email)).variables['link']))
  const answer = await backend.nobody(`${link.pathname}${link.search}`, asked)
  const location = answer.headers.get('location')
  const to = location === null ? null : new URL(location)
  return { answer, to, query: to?.searchParams ?? null, fragment: new URLSearchParams(to?.hash.slice(1)) }
}

/** A person whose address is proved, signed in by a code: no password is hashed. */
export async function member(email = newEmail()): Promise<{ email: string; token: string; id: string }> {
  await post('otp', { email })
  const { access_token: token, user } = bodyOf(await verify(email, await codeOf(email)))
  return { email, token, id: user.id }
}

export async function nobody(): Promise<{ token: string; id: string }> {
  const { access_token: token, user } = bodyOf(await post('signup', {}))
  return { token, id: user.id }
}

export const tokensOf = (id: string) => sql('SELECT purpose, attempts FROM auth_one_time_tokens WHERE user_id = ? ORDER BY purpose', id)
export const idOf = async (email: string) => String((await sql('SELECT id FROM auth_users WHERE email = ?', email))[0]?.['id'])
export const sessionsOf = async (id: string) => (await sql('SELECT id FROM auth_sessions WHERE user_id = ?', id)).length
