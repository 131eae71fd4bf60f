// The provider `inn` behind `fetch`: it gives out tokens for any code.
import { vi } from 'vitest'
import { tokenSigner } from '../support/fake-provider'

export const INN = 'https://inn.example.com'

/** From now on `fetch` reaches the inn and nobody else. */
export async function openInn() {
  const signer = await tokenSigner(INN, 'ES256')
  /** What its token endpoint answers with. */
  const told = { idToken: '', accessToken: crypto.randomUUID() }
  const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })
  const at = (path: string) => `${INN}${path}`
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const { pathname } = new URL(new Request(input as RequestInfo).url)
    if (pathname === '/keys') return json(signer.keys())
    if (pathname === '/token') return json({ access_token: told.accessToken, token_type: 'Bearer', expires_in: 60, id_token: told.idToken })
    return json({ issuer: INN, jwks_uri: at('/keys'), authorization_endpoint: at('/authorize'), token_endpoint: at('/token') })
  })
  return { told, idToken: (claims: Record<string, unknown>) => signer.idToken({ aud: 'lodge', ...claims }), close: () => spy.mockRestore() }
}
