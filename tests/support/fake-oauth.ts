// The rest of a provider beside its tokens: an authorization endpoint where somebody has consented already, and a token endpoint that checks all it
// is sent. Apple, Google and OpenID providers as they are documented; GitHub with its REST API.
import { decodeProtectedHeader, jwtVerify } from 'jose'
import type { TokenSigner } from './fake-provider'

export interface FakeOAuth {
  /** Somebody at the provider agrees; what their browser brings back. */
  consent(url: string, account: Readonly<Record<string, unknown>>): Promise<URLSearchParams>
  /** Answers what a server asks; null when it isn't this provider's to answer. */
  answer(request: Request): Promise<Response | null>
  /** What the token endpoint was sent, newest last. */
  readonly exchanges: URLSearchParams[]
}

export interface FakeRules {
  readonly kind: 'openid' | 'apple' | 'github'
  readonly authorization: string
  readonly token: string
  readonly clientId: string
  readonly signer: TokenSigner | null
  /** A secret, or how to judge one. */
  readonly secret: string | ((secret: string) => Promise<boolean>)
  readonly callback: string
  /** Claims that stand in the token; others are told by `userinfo` alone. */
  readonly userinfo?: string
  readonly inToken?: readonly string[]
  /** Members over those of the answer of the token endpoint. */
  readonly over?: (answer: Record<string, unknown>) => Record<string, unknown>
}

interface Grant {
  readonly url: URL
  readonly account: Readonly<Record<string, unknown>>
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

async function s256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

export function fakeOAuth(rules: FakeRules): FakeOAuth {
  const grants = new Map<string, Grant>()
  const accounts = new Map<string, Readonly<Record<string, unknown>>>()
  const exchanges: URLSearchParams[] = []

  function clientOf(request: Request, sent: URLSearchParams): readonly [string, string] {
    const basic = /^Basic (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    if (basic === undefined) return [sent.get('client_id') ?? '', sent.get('client_secret') ?? '']
    const [id = '', secret = ''] = atob(basic).split(':').map(decodeURIComponent)
    return [id, secret]
  }

  async function token(request: Request): Promise<Response> {
    const sent = new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()))
    exchanges.push(sent)
    // GitHub says 200 to everything.
    const refuse = (error: string) => json({ error }, rules.kind === 'github' ? 200 : 400)
    const [id, secret] = clientOf(request, sent)
    if (id !== rules.clientId || !(typeof rules.secret === 'string' ? secret === rules.secret : await rules.secret(secret))) {
      return refuse('invalid_client')
    }
    const code = sent.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    if (grant === undefined || sent.get('grant_type') !== 'authorization_code' || sent.get('redirect_uri') !== rules.callback) {
      return refuse('invalid_grant')
    }
    const challenge = grant.url.searchParams.get('code_challenge')
    if (challenge !== null && challenge !== (await s256(sent.get('code_verifier') ?? ''))) return refuse('invalid_grant')
    const accessToken = `at-${crypto.randomUUID()}`
    accounts.set(accessToken, grant.account)
    const { inToken, signer } = rules
    const claims = Object.fromEntries(Object.entries(grant.account).filter(([name]) => inToken === undefined || inToken.includes(name)))
    const nonce = grant.url.searchParams.get('nonce')
    const answer = {
      access_token: accessToken,
      token_type: 'Bearer',
      ...(signer === null
        ? {}
        : {
            refresh_token: `rt-${crypto.randomUUID()}`,
            id_token: await signer.idToken({ aud: rules.clientId, ...(nonce === null ? {} : { nonce }), ...claims }),
          }),
    }
    return json(rules.over?.(answer) ?? answer)
  }

  return {
    exchanges,
    async consent(address, account) {
      const url = new URL(address)
      const asked = url.searchParams
      const code = `code-${crypto.randomUUID()}`
      if (`${url.origin}${url.pathname}` !== rules.authorization) throw new Error(`Nobody is at ${address}.`)
      const wanted = { client_id: rules.clientId, redirect_uri: rules.callback, response_type: 'code' }
      for (const [name, value] of Object.entries(wanted)) if (asked.get(name) !== value) throw new Error(`${name} is ${asked.get(name)}.`)
      if (rules.kind === 'apple' && asked.get('response_mode') !== 'form_post') throw new Error('Apple posts forms.')
      grants.set(code, { url, account })
      return new URLSearchParams({ code, state: asked.get('state') ?? '' })
    },
    async answer(request) {
      const account = accounts.get(request.headers.get('authorization')?.replace('Bearer ', '') ?? '')
      if (request.method === 'POST' && request.url === rules.token) return token(request)
      if (request.url === rules.userinfo) {
        if (account === undefined) return json({ message: 'Bad credentials' }, 401)
        const { emails: _emails, ...user } = account
        return json(user)
      }
      if (rules.kind === 'github' && request.url === `${rules.userinfo}/emails`) return json(account?.['emails'] ?? [], account ? 200 : 401)
      return null
    },
  }
}

/** Whether a client secret is the JWT that Apple asks for, signed with the app's own key. */
export async function isAppleSecret(
  secret: string,
  publicKey: CryptoKey,
  { teamId, keyId, clientId }: { readonly teamId: string; readonly keyId: string; readonly clientId: string },
): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(secret, publicKey, { audience: 'https://appleid.apple.com', issuer: teamId, subject: clientId })
    const halfYear = 15_777_000
    return decodeProtectedHeader(secret).kid === keyId && payload.exp !== undefined && payload.exp - payload.iat! <= halfYear
  } catch {
    return false
  }
}
