// People for measuring, signed up over HTTP, so that their tokens are real ones.

export interface Reader {
  readonly id: string
  readonly session: string
  readonly headers: Readonly<Record<string, string>>
}

/** Signs somebody up. `call` is fetch, or a Worker's own. Throws when it is refused. */
export async function reader(call: (path: string, init: RequestInit) => Promise<Response>, apikey: string, name: string): Promise<Reader> {
  const response = await call('/auth/v1/signup', {
    method: 'POST',
    headers: { apikey, 'content-type': 'application/json' },
    body: JSON.stringify({ email: `${name}@bench.example`, password: 'a long walk home' }),
  })
  const body = (await response.json()) as { access_token?: string; user?: { id: string } }
  if (!body.access_token || !body.user) throw new Error(`Sign-up of ${name}: ${response.status} ${JSON.stringify(body)}`)
  const claims = JSON.parse(atob(body.access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { session_id: string }
  return { id: body.user.id, session: claims.session_id, headers: { apikey, authorization: `Bearer ${body.access_token}` } }
}
