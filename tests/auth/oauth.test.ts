// Signing in by redirect: to a provider, back to /callback, and on to the app with a code (PKCE) or a session.
import { expect, test } from 'vitest'
import { sql, type Ask } from '../support/backend'
import { tokenSigner } from '../support/fake-provider'
import {
  acme,
  authorize,
  backend,
  begin,
  CALLBACK,
  challengeOf,
  comeBack,
  exchange,
  fakes,
  lines,
  newEmail,
  newSubject,
  pkce,
  signIn,
  SITE,
  tamper,
  unlinkable,
  unset,
  VERIFIER,
  visit,
} from './oauth-backend'

const errorOf = (url: URL) => [url.searchParams.get('error'), url.searchParams.get('error_code')]

test('an app with PKCE gets a code, and for the code a session with the provider’s tokens', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const end = await visit('google', { sub, email, email_verified: true, name: 'Ada' }, await pkce())
  expect(`${end.protocol}//${end.host}${end.pathname}`).toBe('myapp://callback')
  expect([...end.searchParams.keys()]).toEqual(['code'])
  expect(end.hash).toBe('')
  const { status, body } = await exchange(end.searchParams.get('code')!)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    token_type: 'bearer',
    provider_token: expect.stringMatching(/^at-/),
    provider_refresh_token: expect.stringMatching(/^rt-/),
    user: { email, app_metadata: { provider: 'google' }, user_metadata: { full_name: 'Ada' } },
  })
  expect(body.user.identities).toMatchObject([{ provider: 'google', id: sub }])
  expect((await signIn('google', { sub })).body.user.id).toBe(body.user.id)
  const audit = await sql('select action from auth_audit where user_id = ? order by id', body.user.id)
  expect(audit.map(({ action }) => action)).toEqual(['user_signedup', 'login'])
})

test('an app without PKCE gets the session in the fragment, members in GoTrue’s order', async () => {
  const end = await visit('google', { sub: newSubject() })
  expect(end.search).toBe('')
  const members = new URLSearchParams(end.hash.slice(1))
  expect([...members.keys()]).toEqual([
    'access_token',
    'expires_at',
    'expires_in',
    'provider_refresh_token',
    'provider_token',
    'refresh_token',
    'sb',
    'token_type',
  ])
  const user = await backend.stranger('/auth/v1/user', { headers: { authorization: `Bearer ${members.get('access_token')}` } })
  expect(user.status).toBe(200)
})

test('Apple posts a form with the name, once; the client secret is the JWT that it asks for', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const url = await begin('apple', await pkce())
  expect(new URL(url).searchParams.get('scope')).toBe('email name')
  expect(url).not.toMatch(/code_challenge|\+/)
  const returned = await fakes.apple.consent(url, { sub, email, email_verified: 'true', is_private_email: 'true' })
  returned.set('user', JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' }, email: 'another@example.com' }))
  const end = await comeBack(returned, true)
  const first = await exchange(end.searchParams.get('code')!)
  expect(first.body.user).toMatchObject({ email, user_metadata: { full_name: 'Ada Lovelace', custom_claims: { is_private_email: true } } })
  const later = await signIn('apple', { sub, email })
  expect(later.body.user).toMatchObject({ id: first.body.user.id, user_metadata: { full_name: 'Ada Lovelace' } })
  for (const user of ['{', '"x"', '{"name":7}', 'x'.repeat(3_000)]) {
    const broken = await fakes.apple.consent(await begin('apple', await pkce()), { sub })
    broken.set('user', user)
    expect((await comeBack(broken, true)).searchParams.get('code'), user.slice(0, 20)).not.toBe(null)
  }
})

