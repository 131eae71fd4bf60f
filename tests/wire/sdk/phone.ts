// A phone that speaks as one of the SDKs does: its headers on every request, and its decoders on every answer.
import { deriveApiKeys, type Env } from '../../../src/platform'
import { env } from 'cloudflare:workers'
import type { serve } from '../../support/backend'
import { decode, type Shape } from '../decode'
import type { Asked, Sdk } from './index'

export const apiKeys = await deriveApiKeys((env as unknown as Env).PERIGEE_ROOT_KEY ?? '')

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as that shape; throws where the SDK's decoder would. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what came
  as<T = Record<string, unknown>>(shape: Shape): T
}

export interface Session {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: { readonly id: string }
}

export interface Phone {
  readonly sdk: Sdk
  /** `token` of whoever is signed in. */
  ask(asked: Asked, token?: string): Promise<Answer>
  /** As the app's own server asks, with the secret key. */
  asService(asked: Asked): Promise<Answer>
  /** Asks, and decodes the session. Throws with the answer when it is none. */
  session(asked: Asked, token?: string): Promise<Session>
  /** Asks, and decodes the error: its status and its name. */
  failure(asked: Asked, token?: string): Promise<[status: number, code: unknown]>
}

export function phoneOf(sdk: Sdk, { fetchBackend }: Pick<ReturnType<typeof serve>, 'fetchBackend'>): Phone {
  const send = async ({ method, path, body }: Asked, apiKey: string, bearer: string | null): Promise<Answer> => {
    const response = await fetchBackend(`http://localhost/auth/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        apikey: apiKey,
        ...sdk.headers,
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, as: (shape) => decode(text, shape) as never }
  }
  const ask: Phone['ask'] = (asked, token) =>
    send(asked, apiKeys.publishableKey, token ?? (sdk.keyAsBearer ? apiKeys.publishableKey : null))
  return {
    sdk,
    ask,
    asService: (asked) => send(asked, apiKeys.secretKey, apiKeys.secretKey),
    async session(asked, token) {
      const answer = await ask(asked, token)
      if (answer.status !== 200) throw new Error(`${asked.method} ${asked.path}: ${answer.status} ${answer.text}`)
      return answer.as<Session>(sdk.session)
    },
    async failure(asked, token) {
      const answer = await ask(asked, token)
      return [answer.status, answer.as(sdk.error)[sdk.code]]
    },
  }
}

let people = 0
export const newAddress = (name: string): string => `${name}-${people++}-${crypto.randomUUID().slice(0, 8)}@lodge.example`
export const newNumber = (): string => `+4915${String(crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000_000).padStart(9, '1')}`

/** A verifier of an app, and its challenge (RFC 7636). */
export async function pkce(): Promise<{ readonly verifier: string; readonly challenge: string }> {
  const verifier = `${crypto.randomUUID()}${crypto.randomUUID()}`
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))
  const challenge = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  return { verifier, challenge }
}
