// The database goes away in the middle of a request: what the request changes is there wholly or not at all, and the phone gets on when it asks again.
import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import { app, openid } from '../../src/define'
import type { Env } from '../../src/platform'
import { fromBase32, stepAt, totpCode } from '../../src/auth/totp'
import { serve, sql, type Answer, type Ask } from '../support/backend'
import { messageTo } from '../support/messages'
import { tokenSigner } from '../support/fake-provider'
import { Authenticator, type CreationOptions, type RequestOptions } from './authenticator'
import { difference, failing, snapshot, type Fault, type Moment } from './faults'

vi.setConfig({ testTimeout: 60_000 })

const ORIGIN = 'http://localhost'
const ISSUER = 'https://id.acme.example'
const lodging = app({
  name: 'Faults',
  tables: [],
  auth: {
    confirmEmail: true,
    phone: true,
    redirectUrls: ['faults://**'],
    passkeys: {},
    mfa: { totp: true },
    providers: [openid('acme', { issuer: ISSUER, clientIds: ['trails'] })],
  },
})
const bindings = env as unknown as Env
const fault: Fault = { at: 0, moment: 'before', trips: 0 }
const sound = serve(lodging)
const broken = serve(lodging, { ...bindings, DB: failing(bindings.DB, fault) })

const signer = await tokenSigner(ISSUER, 'ES256')
vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
  const address = new Request(input as RequestInfo).url
  const at = (path: string) => `${ISSUER}${path}`
  if (address === at('/keys')) return Response.json(signer.keys())
  return Response.json({ issuer: ISSUER, jwks_uri: at('/keys'), authorization_endpoint: at('/authorize'), token_endpoint: at('/token') })
})

vi.spyOn(console, 'error').mockImplementation(() => {})

type Backend = typeof sound
type Body = { access_token: string; refresh_token: string; user: { id: string }; id: string; error_code: string }
const bodyOf = ({ json }: Answer) => json as unknown as Body
const newEmail = () => `f-${crypto.randomUUID()}@example.com`
const post = (backend: Backend, path: string, body: unknown) => backend.stranger(`/auth/v1/${path}`, { body })
const codeOf = async (to: string) => String((await messageTo(to, lodging)).variables['code'])
const withToken =
  (backend: Backend, token: string): Ask =>
  (address, asked = {}) =>
    backend.stranger(address, { ...asked, headers: { authorization: `Bearer ${token}`, ...asked.headers } })

/** Somebody whose address is proved. */
async function member() {
  const email = newEmail()
  await post(sound, 'otp', { email })
  const session = bodyOf(await post(sound, 'verify', { type: 'email', email, token: await codeOf(email) }))
  const asked = (backend: Backend): Ask => withToken(backend, session.access_token)
  return { email, session, asked, id: session.user.id }
}

/** A factor, and a way to take a step with a code that wasn't used. */
async function withApp() {
  const person = await member()
  const made = bodyOf(await person.asked(sound)('/auth/v1/factors', { body: { factor_type: 'totp', friendly_name: 'App' } }))
  const { secret } = (made as unknown as { totp: { secret: string } }).totp
  let step = stepAt(Date.now()) - 1
  const code = () => totpCode(fromBase32(secret)!, step++)
  const challenge = async () => bodyOf(await person.asked(sound)(`/auth/v1/factors/${made.id}/challenge`, { body: {} })).id
  const verify = async (backend: Backend, id: string) =>
    person.asked(backend)(`/auth/v1/factors/${made.id}/verify`, { body: { challenge_id: id, code: await code() } })
  return { challenge, verify }
}