test('GitHub: its user, and the primary address if it is verified', async () => {
  const [id, email] = [Math.floor(Math.random() * 1e12), newEmail()]
  const account = {
    id,
    login: 'ada',
    name: 'Ada',
    avatar_url: 'https://avatars.example/ada.png',
    email: 'public@example.com',
    emails: [
      { email: newEmail(), primary: false, verified: true },
      { email, primary: true, verified: true },
    ],
  }
  const { body } = await signIn('github', account)
  expect(body.user).toMatchObject({ email, user_metadata: { user_name: 'ada', full_name: 'Ada', iss: 'https://api.github.com' } })
  expect(body).toMatchObject({ provider_token: expect.stringMatching(/^at-/) })
  expect(body).not.toHaveProperty('provider_refresh_token')
  const unverified = await visit('github', { id: id + 1, emails: [{ email, primary: true, verified: false }] }, await pkce())
  expect(errorOf(unverified)).toEqual(['access_denied', 'provider_email_needs_verification'])
  const nobody = await visit('github', { login: 'ghost' }, await pkce())
  expect(errorOf(nobody)).toEqual(['server_error', 'unexpected_failure'])
})

test('any OpenID provider: by discovery, with its secret in the header or none at all, and the address from userinfo', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const { body } = await signIn('acme', { sub, email, email_verified: true })
  expect(body.user).toMatchObject({ email, app_metadata: { provider: 'acme' } })
  expect(fakes.acme.exchanges.at(-1)!.has('client_secret')).toBe(false)
  expect((await signIn('bare', { sub: newSubject(), email: newEmail(), email_verified: true })).status).toBe(200)
  const url = new URL(await begin('custom:acme', { scopes: 'groups calendar,contacts', tenant: '2' }))
  expect(url.searchParams.get('tenant')).toBe('1')
  expect(url.searchParams.get('scope')).toBe('openid email profile groups calendar contacts')
})

test('P24: what a client passes on reaches the provider, but never under a name that decides who gets in', async () => {
  const evil = 'https://evil.example'
  const passed = {
    login_hint: 'ada@example.com',
    prompt: 'consent',
    client_id: evil,
    Redirect_Uri: evil,
    redirect_uri: evil,
    STATE: evil,
    state: evil,
    response_type: 'token',
    Response_Mode: 'fragment',
    scope: 'admin',
    nonce: evil,
    request_uri: evil,
    request: evil,
    client_secret: evil,
    Code_Challenge: evil,
    apikey: 'sb_publishable_x',
    'a b': 'c',
    long: 'x'.repeat(501),
  }
  const url = new URL(await begin('google', { ...passed, ...(await pkce()) }))
  const sent = Object.fromEntries(url.searchParams)
  expect(sent).toMatchObject({
    login_hint: 'ada@example.com',
    prompt: 'consent',
    client_id: 'google-web',
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
  })
  expect(url.href).not.toMatch(/evil|apikey|long=/)
  expect(Object.keys(sent).toSorted()).toEqual(
    'client_id code_challenge code_challenge_method login_hint nonce prompt redirect_uri response_type scope state'.split(' '),
  )
  // The provider's challenge is ours, not the app's.
  expect(sent['code_challenge']).not.toBe(await challengeOf(VERIFIER))
})

test('P7: our own address in it is never one that a header names', async () => {
  const { headers } = await backend.nobody('/auth/v1/authorize?provider=google', {
    headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' },
  })
  expect(new URL(headers.get('location')!).searchParams.get('redirect_uri')).toBe(CALLBACK)
})

test('P8: a browser ends at a place that the app lists, else at its site', async () => {
  const account = { sub: newSubject() }
  const endOf = async (redirectTo: string) => {
    const end = await visit('google', account, { redirect_to: redirectTo, ...(await pkce()) })
    end.searchParams.delete('code')
    return end.href.replace(/\?$/, '')
  }
  expect(await endOf('https://web.example.com/done?x=1')).toBe('https://web.example.com/done?x=1')
  expect(await endOf('myapp://deep/link')).toBe('myapp://deep/link')
  for (const evil of [
    'https://evil.example/',
    'https://web.example.com.evil.example/',
    'javascript:alert(1)',
    '//evil.example',
    'otherapp://x',
  ]) {
    expect(await endOf(evil), evil).toBe(`${SITE}/`)
  }
})

