// People with phones, and what they ask of sign-in.
import { env } from 'cloudflare:workers'
import demo from '../../app'
import type { AuthRules } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, type Answer } from '../support/backend'
import { messageTo } from '../support/messages'

export const bindings = env as unknown as Env
export const app = (auth: AuthRules = {}) => ({ ...demo, auth: { phone: true, ...auth } })
export const backend = serve(app())
export const PASSWORD = 'correct horse battery'

let last = 41_790_000_000
export const newPhone = () => String(last++)

interface User {
  readonly id: string
  readonly phone: string
  readonly new_phone?: string
  readonly is_anonymous: boolean
  readonly phone_confirmed_at?: string
  readonly app_metadata: Record<string, unknown>
  readonly user_metadata: Record<string, unknown>
  readonly identities: { readonly provider: string; readonly identity_data: Record<string, unknown> }[]
}
type Body = { access_token: string; user: User; error_code: string; msg: string; message_id: string } & User

export const bodyOf = ({ json }: Answer) => json as unknown as Body
export const post = (path: string, body: unknown, ask = backend.stranger) => ask(`/auth/v1/${path}`, { body })
export const codeOf = async (phone: string) => String((await messageTo(phone, app())).variables['code'])
export const verify = (phone: string, token: string, type = 'sms') => post('verify', { type, phone, token })
export const password = (phone: string, text = PASSWORD) => post('token?grant_type=password', { phone, password: text })
export const wrong = (code: string) => (code === '000000' ? '111111' : '000000')

/** A person whose number is proved, signed in. */
export async function member(phone = newPhone()): Promise<{ phone: string; token: string; id: string }> {
  await post('otp', { phone })
  const { access_token: token, user } = bodyOf(await verify(phone, await codeOf(phone)))
  return { phone, token, id: user.id }
}
export const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
export const put = (token: string, body: unknown) => backend.stranger('/auth/v1/user', { method: 'PUT', body, ...as(token) })