async function passkey(person: Awaited<ReturnType<typeof member>>) {
  const device = await Authenticator.make()
  const toRegister = async () => {
    const answer = await person.asked(sound)('/auth/v1/passkeys/registration/options', { body: {} })
    const { challenge_id, options } = answer.json as { challenge_id: string; options: CreationOptions }
    return { challenge_id, credential: await device.create(options, ORIGIN) }
  }
  const register = (backend: Backend, body: unknown) => person.asked(backend)('/auth/v1/passkeys/registration/verify', { body })
  const toSignIn = async () => {
    const answer = await post(sound, 'passkeys/authentication/options', {})
    const { challenge_id, options } = answer.json as { challenge_id: string; options: RequestOptions }
    return { challenge_id, credential: await device.get(options, ORIGIN) }
  }
  const signIn = (backend: Backend, body: unknown) => post(backend, 'passkeys/authentication/verify', body)
  return { toRegister, register, toSignIn, signIn }
}

/** A request with something to fetch before it: fetched already the first time, so that the fault meets the request alone. */
async function fetchedFirst<T>(fetchIt: () => Promise<T>, use: (backend: Backend, fetched: T) => Promise<Answer>) {
  const fetched = [await fetchIt()]
  return async (backend: Backend) => use(backend, fetched.pop() ?? (await fetchIt()))
}

interface Life {
  /** The request under test, by whichever backend. */
  readonly ask: (backend: Backend) => Promise<Answer>
  /** What the same again may answer where the change was made already. */
  readonly done?: string
}

const CHALLENGE = 'zFZ2lDk0sUuGmkKX5x7Dq2cUQ9XlqJ4oW8kWvH7mB3A'

/** Each makes its own people. */
const FLOWS: Readonly<Record<string, () => Promise<Life>>> = {
  'an anonymous sign-up': async () => ({ ask: (backend) => post(backend, 'signup', {}) }),
  'a sign-up to be confirmed': async () => {
    const body = { email: newEmail(), password: 'a long walk home' }
    return { ask: (backend) => post(backend, 'signup', body) }
  },
  'asking for a code': async () => {
    const email = newEmail()
    return { ask: (backend) => post(backend, 'otp', { email }) }
  },
  'a code': async () => {
    const email = newEmail()
    await post(sound, 'otp', { email })
    const token = await codeOf(email)
    return { ask: (backend) => post(backend, 'verify', { type: 'email', email, token }), done: '403 otp_expired' }
  },
  'a link to an app that exchanges it': async () => {
    const email = newEmail()
    await post(sound, 'otp?redirect_to=faults://home', { email, code_challenge: CHALLENGE, code_challenge_method: 's256' })
    const link = new URL(String((await messageTo(email, lodging)).variables['link']))
    return { ask: (backend) => backend.nobody(`${link.pathname}${link.search}`), done: '303 ' }
  },
  'asking for a new password': async () => {
    const { email } = await member()
    return { ask: (backend) => post(backend, 'recover', { email }) }
  },
  'a change of metadata': async () => {
    const { asked } = await member()
    return { ask: (backend) => asked(backend)('/auth/v1/user', { method: 'PUT', body: { data: { name: 'Ann' } } }) }
  },
  'asking for another address': async () => {
    const { asked } = await member()
    const email = newEmail()
    return { ask: (backend) => asked(backend)('/auth/v1/user', { method: 'PUT', body: { email } }) }
  },
  'a new password': async () => {
    const { asked } = await member()
    const body = { password: 'a longer walk home' }
    return { ask: (backend) => asked(backend)('/auth/v1/user', { method: 'PUT', body }), done: '422 same_password' }
  },
  'a sign-in by id token': async () => {
    const claims = { aud: 'trails', sub: crypto.randomUUID(), email: newEmail(), email_verified: true }
    const ask = async (backend: Backend) =>
      post(backend, 'token?grant_type=id_token', { provider: 'acme', id_token: await signer.idToken(claims) })
    return { ask }
  },
  'a refresh': async () => {
    const { session } = await member()
    return { ask: (backend) => post(backend, 'token?grant_type=refresh_token', { refresh_token: session.refresh_token }) }
  },
  'a sign-out': async () => {
    const { asked } = await member()
    return { ask: (backend) => asked(backend)('/auth/v1/logout', { method: 'POST' }), done: '403 session_not_found' }
  },
  'enrolling a factor': async () => {
    const { asked } = await member()
    let name = 0
    return { ask: (backend) => asked(backend)('/auth/v1/factors', { body: { factor_type: 'totp', friendly_name: `App ${name++}` } }) }
  },
  'a second factor': async () => {
    const { challenge, verify } = await withApp()
    return { ask: await fetchedFirst(challenge, verify) }
  },
  'recovery codes': async () => {
    const { challenge, verify } = await withApp()
    const { access_token: strong } = bodyOf(await verify(sound, await challenge()))
    return {
      ask: (backend) => withToken(backend, strong)('/auth/v1/factors/recovery-codes', { body: {} }),
      done: '422 mfa_verified_factor_exists',
    }
  },
  'registering a passkey': async () => {
    const { toRegister, register } = await passkey(await member())
    return { ask: await fetchedFirst(toRegister, register), done: '422 webauthn_credential_exists' }
  },
  'a sign-in by passkey': async () => {
    const { toRegister, register, toSignIn, signIn } = await passkey(await member())
    expect((await register(sound, await toRegister())).status).toBe(200)
    return { ask: await fetchedFirst(toSignIn, signIn) }
  },
  'a person whom an administrator makes': async () => {
    const body = { email: newEmail(), email_confirm: true }
    return { ask: (backend) => backend.service('/auth/v1/admin/users', { body }), done: '422 email_exists' }
  },
  'a ban': async () => {
    const { id } = await member()
    return { ask: (backend) => backend.service(`/auth/v1/admin/users/${id}`, { method: 'PUT', body: { ban_duration: '1h' } }) }
  },
  'a deletion by an administrator': async () => {
    const { id } = await member()
    return { ask: (backend) => backend.service(`/auth/v1/admin/users/${id}`, { method: 'DELETE' }), done: '404 user_not_found' }
  },
  'a deletion by the person': async () => {
    const { asked } = await member()
    return { ask: (backend) => asked(backend)('/auth/v1/user', { method: 'DELETE' }), done: '403 user_not_found' }
  },
}

