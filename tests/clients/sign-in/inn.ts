// An inn that vouches for its guests: an OpenID provider on a port of its own, which sends whoever comes straight back with a code.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { JWTPayload } from 'jose'
import { INN_PORT } from '../../apps/lodge'
import { tokenSigner } from '../../support/fake-provider'

export interface Inn {
  /** Who comes next. */
  guest: { readonly sub: string; readonly email: string; readonly email_verified: boolean }
  idToken(claims: JWTPayload): Promise<string>
  close(): Promise<void>
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

export async function openInn(): Promise<Inn> {
  const issuer = `http://127.0.0.1:${INN_PORT}`
  const signer = await tokenSigner(issuer, 'ES256')
  const codes = new Map<string, { readonly challenge: string | null; readonly claims: JWTPayload }>()
  const inn = {
    guest: { sub: 'nobody', email: 'nobody@inn.example', email_verified: true },
    idToken: (claims: JWTPayload) => signer.idToken({ aud: 'lodge', ...claims }),
  }
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', issuer)
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (url.pathname === '/.well-known/openid-configuration')
      return json(200, {
        issuer,
        jwks_uri: `${issuer}/keys`,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        code_challenge_methods_supported: ['S256'],
      })
    if (url.pathname === '/keys') return json(200, signer.keys())
    if (url.pathname === '/authorize') {
      const code = crypto.randomUUID()
      const nonce = url.searchParams.get('nonce')
      codes.set(code, { challenge: url.searchParams.get('code_challenge'), claims: { ...inn.guest, ...(nonce === null ? {} : { nonce }) } })
      const back = new URL(url.searchParams.get('redirect_uri')!)
      back.searchParams.set('code', code)
      back.searchParams.set('state', url.searchParams.get('state')!)
      return response.writeHead(302, { location: back.href }).end()
    }
    if (url.pathname === '/token' && request.method === 'POST') {
      const form = new URLSearchParams(await textOf(request))
      const known = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(form.get('code_verifier') ?? ''))
      if (!known || (known.challenge !== null && Buffer.from(digest).toString('base64url') !== known.challenge))
        return json(400, { error: 'invalid_grant' })
      return json(200, { access_token: 'inn-access', token_type: 'Bearer', expires_in: 60, id_token: await inn.idToken(known.claims) })
    }
    return json(404, {})
  }
  await new Promise<void>((resolve) => server.listen(INN_PORT, '127.0.0.1', resolve))
  return Object.assign(inn, { close: () => new Promise<void>((resolve) => server.close(() => resolve())) })
}
