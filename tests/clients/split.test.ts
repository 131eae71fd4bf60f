// Sign-in as a Worker of its own (deploy/split), behind a service binding on a real port: the same tests of supabase-js as against the one Worker, and
// what becomes of the rest when that Worker is down.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, startServer, type Build, type Server } from '../support/server'
import { authentication } from './auth'
import { person } from './people'

let built: Build
let signIn: Build
let server: Server

beforeAll(async () => {
  built = build()
  signIn = build(join('deploy', 'split', 'wrangler.toml'))
  server = await startServer(built, {}, { signIn: signIn.main })
}, 120_000)

afterAll(async () => {
  await server?.close()
  built?.remove()
  signIn?.remove()
})

authentication(() => server)

test('while sign-in is down its addresses are 503, and data are served to whoever has a token', async () => {
  const { phone } = await person(server, 'ada')
  const { data } = await phone.auth.getSession()
  const session = data.session!
  // Whatever ends a Worker's call, the caller sees it as an error of the call.
  const broken = join(dirname(signIn.main), 'broken.js')
  writeFileSync(
    broken,
    `import { WorkerEntrypoint } from 'cloudflare:workers'
    export class Authentication extends WorkerEntrypoint { constructor(...given) { super(...given); throw new Error('down') } }
    export default { fetch: () => new Response(null, { status: 404 }) }`,
  )
  const url = await server.replaceSignIn(broken)
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { apikey: server.keys.publishableKey, authorization: `Bearer ${session.access_token}`, 'content-type': 'application/json' },
    })

  for (const [path, init] of [
    ['/auth/v1/user', {}],
    ['/auth/v1/token?grant_type=refresh_token', { method: 'POST', body: JSON.stringify({ refresh_token: session.refresh_token }) }],
    ['/auth/v1/passkeys/authentication/options', { method: 'POST', body: '{}' }],
  ] as const) {
    const answer = await ask(path, init)
    expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '2'])
    expect(await answer.json()).toMatchObject({ error_code: 'service_unavailable' })
  }
  const own = createClient(url, server.keys.publishableKey, { accessToken: () => Promise.resolve(session.access_token) })
  const read = await own.from('trips').select('id').limit(1)
  expect([read.status, read.error]).toEqual([200, null])
  const written = await own.from('profiles').update({ display_name: 'Ada' }).eq('id', session.user.id)
  expect([written.status, written.error]).toEqual([204, null])
  expect((await ask('/health')).status).toBe(200)

  // And when it is back, the session goes on.
  const again = await server.replaceSignIn(signIn.main)
  const back = await fetch(`${again}/auth/v1/token?grant_type=refresh_token`, {
    method: 'POST',
    headers: { apikey: server.keys.publishableKey },
    body: JSON.stringify({ refresh_token: session.refresh_token }),
  })
  expect(back.status).toBe(200)
})