const brief = (answer: Answer) => `${answer.status} ${answer.status < 400 ? '' : bodyOf(answer).error_code}`

/** Runs a flow with a fault at one round trip; null when it makes fewer. */
async function interrupted(flow: () => Promise<Life>, at: number, moment: Moment) {
  const { ask, done } = await flow()
  const before = await snapshot()
  Object.assign(fault, { at, moment, trips: 0 })
  const answer = await ask(broken)
  const reached = fault.trips >= at
  fault.at = 0
  if (!reached) return null
  const changed = difference(before, await snapshot())
  // A message whose sending met the fault would be tried again in a while.
  await sql('delete from sys_jobs')
  return { answer, changed, again: brief(await ask(sound)), done }
}

test.each(Object.keys(FLOWS))('P30: %s is done wholly or not at all', async (name) => {
  const flow = FLOWS[name]!
  const { ask } = await flow()
  const before = await snapshot()
  Object.assign(fault, { at: 0, trips: 0 })
  const usual = await ask(broken)
  expect(usual.status, usual.text).toBeLessThan(400)
  const whole = difference(before, await snapshot())
  const seen: string[] = []
  for (let at = 1; at <= fault.trips + 1 && at < 9; at++) {
    for (const moment of ['before', 'after'] as const) {
      const run = await interrupted(flow, at, moment)
      if (run === null) continue
      seen.push(`${at} ${moment}`)
      const where = `${moment} round trip ${at}: ${run.answer.status} ${run.answer.text}`
      // Reading may fail and be told apart from the change; a change that was made may be told as made.
      const nothing = Object.keys(run.changed).length === 0
      if (run.answer.status < 500) expect(run.changed, where).toEqual(whole)
      else if (!nothing) expect(run.changed, where).toEqual(whole)
      expect([brief(usual), ...(nothing ? [] : [run.done])], where).toContain(run.again)
    }
  }
  expect(seen.length).toBeGreaterThanOrEqual(2)
  expect(await sql('select count(*) as n from auth_users where email is not null group by email having n > 1')).toEqual([])
})
