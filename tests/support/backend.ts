// An app behind a real backend, and people who ask it things over HTTP.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { openAuthentication } from '../../src/auth'
import { createBackend } from '../../src/backend'
import type { AppDefinition } from '../../src/define'
import { engineSchema, expectedSchema, planMigration } from '../../src/migrations'
import { deriveApiKeys, type AuthenticationService, type Env } from '../../src/platform'

const bindings = env as unknown as Env
const keys = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY ?? '')

export const PUBLISHABLE_KEY = keys.publishableKey

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; null when there is none. */
  readonly json: never
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes go as they are, anything else as JSON. */
  readonly body?: unknown
}

export type Ask = (address: string, asked?: Asked) => Promise<Answer>

export interface Person {
  readonly id: string
  readonly token: string
  readonly refreshToken: string
  readonly ask: Ask
}

/** Runs one statement as the owner of the database. */
export async function sql(statement: string, ...params: readonly (string | number | null)[]): Promise<Record<string, unknown>[]> {
  return (
    await bindings.DB.prepare(statement)
      .bind(...params)
      .all<Record<string, unknown>>()
  ).results
}

/** A service as RPC leaves it: whatever isn't plain data is lost on the way, and refused here. */
function acrossBorder(service: AuthenticationService): AuthenticationService {
  const methods = Object.entries(service as unknown as Record<string, (...input: unknown[]) => Promise<unknown>>)
  const cloned = methods.map(([name, method]) => [
    name,
    async (...input: unknown[]) => structuredClone(await method(...structuredClone(input))),
  ])
  return Object.fromEntries(cloned) as AuthenticationService
}

/** Everything that a test of one app needs. `bound` is what the Worker is given, the real bindings when absent. */
export function serve(app: AppDefinition, bound: Env = bindings) {
  const backend = createBackend(app)

  /** Asks as whoever the headers say. */
  async function send(address: string, { method, headers = {}, body }: Asked, identity: Readonly<Record<string, string>>): Promise<Answer> {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    const request = new Request(`http://localhost${address}`, {
      method: method ?? (raw === undefined ? 'GET' : 'POST'),
      headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...identity, ...headers },
      ...(raw === undefined ? {} : { body: raw as string }),
    })
    const answer = await fetchBackend(request)
    const text = await answer.text()
    const json = /^[^;]*json/.test(answer.headers.get('content-type') ?? '') && text !== '' ? (JSON.parse(text) as never) : (null as never)
    return { status: answer.status, headers: answer.headers, text, json }
  }

  const asking =
    (identity: Readonly<Record<string, string>>): Ask =>
    (address, asked = {}) =>
      send(address, asked, identity)

  /** For client packages that bring their own headers. */
  const fetchBackend = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const context = createExecutionContext()
    // What the Worker exports is the sign-in of its own app.
    const authentication = acrossBorder(openAuthentication(app, bound, (work) => context.waitUntil(work)))
    const answer = await backend.fetch(new Request(input, init), { ...bound, AUTHENTICATION: authentication }, context)
    await waitOnExecutionContext(context)
    return answer
  }

  const signedIn = (session: { access_token: string; refresh_token: string; user: { id: string } }): Person => ({
    id: session.user.id,
    token: session.access_token,
    refreshToken: session.refresh_token,
    ask: asking({ apikey: keys.publishableKey, authorization: `Bearer ${session.access_token}` }),
  })

  /** With the publishable key. */
  const stranger = asking({ apikey: keys.publishableKey })

  return {
    /** With nothing at all. */
    nobody: asking({}),
    stranger,
    /** With the secret key. */
    service: asking({ apikey: keys.secretKey }),
    fetchBackend,
    /** A new person, signed in. */
    async person(): Promise<Person> {
      const { status, json, text } = await stranger('/auth/v1/signup', { body: {} })
      if (status !== 200) throw new Error(`sign-up answered ${status}: ${text}`)
      return signedIn(json)
    },
    /** The person with a new token. */
    async refreshed({ refreshToken }: Person): Promise<Person> {
      const { status, json, text } = await stranger('/auth/v1/token?grant_type=refresh_token', { body: { refresh_token: refreshToken } })
      if (status !== 200) throw new Error(`refresh answered ${status}: ${text}`)
      return signedIn(json)
    },
    /** Makes the app's tables beside the engine's. */
    async mount(): Promise<void> {
      const { statements } = planMigration(engineSchema(), expectedSchema(app))
      await bindings.DB.batch(statements.map((statement) => bindings.DB.prepare(statement)))
    },
  }
}