test('P11: of fifty who bring one state back, one gets in, and its code works once', async () => {
  const sub = newSubject()
  const returned = await fakes.google.consent(await begin('google', await pkce()), { sub })
  const ends = await Promise.all(Array.from({ length: 50 }, () => comeBack(returned)))
  const codes = ends.flatMap((end) => end.searchParams.get('code') ?? [])
  expect(codes).toHaveLength(1)
  expect(ends.map(errorOf).filter(([error]) => error !== null)).toEqual(
    Array.from({ length: 49 }, () => ['invalid_request', 'flow_state_already_used']),
  )
  const all = await Promise.all(Array.from({ length: 20 }, () => exchange(codes[0]!)))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(all.filter(({ status }) => status === 404)).toHaveLength(19)
  const sessions = 'select count(*) as n from auth_sessions s join auth_identities i on i.user_id = s.user_id where i.subject = ?'
  expect(await sql(sessions, sub)).toEqual([{ n: 1 }])
})

test('P11: a wrong verifier uses the code up', async () => {
  const end = await visit('google', { sub: newSubject() }, await pkce())
  const code = end.searchParams.get('code')!
  const wrong = await exchange(code, 'w'.repeat(64))
  expect([wrong.status, wrong.body['error_code']]).toEqual([400, 'bad_code_verifier'])
  expect((await exchange(code)).status).toBe(404)
})

test('a state that nobody gave out, of another method, or that is too old, gets nobody in', async () => {
  const codeOf = (state: string) => comeBack(new URLSearchParams({ code: 'x', state }))
  for (const state of ['', 'x', crypto.randomUUID(), "' or 1=1 --"]) {
    const end = await codeOf(state)
    expect(end.origin, state).toBe(SITE)
    expect(errorOf(end)[0], state).toBe('invalid_request')
  }
  const mail = crypto.randomUUID()
  await sql(
    `insert into auth_flows (id, method, redirect_to, created_at, expires_at) values (?, 'magiclink', 'myapp://callback', 0, 99999999999999)`,
    mail,
  )
  expect(errorOf(await codeOf(mail))).toEqual(['invalid_request', 'bad_oauth_state'])
  const returned = await fakes.google.consent(await begin('google', await pkce()), { sub: newSubject() })
  await sql('update auth_flows set expires_at = 1 where id = ?', returned.get('state'))
  const late = await comeBack(returned)
  expect([late.protocol, ...errorOf(late)]).toEqual(['myapp:', 'invalid_request', 'bad_oauth_state'])
})

test('errors stand in the query and in the fragment of where the app wanted the browser', async () => {
  const state = new URL(await begin('google', await pkce())).searchParams.get('state')!
  const end = await comeBack(new URLSearchParams({ state, error: 'access_denied', error_description: 'They said no' }))
  const members = { error: 'access_denied', error_description: 'They said no' }
  expect(Object.fromEntries(end.searchParams)).toEqual(members)
  expect(Object.fromEntries(new URLSearchParams(end.hash.slice(1)))).toEqual({ ...members, sb: '' })
  expect(end.protocol).toBe('myapp:')
  const missing = new URL(await begin('google', await pkce())).searchParams.get('state')!
  expect(errorOf(await comeBack(new URLSearchParams({ state: missing })))).toEqual(['invalid_request', 'bad_oauth_callback'])
})

test('a provider whose answer is of somebody or something else gets nobody in, and the log says why without a secret', async () => {
  lines.length = 0
  const other = await tokenSigner(acme.issuer)
  const account = { sub: newSubject(), email: newEmail(), email_verified: true }
  const claims = { aud: 'trails', sub: account.sub }
  const answers: Record<string, (answer: Record<string, unknown>) => Record<string, unknown>> = {}
  const put = (name: string, idToken: string | undefined) => (answers[name] = (answer) => ({ ...answer, id_token: idToken }))
  put('no token', undefined)
  put('another’s nonce', await acme.idToken({ ...claims, nonce: 'another' }))
  put('no nonce', await acme.idToken(claims))
  put('a forged one', await other.idToken(claims))
  put('another app’s', await acme.idToken({ ...claims, aud: 'other' }))
  answers['no access token'] = () => ({ error: 'invalid_grant' })
  for (const [name, answer] of Object.entries(answers)) {
    tamper(answer)
    expect(errorOf(await visit('acme', account, await pkce())), name).toEqual(['server_error', 'unexpected_failure'])
  }
  tamper(undefined)
  expect(await sql('select count(*) as n from auth_identities where subject = ?', account.sub)).toEqual([{ n: 0 }])
  const told = lines.filter((line) => line.includes('oauth.failed'))
  expect(told).toHaveLength(Object.keys(answers).length)
  expect(told.join()).not.toMatch(/at-|rt-|code-|secret|eyJ/)
})

