// People in tests that run in workerd: signed up over HTTP, with the headers that their phone sends.
import { env, exports } from 'cloudflare:workers'
import { deriveApiKeys } from '../../src/platform/keys'

export type Call = (path: string, init?: RequestInit) => Promise<Response>

/** A request to the Worker under test. */
export const call: Call = (path, init) =>
  (exports as unknown as { default: { fetch(request: Request): Promise<Response> } }).default.fetch(
    new Request(`http://localhost${path}`, init),
  )

/** The keys of this run's root key. */
export const apiKeys = await deriveApiKeys((env as unknown as { PERIGEE_ROOT_KEY: string }).PERIGEE_ROOT_KEY)

export interface User {
  readonly id: string
  readonly email: string
  readonly refreshToken: string
  /** API key and token. */
  readonly headers: Readonly<Record<string, string>>
}

export const PASSWORD = 'a long walk home'

/** Somebody with the publishable key and no token. */
export const stranger: Readonly<Record<string, string>> = { apikey: apiKeys.publishableKey }
/** The holder of the secret key. */
export const service: Readonly<Record<string, string>> = { apikey: apiKeys.secretKey }

/** Signs a new person up. Throws when that is refused. */
export async function signUp(name: string): Promise<User> {
  const email = `${name}-${crypto.randomUUID().slice(0, 8)}@example.com`
  const response = await call('/auth/v1/signup', {
    method: 'POST',
    headers: { ...stranger, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  })
  const body = (await response.json()) as { access_token?: string; refresh_token?: string; user?: { id: string } }
  if (!body.access_token || !body.refresh_token || !body.user) throw new Error(`Sign-up: ${response.status} ${JSON.stringify(body)}`)
  return {
    id: body.user.id,
    email,
    refreshToken: body.refresh_token,
    headers: { ...stranger, authorization: `Bearer ${body.access_token}` },
  }
}
