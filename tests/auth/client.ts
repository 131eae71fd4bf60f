// Calls the Worker's /auth/v1 as a phone does. Addresses are new each time, because a file's tests share one database.
import { env, exports } from 'cloudflare:workers'
import { vi } from 'vitest'
import { deriveApiKeys } from '../../src/platform'

// A password costs 140 ms of CPU each time, several times that on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

const bindings = env as unknown as { DB: D1Database; KV: KVNamespace; PERIGEE_ROOT_KEY: string }
export const database = bindings.DB
export const kv = bindings.KV
export const apiKeys = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY)
export const PASSWORD = 'correct horse battery'

const ORIGIN = 'http://localhost:8787'

export interface Call {
  readonly method?: string
  readonly body?: unknown
  /** Sent as it is, instead of `body`. */
  readonly text?: string | Uint8Array<ArrayBuffer>
  readonly token?: string
  readonly apiKey?: string | null
  readonly headers?: Record<string, string>
  readonly origin?: string
}

/** Whatever came; members that some answers have are typed as they then are. */
export interface AnswerBody {
  readonly [member: string]: unknown
  readonly access_token: string
  readonly refresh_token: string
  readonly user: SessionBody['user']
  readonly user_metadata: Record<string, unknown>
  readonly keys: readonly Record<string, unknown>[]
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: AnswerBody
  readonly text: string
  readonly d1Calls: number
}

/** `path` from the root. POST when there is a body, else GET; the publishable key unless another, or null, is given. */
export async function call(
  path: string,
  { method, body, text, token, apiKey = apiKeys.publishableKey, headers = {}, origin = ORIGIN }: Call = {},
): Promise<Answer> {
  const sent = text ?? (body === undefined ? null : JSON.stringify(body))
  const fetcher = (exports as unknown as { default: Fetcher }).default
  const response = await fetcher.fetch(`${origin}${path}`, {
    method: method ?? (sent === null ? 'GET' : 'POST'),
    headers: {
      ...(apiKey === null ? {} : { apikey: apiKey }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === null ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: sent,
  })
  const answer = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text: answer,
    body: JSON.parse(answer === '' ? '{}' : answer) as AnswerBody,
    d1Calls: Number(response.headers.get('x-perigee-d1-calls')),
  }
}

export interface SessionBody {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly expires_at: number
  readonly user: {
    readonly id: string
    readonly email: string
    readonly is_anonymous: boolean
    readonly user_metadata: Record<string, unknown>
    readonly app_metadata: Record<string, unknown>
    readonly identities: readonly Record<string, unknown>[]
  }
}

export const newEmail = () => `p${crypto.randomUUID()}@example.com`

/** A person with an address and `PASSWORD`. */
export async function signUp(email: string = newEmail(), data: Record<string, unknown> = {}): Promise<SessionBody> {
  const answer = await call('/auth/v1/signup', { body: { email, password: PASSWORD, data } })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body as unknown as SessionBody
}

export async function signUpAnonymously(): Promise<SessionBody> {
  const answer = await call('/auth/v1/signup', { body: { data: {} } })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body as unknown as SessionBody
}

export function signIn(email: string, password: string = PASSWORD): Promise<Answer> {
  return call('/auth/v1/token?grant_type=password', { body: { email, password } })
}

export function refresh(refreshToken: string): Promise<Answer> {
  return call('/auth/v1/token?grant_type=refresh_token', { body: { refresh_token: refreshToken } })
}

/** The claims of a token, not verified. */
export function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split('.')[1] ?? ''
  return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
}

/** Asks with the secret key; `path` from /auth/v1/admin on. */
export const admin = (path: string, asked: Call = {}): Promise<Answer> =>
  call(`/auth/v1/admin/${path}`, { apiKey: apiKeys.secretKey, ...asked })

/** Status and code of an error. */
export const told = ({ status, body }: Answer) => [status, body['error_code']]

export async function rows(sql: string, ...params: readonly string[]): Promise<Record<string, unknown>[]> {
  const statement = database.prepare(sql).bind(...params)
  return (await statement.all<Record<string, unknown>>()).results
}