test('RFC 9207: an answer that names another issuer, or none where the provider always names itself, is refused', async () => {
  for (const iss of ['https://evil.example', null]) {
    const returned = await fakes.acme.consent(await begin('acme', await pkce()), { sub: newSubject() })
    if (iss !== null) returned.set('iss', iss)
    expect(errorOf(await comeBack(returned)), String(iss)).toEqual(['invalid_request', 'bad_oauth_callback'])
  }
  const mixed = await fakes.google.consent(await begin('google', await pkce()), { sub: newSubject() })
  mixed.set('iss', 'https://op.acme.example')
  expect(errorOf(await comeBack(mixed))).toEqual(['invalid_request', 'bad_oauth_callback'])
})

test('what is off or wrong is told before anybody is sent anywhere', async () => {
  const told = async (answer: ReturnType<typeof authorize>) => {
    const { status, json: body } = await answer
    return [status, (body as { error_code: string }).error_code]
  }
  expect(await told(authorize('keycloak'))).toEqual([400, 'validation_failed'])
  expect(await told(authorize(''))).toEqual([400, 'validation_failed'])
  expect(await told(authorize('__proto__'))).toEqual([400, 'validation_failed'])
  expect(await told(authorize('google', { code_challenge: 'x'.repeat(43) }))).toEqual([400, 'validation_failed'])
  expect(await told(authorize('google', { code_challenge: 'short', code_challenge_method: 's256' }))).toEqual([400, 'validation_failed'])
  expect(await told(authorize('google', { scopes: 'a"b' }))).toEqual([400, 'validation_failed'])
  // A secret that the operator forgot.
  for (const provider of ['google', 'apple', 'github']) expect((await authorize(provider, {}, unset)).status, provider).toBe(503)
  const seen = await backend.nobody('/auth/v1/authorize?provider=google', { method: 'HEAD' })
  expect([seen.status, seen.headers.get('location')]).toEqual([200, null])
})

test('P15: who only looks at the way back doesn’t use it up', async () => {
  const returned = await fakes.google.consent(await begin('google', await pkce()), { sub: newSubject() })
  const seen = await backend.nobody(`/auth/v1/callback?${returned.toString()}`, { method: 'HEAD' })
  expect([seen.status, seen.headers.get('location')]).toEqual([200, null])
  expect((await comeBack(returned)).searchParams.get('code')).not.toBe(null)
})

test('where sign-up is off the browser is told so', async () => {
  const returned = await fakes.google.consent(await begin('google', await pkce()), { sub: newSubject() })
  expect(errorOf(await comeBack(returned, false, unlinkable))).toEqual(['access_denied', 'signup_disabled'])
})

async function beginLink(ask: Ask, query: Readonly<Record<string, string>> = {}): Promise<string> {
  const asked = new URLSearchParams({ provider: 'google', redirect_to: 'myapp://linked', skip_http_redirect: 'true', ...query })
  const { status, json: body, text } = await ask(`/auth/v1/user/identities/authorize?${asked.toString()}`)
  if (status !== 200) throw new Error(text)
  return (body as { url: string }).url
}

test('a person adds an account: it is theirs once their app exchanges the code, not before', async () => {
  const person = await backend.person()
  const [sub, email] = [newSubject(), newEmail()]
  const url = await beginLink(person.ask, await pkce())
  const end = await comeBack(await fakes.google.consent(url, { sub, email, email_verified: true }))
  expect(end.href).toMatch(/^myapp:\/\/linked\?code=/)
  expect(await sql('select count(*) as n from auth_identities where subject = ?', sub)).toEqual([{ n: 0 }])
  const { status, body } = await exchange(end.searchParams.get('code')!)
  expect(status).toBe(200)
  expect(body).toMatchObject({ provider_token: expect.any(String), user: { id: person.id, email, is_anonymous: false } })
  expect(await sql('select count(*) as n from auth_sessions where user_id = ?', person.id)).toEqual([{ n: 1 }])
})

