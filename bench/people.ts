// People for measuring, signed up over HTTP, so that their tokens are real ones.

export interface Reader {
  readonly id: string
  readonly session: string
  readonly headers: Readonly<Record<string, string>>
}

interface SignedUp {
  readonly access_token?: string
  readonly user?: { readonly id: string }
}

/** Signs somebody up: anonymously, because an address has to be proved in production; with one where a peer knows no anonymous people. `call` is fetch, or a Worker's own. Throws when both are refused. */
export async function reader(call: (path: string, init: RequestInit) => Promise<Response>, apikey: string, name: string): Promise<Reader> {
  const refusals: string[] = []
  for (const who of [{}, { email: `${name}@bench.example`, password: 'a long walk home' }]) {
    const headers = { apikey, 'content-type': 'application/json' }
    const response = await call('/auth/v1/signup', { method: 'POST', headers, body: JSON.stringify(who) })
    const text = await response.text()
    const { access_token: token, user } = response.ok ? (JSON.parse(text) as SignedUp) : {}
    if (token !== undefined && user !== undefined) {
      const claims = JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { session_id: string }
      return { id: user.id, session: claims.session_id, headers: { apikey, authorization: `Bearer ${token}` } }
    }
    refusals.push(`${response.status} ${text.slice(0, 300)}`)
  }
  throw new Error(`Sign-up of ${name}: ${refusals.join('; ')}`)
}
