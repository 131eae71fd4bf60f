// Passkeys and security keys in a real browser: an unmodified supabase-js on a page of another origin, Chromium's virtual authenticators, and the
// built Worker on a real port.
import { readFileSync } from 'node:fs'
import { createServer, type Server as WebServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { build, startServer, type Build, type Server } from '../support/server'
import { chromiumPath, openBrowser } from './server'

const path = chromiumPath()
if (path === null) {
  console.warn(
    'SKIPPED: passkeys were not tried in a browser, because Chromium is not installed (`apt-get install -y chromium`, or set CHROMIUM).',
  )
}

const LIBRARY = readFileSync(join(import.meta.dirname, '../../node_modules/@supabase/supabase-js/dist/umd/supabase.js'))

/** What a call of supabase-js answered, as it crosses the border of the page. */
interface Said {
  readonly data: Record<string, unknown> | null
  readonly error: { readonly name: string; readonly code?: string; readonly message: string; readonly status?: number } | null
}

interface Device {
  readonly transport: 'internal' | 'usb'
  /** Whether it knows its owner by a finger or a PIN. */
  readonly verifies: boolean
}

describe.skipIf(path === null)('supabase-js in Chromium', () => {
  let built: Build
  let server: Server
  let web: WebServer
  let browser: Browser
  let page: Page
  let devtools: CDPSession
  const email = `p${crypto.randomUUID()}@example.com`

  beforeAll(async () => {
    built = build()
    server = await startServer(built)
    web = createServer((request, response) => {
      const script = request.url === '/supabase.js'
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
      response.end(script ? LIBRARY : '<!doctype html><title>App</title><script src="/supabase.js"></script>')
    })
    await new Promise<void>((resolve) => web.listen(0, 'localhost', resolve))
    browser = await openBrowser(path ?? '')
    page = await browser.newPage()
    devtools = await page.context().newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await openApp()
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await new Promise((resolve) => web?.close(resolve))
    await server?.close()
    built?.remove()
  })

  /** A page that has just been opened, with a client as an app makes it. */
  async function openApp(): Promise<void> {
    await page.goto(`http://localhost:${(web.address() as AddressInfo).port}/`)
    const api = `http://localhost:${new URL(server.url).port}`
    await page.evaluate(`globalThis.client = supabase.createClient(${JSON.stringify(api)}, ${JSON.stringify(server.keys.publishableKey)})`)
  }

  async function plugIn({ transport, verifies }: Device): Promise<string> {
    const options = {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: verifies,
      isUserVerified: verifies,
      automaticPresenceSimulation: true,
    } as const
    return (await devtools.send('WebAuthn.addVirtualAuthenticator', { options })).authenticatorId
  }

  const unplug = (authenticatorId: string) => devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })

  /** Runs `client.auth.<call>` in the page. */
  async function auth(call: string): Promise<Said> {
    return page.evaluate<Said>(`(async () => {
      const { data, error } = await client.auth.${call}
      return JSON.parse(JSON.stringify({ data, error: error && { name: error.name, code: error.code, message: error.message, status: error.status } }))
    })()`)
  }

  async function done(call: string): Promise<Record<string, unknown>> {
    const { data, error } = await auth(call)
    expect(error, call).toBeNull()
    return data as Record<string, unknown>
  }

  const claims = async (): Promise<Record<string, unknown>> => (await done('getClaims()'))['claims'] as never

  let phone: string

  test('registerPasskey keeps one, and passkey.list, update and delete look after it', async () => {
    await done(`signUp({ email: '${email}', password: 'correct horse battery' })`)
    phone = await plugIn({ transport: 'internal', verifies: true })
    const made = await done('registerPasskey()')
    expect(made).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), created_at: expect.stringMatching(/Z$/) })
    expect(await done('passkey.list()')).toMatchObject([{ id: made['id'] }])
    expect(await done(`passkey.update({ passkeyId: '${String(made['id'])}', friendlyName: 'This phone' })`)).toMatchObject({
      friendly_name: 'This phone',
    })
    // The authenticator knows that it holds one already, because the options say so.
    expect((await auth('registerPasskey()')).error).toMatchObject({
      name: 'InvalidStateError',
      code: 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED',
    })

    await unplug(phone)
    phone = await plugIn({ transport: 'internal', verifies: true })
    const second = await done('registerPasskey()')
    expect((await auth(`passkey.delete({ passkeyId: '${String(made['id'])}' })`)).error).toBeNull()
    expect(await done('passkey.list()')).toMatchObject([{ id: second['id'] }])
  })

  test('signInWithPasskey signs in without a name, to aal1', async () => {
    await done('signOut()')
    expect(await done('getSession()')).toEqual({ session: null })
    const { user } = (await done('signInWithPasskey()')) as unknown as { user: { email: string } }
    expect(user.email).toBe(email)
    expect(await claims()).toMatchObject({ aal: 'aal1', amr: [{ method: 'passkey' }], email })
    // The session is one that the client keeps and refreshes as any other.
    await done('refreshSession()')
    expect(await claims()).toMatchObject({ aal: 'aal1', amr: [{ method: 'passkey' }] })
  })

  test('passkey.startRegistration, verifyRegistration, startAuthentication and verifyAuthentication are the same in steps', async () => {
    const begun = await done('passkey.startRegistration()')
    expect(begun).toMatchObject({ challenge_id: expect.any(String), options: { rp: { id: 'localhost' } } })
    const said = await page.evaluate<Said>(`(async () => {
      const { data: { challenge_id: challengeId, options } } = await client.auth.passkey.startAuthentication()
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
      const credential = (await navigator.credentials.get({ publicKey })).toJSON()
      const { data, error } = await client.auth.passkey.verifyAuthentication({ challengeId, credential })
      return JSON.parse(JSON.stringify({ data, error }))
    })()`)
    expect(said).toMatchObject({ error: null, data: { session: { token_type: 'bearer' }, user: { email } } })
    // An answer to another challenge than it is sent with.
    const crossed = await page.evaluate<Said>(`(async () => {
      const start = () => client.auth.passkey.startAuthentication()
      const [{ data: one }, { data: other }] = [await start(), await start()]
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(one.options)
      const credential = (await navigator.credentials.get({ publicKey })).toJSON()
      const { data, error } = await client.auth.passkey.verifyAuthentication({ challengeId: other.challenge_id, credential })
      return { data, error: { name: error.name, code: error.code, message: error.message, status: error.status } }
    })()`)
    expect(crossed.error).toMatchObject({ code: 'webauthn_verification_failed', status: 400 })
  })

  test('an authenticator that does not know its owner signs nobody in', async () => {
    await unplug(phone)
    const key = await plugIn({ transport: 'internal', verifies: false })
    const { error } = await auth('registerPasskey()')
    expect(error).toMatchObject({ name: 'NotAllowedError' })
    await unplug(key)
  })

  test('mfa.webauthn.register and authenticate raise a session to aal2 with a security key', async () => {
    const key = await plugIn({ transport: 'usb', verifies: false })
    await done("mfa.webauthn.register({ friendlyName: 'My key' })")
    expect(await claims()).toMatchObject({ aal: 'aal2', amr: [{ method: 'mfa/webauthn' }, { method: 'passkey' }] })
    const { all } = (await done('mfa.listFactors()')) as unknown as { all: { id: string; factor_type: string; status: string }[] }
    expect(all).toMatchObject([{ factor_type: 'webauthn', status: 'verified' }])

    await done('signOut()')
    await done(`signInWithPassword({ email: '${email}', password: 'correct horse battery' })`)
    expect(await done('mfa.getAuthenticatorAssuranceLevel()')).toMatchObject({ currentLevel: 'aal1', nextLevel: 'aal2' })
    await done(`mfa.webauthn.authenticate({ factorId: '${all[0]!.id}' })`)
    expect(await claims()).toMatchObject({ aal: 'aal2', amr: [{ method: 'mfa/webauthn' }, { method: 'password' }] })
    expect(await done('mfa.getAuthenticatorAssuranceLevel()')).toMatchObject({ currentLevel: 'aal2', nextLevel: 'aal2' })
    await unplug(key)
  })

  test('mfa.webauthn.enroll, challenge and verify are the same in steps, with the phone itself', async () => {
    phone = await plugIn({ transport: 'internal', verifies: true })
    const own = '{ create: { authenticatorSelection: { authenticatorAttachment: "platform" }, hints: [] } }'
    const said = await page.evaluate<Said>(`(async () => {
      const { data: { id: factorId } } = await client.auth.mfa.webauthn.enroll({ friendlyName: 'This phone' })
      const { data, error } = await client.auth.mfa.webauthn.challenge({ factorId, webauthn: { rpId: 'localhost' } }, ${own})
      if (error) return { data: null, error: { name: error.name, code: error.code, message: error.message } }
      const verified = await client.auth.mfa.webauthn.verify({ factorId, challengeId: data.challengeId, webauthn: data.webauthn })
      return JSON.parse(JSON.stringify(verified))
    })()`)
    expect(said.error).toBeNull()
    expect(said.data).toMatchObject({ token_type: 'bearer', expires_in: expect.any(Number) })
  })
})