test('who is led to a provider by somebody else’s link gives them nothing', async () => {
  const attacker = await backend.person()
  const sub = newSubject()
  const end = await comeBack(await fakes.google.consent(await beginLink(attacker.ask, await pkce('attacker'.repeat(6))), { sub }))
  // The code is in the victim's browser, and the victim's app has another verifier.
  expect((await exchange(end.searchParams.get('code')!)).status).toBe(400)
  expect(await sql('select count(*) as n from auth_identities where subject = ?', sub)).toEqual([{ n: 0 }])
})

test('without PKCE an account is added on the way back, and the session goes on', async () => {
  const person = await backend.person()
  const sub = newSubject()
  const end = await comeBack(await fakes.google.consent(await beginLink(person.ask), { sub }))
  expect(new URLSearchParams(end.hash.slice(1)).get('access_token')).not.toBe(null)
  expect(await sql('select user_id from auth_identities where subject = ?', sub)).toEqual([{ user_id: person.id }])
})

test('an account that is somebody’s is told on the way back, and a person who signed out gets none', async () => {
  const [one, other] = [await backend.person(), await backend.person()]
  const sub = newSubject()
  await comeBack(await fakes.google.consent(await beginLink(one.ask), { sub }))
  for (const query of [{}, await pkce()]) {
    const end = await comeBack(await fakes.google.consent(await beginLink(other.ask, query), { sub }))
    expect(errorOf(end)).toEqual(['server_error', 'identity_already_exists'])
    expect(end.searchParams.get('error_description')).toBe('Identity is already linked to another user')
  }
  const fresh = newSubject()
  const end = await comeBack(await fakes.google.consent(await beginLink(other.ask, await pkce()), { sub: fresh }))
  await other.ask('/auth/v1/logout', { method: 'POST' })
  const late = await exchange(end.searchParams.get('code')!)
  expect([late.status, late.body['error_code']]).toEqual([403, 'session_not_found'])
  expect(await sql('select count(*) as n from auth_identities where subject = ?', fresh)).toEqual([{ n: 0 }])
})

test('adding an account takes a person who is signed in, and an app that allows it', async () => {
  const path = '/auth/v1/user/identities/authorize?provider=google&skip_http_redirect=true'
  expect((await backend.stranger(path)).status).toBe(401)
  const person = await backend.person()
  const off = await unlinkable.stranger(path, { headers: { authorization: `Bearer ${person.token}` } })
  expect([off.status, (off.json as { error_code: string }).error_code]).toEqual([404, 'manual_linking_disabled'])
  const redirected = await person.ask('/auth/v1/user/identities/authorize?provider=google')
  expect([redirected.status, new URL(redirected.headers.get('location')!).host]).toEqual([302, 'accounts.google.com'])
})

test('the way there costs one call to the database, the way back three, the exchange two', async () => {
  const calls = ({ headers }: { readonly headers: Headers }) => Number(headers.get('x-perigee-d1-calls'))
  const account = { sub: newSubject() }
  await signIn('google', account)
  const begun = await authorize('google', { redirect_to: 'myapp://callback', ...(await pkce()) })
  const returned = await fakes.google.consent(begun.headers.get('location')!, account)
  const back = await backend.nobody(`/auth/v1/callback?${returned.toString()}`)
  const code = new URL(back.headers.get('location')!).searchParams.get('code')
  const exchanged = await backend.stranger('/auth/v1/token?grant_type=pkce', { body: { auth_code: code, code_verifier: VERIFIER } })
  const unknown = await backend.nobody(`/auth/v1/callback?state=${crypto.randomUUID()}`)
  const odd = await backend.nobody('/auth/v1/callback?state=x')
  expect([begun, back, exchanged, unknown, odd].map(calls)).toEqual([1, 3, 2, 1, 0])
})
