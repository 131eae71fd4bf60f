// One life in sign-in, from the first sign-up to the end of the account, at every address that there is: what was sent and must never be written down
// is collected on the way, and which addresses were called.
import { expect } from 'vitest'
import { fromBase32, stepAt, totpCode } from '../../src/auth/totp'
import { app, openid, type AppDefinition } from '../../src/define'
import { deriveApiKeys, type Env } from '../../src/platform'
import lodge from '../apps/lodge'
import { serve } from '../support/backend'
import { sendMessages } from '../support/messages'
import { Authenticator, type CreationOptions, type RequestOptions } from './authenticator'
import { endpointOf } from './endpoints'
import { INN, openInn } from './innkeeper'

export interface Life {
  /** What may be neither in a log nor in an audit entry nor in a job's view, by what it is. */
  readonly secrets: ReadonlyMap<string, string>
  /** Patterns of the addresses that were called, as in `endpoints`. */
  readonly called: ReadonlySet<string>
  /** The text of every answer that refused something, with where it came from. */
  readonly refusals: readonly string[]
}

interface Letter {
  readonly code: string
  readonly hash: string
  readonly link: string
}

const mark = (what: string) => `${what}-${crypto.randomUUID()}`
const number = () => `+4915${String(crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000_000).padStart(9, '1')}`

