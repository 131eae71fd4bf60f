// `oidc-provider`, a certified OpenID provider, on a port of its own: with pages where somebody signs in and agrees, and a browser that fills them in.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface Account {
  readonly email: string
  readonly email_verified: boolean
  readonly name: string
}

export interface Certified {
  readonly issuer: string
  /** By subject. */
  readonly accounts: Map<string, Account>
  /** Takes up service for an app whose sign-in comes back to `callback`. */
  open(callback: string): void
  close(): Promise<void>
}

export const CLIENT_SECRET = 'of the hostel: +/='

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

/** The page of one step, and what it posts. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<form method="post" data-prompt="${prompt.name}"></form>`)
    return
  }
  const form = await formOf(request)
  if (form.has('refuse')) return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'Not today' })
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId: form.get('login') } })
  const grant = new provider.Grant({ accountId: session!.accountId, clientId: params['client_id']! })
  grant.addOIDCScope(params['scope']!)
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

/** Listens at once, so that its address is known; answers when it is opened. */
export async function certified(): Promise<Certified> {
  const accounts = new Map<string, Account>()
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.writeHead(503).end()
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    accounts,
    open(callback) {
      const provider = new Provider(issuer, {
        clients: [{ client_id: 'hostel', client_secret: CLIENT_SECRET, redirect_uris: [callback], response_types: ['code'] }],
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
        findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...accounts.get(sub) }) }),
        pkce: { required: () => true },
        ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
        cookies: { keys: ['of tests only'] },
        features: { devInteractions: { enabled: false } },
        interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
      })
      const answer = provider.callback()
      handle = (request, response) => {
        if (!request.url?.startsWith('/interaction/')) return answer(request, response)
        interact(provider, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
      }
    },
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

/** A browser with cookies of its own, and somebody who signs in wherever a page asks them to. Ends where the app is opened or the site is. */
export async function browse(from: string, login: string | null): Promise<URL> {
  const cookies = new Map<string, Map<string, string>>()
  let next: { readonly url: URL; readonly body: URLSearchParams | null } = { url: new URL(from), body: null }
  for (let steps = 0; steps < 20; steps++) {
    const { url, body } = next
    if (url.hostname !== '127.0.0.1') return url
    const jar = cookies.get(url.host) ?? new Map<string, string>()
    cookies.set(url.host, jar)
    const answer = await fetch(url, {
      method: body === null ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body === null ? {} : { body }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    const location = answer.headers.get('location')
    const page = await answer.text()
    if (location !== null) next = { url: new URL(location, url), body: null }
    else if (page.includes('<form')) next = { url, body: new URLSearchParams(login === null ? { refuse: 'yes' } : { login }) }
    else throw new Error(`${url.pathname} answered ${answer.status}: ${page.slice(0, 200)}`)
  }
  throw new Error('The browser was sent around in circles.')
}