/** Lives it in production, where every request is a line of the log; messages leave through the app's hooks. */
export async function live(bindings: Env): Promise<Life> {
  const secrets = new Map<string, string>()
  const called = new Set<string>()
  const refusals: string[] = []
  const keep = (name: string, value: string): string => {
    secrets.set(`${name} ${secrets.size}`, value)
    return value
  }
  const letters = new Map<string, Letter>()
  const note = (to: string, code: string, hash: string, link: string) => {
    for (const [name, value] of Object.entries({ code, hash, link })) if (value !== '') keep(`${name} of a message`, value)
    letters.set(to.replace('+', ''), { code, hash, link })
  }
  const leaky: AppDefinition = app({
    name: 'Leaky lodge',
    tables: [],
    auth: {
      ...lodge.auth!,
      // No relying party of its own: that of the host.
      passkeys: {},
      providers: [openid('inn', { issuer: INN, clientIds: ['lodge'] })],
      hooks: {
        sendEmail: ({ email_data: data, message }) =>
          note(message.to, data.token || data.token_new, data.token_hash || data.token_hash_new, message.link),
        sendSms: ({ sms }) => note(sms.phone, sms.otp, '', ''),
      },
    },
  })
  const bound = { ...bindings, PERIGEE_ENV: 'development', PERIGEE_AUTH_INN_SECRET: keep('client secret', mark('inn-secret')) } as Env
  const keys = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY ?? '')
  keep('secret key', keys.secretKey)
  keep('publishable key', keys.publishableKey)
  keep('old secret key', keys.serviceRoleJwt)
  keep('old publishable key', keys.anonJwt)
  keep('root key', bindings.PERIGEE_ROOT_KEY ?? 'none')
  const { fetchBackend } = serve(leaky, { ...bound, PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'localhost' } as Env)

  const letterTo = async (to: string): Promise<Letter> => {
    await sendMessages(leaky, { ...bound, PERIGEE_ENV: 'production' } as Env)
    const letter = letters.get(to.replace('+', ''))
    if (!letter) throw new Error(`Nothing was sent to ${to}.`)
    return letter
  }

  interface Answer {
    readonly status: number
    readonly body: Record<string, unknown>
    readonly location: string
  }
  const send = async (
    method: string,
    path: string,
    { token, body, key = keys.publishableKey }: { token?: string; body?: unknown; key?: string } = {},
  ): Promise<Answer> => {
    const endpoint = endpointOf(method, path)
    if (endpoint) called.add(`${endpoint.method} ${endpoint.path}`)
    const response = await fetchBackend(`http://localhost/auth/v1${path}`, {
      method,
      redirect: 'manual',
      headers: { apikey: key, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status >= 400) refusals.push(`${method} ${path.split('?')[0]}: ${text}`)
    const location = response.headers.get('location') ?? ''
    const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
    for (const name of ['access_token', 'refresh_token', 'email_otp', 'hashed_token'])
      if (typeof parsed[name] === 'string') keep(name, parsed[name])
    return { status: response.status, body: parsed, location }
  }
  const session = async (
    method: string,
    path: string,
    options: Parameters<typeof send>[2],
  ): Promise<{ token: string; refresh: string; id: string }> => {
    const { status, body } = await send(method, path, options)
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`)
    return { token: String(body['access_token']), refresh: String(body['refresh_token']), id: (body['user'] as { id: string }).id }
  }
  const service = (method: string, path: string, body?: unknown) => send(method, path, { key: keys.secretKey, token: keys.secretKey, body })

  // The first sign-up, with a code; then a link, a forgotten password, a nonce.
  const email = keep('address', `${mark('ida')}@lodge.example`)
  const password = keep('password', mark('walk'))
  const captcha = { gotrue_meta_security: { captcha_token: keep('captcha token', mark('captcha')) } }
  await send('POST', '/signup', { body: { email, password, ...captcha } })
  await send('POST', '/verify', { body: { type: 'signup', email, token: keep('wrong code', '913570') } })
  const ida = await session('POST', '/verify', { body: { type: 'signup', email, token: (await letterTo(email)).code } })
  await send('POST', '/token?grant_type=password', { body: { email, password: keep('wrong password', mark('guess')), ...captcha } })
  await session('POST', '/token?grant_type=password', { body: { email, password } })
  const fresh = await session('POST', '/token?grant_type=refresh_token', { body: { refresh_token: ida.refresh } })
  await send('POST', '/token?grant_type=refresh_token', { body: { refresh_token: keep('false refresh token', mark('refresh')) } })

  const other = keep('address', `${mark('ole')}@lodge.example`)
  const verifier = keep('verifier', `${crypto.randomUUID()}${crypto.randomUUID()}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))
  const challenge = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  const flow = { code_challenge: challenge, code_challenge_method: 's256' }
  await send('POST', '/otp?redirect_to=lodge://home', { body: { email: other, ...flow } })
  const { link } = await letterTo(other)
  const opened = await send('GET', link.slice(link.indexOf('/auth/v1') + 8))
  const code = keep('code of a flow', new URL(opened.location).searchParams.get('code') ?? 'none')
  expect(code).not.toBe('none')
  await session('POST', '/token?grant_type=pkce', { body: { auth_code: code, code_verifier: verifier } })
  await send('POST', '/token?grant_type=pkce', { body: { auth_code: code, code_verifier: keep('false verifier', mark('verifier')) } })
  await send('POST', '/magiclink', { body: { email: keep('address', `${mark('una')}@lodge.example`), ...captcha } })
  await send('POST', '/recover', { body: { email: other } })
  await send('POST', '/resend', { body: { type: 'signup', email: other } })
  await send('POST', '/verify', { body: { type: 'recovery', token_hash: keep('false link token', mark('hash')) } })
  await send('GET', `/verify?type=recovery&token=${keep('false link token', mark('link'))}&redirect_to=lodge://home`)
  await send('GET', '/reauthenticate', { token: fresh.token })
  await send('PUT', '/user', {
    token: fresh.token,
    body: { password: keep('new password', mark('new')), nonce: keep('false nonce', '246802') },
  })
  await send('PUT', '/user', { token: fresh.token, body: { email: keep('new address', `${mark('ida2')}@lodge.example`) } })
  await send('GET', '/user', { token: fresh.token })
  await send('GET', '/user/sessions', { token: fresh.token })
  await send('DELETE', `/user/sessions/${crypto.randomUUID()}`, { token: fresh.token })

  // By telephone.
  const phone = keep('number', number())
  secrets.set('number without its plus', phone.slice(1))
  await send('POST', '/otp', { body: { phone } })
  const byPhone = await session('POST', '/verify', { body: { type: 'sms', phone, token: (await letterTo(phone)).code } })
  const next = keep('number', number())
  await send('PUT', '/user', { token: byPhone.token, body: { phone: next } })
  await send('POST', '/verify', { body: { type: 'phone_change', phone: next, token: (await letterTo(next)).code } })

  // By a provider.
  const inn = await openInn()
  const nonce = keep('nonce', mark('nonce'))
  const hashed = [...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nonce)))]
  const hex = hashed.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const claims = { sub: mark('sub'), email: keep('address', `${mark('inn')}@inn.example`), email_verified: true }
  const idToken = keep('id token', await inn.idToken({ ...claims, nonce: hex }))
  const { told } = inn
  keep('access token of the provider', told.accessToken)
  const stay = await session('POST', '/token?grant_type=id_token', {
    body: { provider: 'inn', id_token: idToken, nonce, access_token: told.accessToken },
  })
  const away = await send('GET', `/authorize?provider=inn&redirect_to=lodge://home&code_challenge=${challenge}&code_challenge_method=s256`)
  const state = keep('state', new URL(away.location).searchParams.get('state') ?? 'none')
  told.idToken = keep('id token', await inn.idToken({ ...claims, nonce: new URL(away.location).searchParams.get('nonce') ?? '' }))
  await send('GET', `/callback?state=${state}&code=${keep('code of the provider', mark('code'))}`)
  await send('POST', `/callback?state=${state}&code=${keep('code of the provider', mark('code'))}`)
  const linking = await send('GET', '/user/identities/authorize?provider=inn&redirect_to=lodge://linked&skip_http_redirect=true', {
    token: stay.token,
  })
  keep('state', new URL(String(linking.body['url'])).searchParams.get('state') ?? 'none')
  await send('DELETE', `/user/identities/${crypto.randomUUID()}`, { token: stay.token })
  inn.close()

  // Second factors and passkeys.
  const enrolled = await send('POST', '/factors', { token: fresh.token, body: { factor_type: 'totp', friendly_name: 'App' } })
  const secret = keep('secret of an authenticator app', (enrolled.body['totp'] as { secret: string }).secret)
  const factor = String(enrolled.body['id'])
  const asked = await send('POST', `/factors/${factor}/challenge`, { token: fresh.token, body: {} })
  const totp = keep('code of an authenticator app', await totpCode(fromBase32(secret)!, stepAt(Date.now())))
  const strong = await session('POST', `/factors/${factor}/verify`, {
    token: fresh.token,
    body: { challenge_id: asked.body['id'], code: totp },
  })
  const paper = await send('POST', '/factors/recovery-codes', { token: strong.token })
  for (const one of paper.body['codes'] as string[]) keep('recovery code', one)
  await send('GET', '/factors/recovery-codes', { token: strong.token })
  await send('POST', '/factors/recovery-codes/verify', { token: strong.token, body: { code: (paper.body['codes'] as string[])[0] } })
  const renewed = await send('POST', '/factors/recovery-codes/regenerate', { token: strong.token })
  for (const one of (renewed.body['codes'] ?? []) as string[]) keep('recovery code', one)
  await send('DELETE', '/factors/recovery-codes', { token: strong.token })

  const noted = (answer: Answer, credential: unknown) => {
    keep('challenge of a passkey', (answer.body['options'] as { challenge: string }).challenge)
    const { response } = credential as { response: Record<string, unknown> }
    for (const [name, value] of Object.entries(response)) if (typeof value === 'string') keep(`${name} of a passkey`, value)
  }
  const device = await Authenticator.make()
  const begun = await send('POST', '/passkeys/registration/options', { token: strong.token })
  const created = await device.create(begun.body['options'] as CreationOptions, 'https://localhost')
  noted(begun, created)
  const made = await send('POST', '/passkeys/registration/verify', {
    token: strong.token,
    body: { challenge_id: begun.body['challenge_id'], credential: created },
  })
  const offered = await send('POST', '/passkeys/authentication/options', { body: captcha })
  const got = await device.get(offered.body['options'] as RequestOptions, 'https://localhost')
  noted(offered, got)
  expect(made.status).toBe(200)
  await session('POST', '/passkeys/authentication/verify', { body: { challenge_id: offered.body['challenge_id'], credential: got } })
  await send('GET', '/passkeys', { token: strong.token })
  await send('GET', '/passkeys/', { token: strong.token })
  await send('PATCH', `/passkeys/${crypto.randomUUID()}`, { token: strong.token, body: { friendly_name: 'Blue' } })
  await send('DELETE', `/passkeys/${crypto.randomUUID()}`, { token: strong.token })
  await send('DELETE', `/factors/${factor}`, { token: strong.token })

  // Administration.
  const managed = keep('address', `${mark('max')}@lodge.example`)
  const hash = keep('hash of a password', '$2b$04$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZABCDE')
  const person = await service('POST', '/admin/users', { email: managed, email_confirm: true, password_hash: hash })
  const id = String(person.body['id'])
  await service('GET', `/admin/users?filter=${encodeURIComponent(managed)}`)
  await service('GET', `/admin/users/${id}`)
  await service('PUT', `/admin/users/${id}`, {
    password: keep('password by an operator', mark('operator')),
    phone: keep('number', number()),
    phone_confirm: true,
  })
  await service('POST', `/admin/users/${id}/roles`, { roles: ['editor'] })
  await service('DELETE', `/admin/users/${id}/roles`, { roles: ['editor'] })
  for (const type of ['magiclink', 'recovery']) {
    const { body } = await service('POST', '/admin/generate_link', { type, email: managed })
    if (typeof body['action_link'] === 'string') keep('link', body['action_link'])
  }
  const invited = keep('address', `${mark('guest')}@lodge.example`)
  await service('POST', '/invite', { email: invited })
  await service('POST', '/admin/invite', { email: keep('address', `${mark('guest')}@lodge.example`) })
  await letterTo(invited)
  for (const [method, path] of [
    ['GET', `/admin/users/${id}/factors`],
    ['PUT', `/admin/users/${id}/factors/${crypto.randomUUID()}`],
    ['DELETE', `/admin/users/${id}/factors/${crypto.randomUUID()}`],
    ['GET', `/admin/users/${id}/passkeys`],
    ['DELETE', `/admin/users/${id}/passkeys/${crypto.randomUUID()}`],
    ['GET', `/admin/users/${id}/roles`],
    ['POST', `/admin/users/${id}/logout`],
    ['GET', '/admin/audit'],
    ['DELETE', `/admin/users/${id}`],
  ] as const)
    await service(method, path)
  await send('GET', '/settings')
  await send('GET', '/health')
  await send('GET', '/.well-known/jwks.json')
  await send('GET', '/user/export', { token: strong.token })
  await send('POST', '/logout?scope=global', { token: strong.token })
  await send('DELETE', '/user', { token: byPhone.token })
  return { secrets, called, refusals }
}
