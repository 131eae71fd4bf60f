// Whose an identity becomes, adding one while signed in, and taking one away.
import { expect, test } from 'vitest'
import { sql } from '../support/backend'
import { hashedNonce } from '../support/fake-provider'
import { messagesTo } from '../support/messages'
import { randomOf } from '../support/random'
import { backend, closed, grant, newEmail, lenient, newSubject, signIn, token, withToken } from './providers'

const PASSWORD = 'correct horse battery'

interface Shown {
  readonly id: string
  readonly email: string
  readonly is_anonymous: boolean
  readonly app_metadata: Readonly<Record<string, unknown>>
  readonly user_metadata: Readonly<Record<string, unknown>>
  readonly identities: readonly { readonly identity_id: string; readonly provider: string; readonly id: string }[]
}

async function signUp(email: string, data: Readonly<Record<string, unknown>> = {}) {
  const { json } = await lenient.stranger('/auth/v1/signup', { body: { email, password: PASSWORD, data } })
  return json as { access_token: string; user: Shown }
}

const passwordSignIn = (email: string) => backend.stranger('/auth/v1/token?grant_type=password', { body: { email, password: PASSWORD } })

async function show(accessToken: string): Promise<Shown> {
  return (await withToken(accessToken)('/auth/v1/user')).json
}

/** As it is while the mail to a new person wasn't answered. */
async function unconfirm(userId: string): Promise<void> {
  await sql('update auth_users set email_confirmed_at = null where id = ?', userId)
}

async function link(accessToken: string, provider: string, claims: Readonly<Record<string, unknown>>) {
  return grant(withToken(accessToken), { provider, id_token: await token(provider, claims), link_identity: true })
}

async function unlink(accessToken: string, identityId: string) {
  const { status, json } = await withToken(accessToken)(`/auth/v1/user/identities/${identityId}`, { method: 'DELETE' })
  return [status, (json as { error_code?: string }).error_code ?? 'ok'] as const
}

test('P1: who signed up with somebody’s address and never showed that it is theirs loses every door when its owner comes', async () => {
  const email = newEmail()
  const attacker = await signUp(email, { full_name: 'Mallory', note: 'planted' })
  const subject = newSubject()
  await link(attacker.access_token, 'acme', { sub: subject })
  await unconfirm(attacker.user.id)
  const owner = await signIn('google', { email: email.toUpperCase(), email_verified: true, name: 'Victoria' })
  expect(owner.status).toBe(200)
  expect(owner.body.user).toMatchObject({ id: attacker.user.id, email, app_metadata: { provider: 'google', providers: ['google'] } })
  expect(owner.body.user.identities.map(({ provider }) => provider)).toEqual(['google'])
  expect(owner.body.user.user_metadata).toMatchObject({ full_name: 'Victoria' })
  expect(JSON.stringify(owner.body)).not.toMatch(/Mallory|planted/)
  const password = await passwordSignIn(email)
  expect([password.status, (password.json as { error_code: string }).error_code]).toEqual([400, 'invalid_credentials'])
  expect((await withToken(attacker.access_token)('/auth/v1/user')).status).toBe(403)
  const back = await signIn('acme', { sub: subject })
  expect(back.body.user.id).not.toBe(owner.body.user.id)
})

test('P1: fifty who come for an unconfirmed address at once are one person with one identity', async () => {
  const email = newEmail()
  const { user } = await signUp(email)
  await unconfirm(user.id)
  const sub = newSubject()
  const all = await Promise.all(Array.from({ length: 50 }, () => signIn('google', { sub, email, email_verified: true })))
  expect(new Set(all.map(({ status, body }) => `${status} ${body.user?.id}`))).toEqual(new Set([`200 ${user.id}`]))
  expect(await sql('select provider from auth_identities where user_id = ?', user.id)).toEqual([{ provider: 'google' }])
})

test('who was invited keeps what their administrator wrote of them, and no more', async () => {
  const [email, id] = [newEmail(), crypto.randomUUID()]
  await sql(
    `insert into auth_users (id, email, invited_at, app_metadata, user_metadata, created_at, updated_at)
      values (?, ?, 1000, '{"roles":["guide"]}', '{"team":"north","full_name":"?"}', 1000, 1000)`,
    id,
    email,
  )
  const { body } = await signIn('google', { email, email_verified: true, name: 'Ada' })
  expect(body.user).toMatchObject({
    id,
    app_metadata: { roles: ['guide'], provider: 'google' },
    user_metadata: { team: 'north', full_name: 'Ada' },
  })
  const planted = await signUp(newEmail(), { note: 'planted' })
  await sql('update auth_users set email_confirmed_at = null, invited_at = created_at + 1 where id = ?', planted.user.id)
  const owner = await signIn('google', { email: planted.user.email, email_verified: true })
  expect(JSON.stringify(owner.body)).not.toContain('planted')
})

test('an address that both sides have verified joins a new identity to the person, who loses nothing', async () => {
  const email = newEmail()
  const { access_token: accessToken, user } = await signUp(email, { full_name: 'Ada' })
  const joined = await signIn('google', { email, email_verified: true, name: 'Other', picture: 'https://example.com/a.png' })
  expect(joined.body.user).toMatchObject({ id: user.id, app_metadata: { provider: 'email', providers: ['email', 'google'] } })
  expect(joined.body.user.user_metadata).toMatchObject({ full_name: 'Ada', avatar_url: 'https://example.com/a.png' })
  expect((await show(accessToken)).identities.map(({ provider }) => provider)).toEqual(['email', 'google'])
  expect((await passwordSignIn(email)).status).toBe(200)
  const actions = await sql('select action from auth_audit where user_id = ? order by id', user.id)
  expect(actions.map(({ action }) => action)).toContain('identity_linked')
})

test('P6: an address that the provider doesn’t vouch for never joins anything, and makes nobody', async () => {
  const email = newEmail()
  const { user } = await signUp(email)
  for (const [provider, claims] of [
    ['google', { email_verified: false }],
    ['google', {}],
    ['google', { email_verified: 'false' }],
    ['acme', { email_verified: null }],
    ['azure', { email_verified: true }],
    ['azure', { email_verified: true, xms_edov: '0' }],
    ['azure', { xms_edov: false }],
  ] as const) {
    const refused = await signIn(provider, { email, ...claims })
    expect([refused.status, refused.body['error_code']], JSON.stringify([provider, claims])).toEqual([
      422,
      'provider_email_needs_verification',
    ])
  }
  expect(await sql('select provider from auth_identities where user_id = ?', user.id)).toEqual([{ provider: 'email' }])
  for (const edov of [true, 1, '1', 'true']) {
    expect((await signIn('azure', { email, xms_edov: edov })).body.user.id, String(edov)).toBe(user.id)
  }
})

test('P6: where addresses count without proof, one that the provider doesn’t vouch for is taken only if it is nobody’s', async () => {
  const email = newEmail()
  const first = await signIn('google', { email }, {}, lenient.stranger)
  expect(first.body.user).toMatchObject({ email })
  expect(first.body.user).not.toHaveProperty('email_confirmed_at')
  const second = await signIn('acme', { email, email_verified: false }, {}, lenient.stranger)
  expect(second.body.user).toMatchObject({ email: '' })
  expect(second.body.user.id).not.toBe(first.body.user.id)
  const [later, sub] = [newEmail(), newSubject()]
  await signIn('google', { sub, email: later }, {}, lenient.stranger)
  expect((await signIn('google', { sub, email: later, email_verified: true })).body.user).toHaveProperty('email_confirmed_at')
  // Its owner comes, and shares it with nobody.
  const owner = await signIn('lax', { email, email_verified: true }, {}, lenient.stranger)
  expect(owner.body.user.identities.map(({ provider }) => provider)).toEqual(['lax'])
  expect((await show(first.body.access_token)).identities ?? null).toBe(null)
})

test('P6: whoever comes first, and all at once: one verified address is one person, whom nobody else is let in to', async () => {
  const random = randomOf(20_261_125)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const emails = Array.from({ length: 3 }, newEmail)
  const accounts = Array.from({ length: 12 }, (_, i) => ({
    provider: pick(['google', 'acme', 'lax']),
    sub: newSubject(),
    email: emails[i % 3]!,
    email_verified: i % 4 !== 3,
  }))
  const visits = Array.from({ length: 80 }, () => pick(accounts))
  const answers = await Promise.all(
    visits.map(async ({ provider, ...claims }) => signIn(provider, claims, {}, pick([lenient, backend]).stranger)),
  )
  expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 422)).toEqual([])
  const rows = await sql('select user_id, subject from auth_identities')
  const ownerOf = new Map(rows.map(({ subject, user_id: id }) => [subject, id]))
  for (const email of emails) {
    const verified = accounts.filter((one) => one.email === email && one.email_verified && ownerOf.has(one.sub))
    const owners = new Set(verified.map(({ sub }) => ownerOf.get(sub)))
    expect(owners.size).toBe(1)
    const [owner] = owners
    const theirs = rows.filter(({ user_id: id }) => id === owner).map(({ subject }) => subject)
    expect(new Set(theirs)).toEqual(new Set(verified.map(({ sub }) => sub)))
    expect(await sql('select id from auth_users where email = ?', email)).toEqual([{ id: owner }])
  }
})

test('P6: an address is the same in any case, but not by Unicode’s folding', async () => {
  const name = `kim${crypto.randomUUID().slice(0, 8)}`
  const { user } = await signUp(`${name}@example.com`)
  expect((await signIn('google', { email: `${name.toUpperCase()}@EXAMPLE.com`, email_verified: true })).body.user.id).toBe(user.id)
  // The Kelvin sign becomes a k.
  const kelvin = await signIn('google', { email: `\u212a${name.slice(1)}@example.com`, email_verified: true })
  expect(kelvin.status).toBe(422)
})

test('an address that the provider tells later becomes that of who had none, and one that it leaves out later stays', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const first = await signIn('apple', { sub })
  const told = await signIn('apple', { sub, email, email_verified: true })
  expect(told.body.user).toMatchObject({ id: first.body.user.id, email, email_confirmed_at: expect.any(String) })
  const later = await signIn('apple', { sub })
  expect(later.body.user).toMatchObject({ email, user_metadata: { email, email_verified: true } })
  expect(later.body.user.identities).toMatchObject([{ email, identity_data: { email, email_verified: true } }])
  const other = await signIn('apple', {})
  const { body } = await signIn('apple', { sub: (other.body.user.identities[0] as { id: string }).id, email, email_verified: true })
  expect(body.user).toMatchObject({ id: other.body.user.id, email: '' })
})

test('a person without any address signs in all the same', async () => {
  const first = await signIn('apple', {})
  expect(first.body.user).toMatchObject({ email: '', is_anonymous: false })
  const odd = await signIn('google', { email: 'no address', email_verified: true })
  expect(odd.body.user.email).toBe('')
})

test('where sign-up is off, who is known signs in and nobody else, and nobody adds or removes ways in', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const refused = await signIn('google', { sub, email, email_verified: true }, {}, closed.stranger)
  expect([refused.status, refused.body['error_code']]).toEqual([422, 'signup_disabled'])
  const known = await signIn('google', { sub, email, email_verified: true })
  expect((await signIn('google', { sub }, {}, closed.stranger)).body.user.id).toBe(known.body.user.id)
  const person = await backend.person()
  const asPerson: typeof closed.stranger = (address, asked = {}) =>
    closed.stranger(address, { ...asked, headers: { authorization: `Bearer ${person.token}` } })
  const link = await grant(asPerson, { provider: 'google', id_token: await token('google', {}), link_identity: true })
  expect([link.status, link.body['error_code']]).toEqual([404, 'manual_linking_disabled'])
  const unlinked = await asPerson(`/auth/v1/user/identities/${crypto.randomUUID()}`, { method: 'DELETE' })
  expect([unlinked.status, (unlinked.json as { error_code: string }).error_code]).toEqual([404, 'manual_linking_disabled'])
})

test('who is banned gets in by no provider', async () => {
  const sub = newSubject()
  const { body } = await signIn('google', { sub })
  await sql('update auth_users set banned_until = 9999999999999 where id = ?', body.user.id)
  const refused = await signIn('google', { sub })
  expect([refused.status, refused.body['error_code']]).toEqual([403, 'user_banned'])
})

test('people are told by mail when a way in comes or goes, at the address that they had, and nobody for nothing', async () => {
  const [email, other] = [newEmail(), newEmail()]
  const { access_token: accessToken } = await signUp(email)
  const kinds = async (to: string) => (await messagesTo(to)).map(({ kind, text }) => [kind, /google|acme/.exec(text)?.[0]])
  const sub = newSubject()
  await signIn('google', { sub, email, email_verified: true })
  expect(await kinds(email)).toEqual([['identity_linked', 'google']])
  await signIn('google', { sub, email, email_verified: true })
  await link(accessToken, 'google', { sub })
  await link(accessToken, 'acme', { email: other, email_verified: true })
  expect(await kinds(email)).toEqual([
    ['identity_linked', 'acme'],
    ['identity_linked', 'google'],
  ])
  const { identity_id: id } = (await show(accessToken)).identities.find(({ provider }) => provider === 'acme')!
  await Promise.all(Array.from({ length: 5 }, () => unlink(accessToken, id)))
  expect((await kinds(email))[0]).toEqual(['identity_unlinked', 'acme'])
  expect(await kinds(email)).toHaveLength(3)
  expect(await kinds(other)).toEqual([])
})

test('an anonymous person who links an identity is permanent, with the same id, the same session and a verified address', async () => {
  const person = await backend.person()
  const [email, nonce] = [newEmail(), crypto.randomUUID()]
  const linked = await grant(person.ask, {
    provider: 'google',
    id_token: await token('google', { email, email_verified: true, name: 'Ada', nonce: await hashedNonce(nonce) }),
    nonce,
    link_identity: true,
  })
  expect(linked.body.user).toMatchObject({
    id: person.id,
    email,
    is_anonymous: false,
    user_metadata: { full_name: 'Ada' },
    app_metadata: { provider: 'google', providers: ['google'] },
  })
  expect(await sql('select count(*) as n from auth_sessions where user_id = ?', person.id)).toEqual([{ n: 1 }])
  const fresh = await backend.stranger('/auth/v1/token?grant_type=refresh_token', { body: { refresh_token: linked.body.refresh_token } })
  expect(fresh.status).toBe(200)
  // An address that the provider doesn't vouch for isn't taken.
  const other = await backend.person()
  expect((await link(other.token, 'google', { email: newEmail(), email_verified: false })).body.user).toMatchObject({
    email: '',
    is_anonymous: false,
  })
})

test('an identity is linked once, and an address that is somebody’s is not taken from them', async () => {
  const [one, other] = [await backend.person(), await backend.person()]
  const [sub, email] = [newSubject(), newEmail()]
  await link(one.token, 'google', { sub, email, email_verified: true })
  const twice = await link(one.token, 'google', { sub, email, email_verified: true })
  expect([twice.status, twice.body['error_code'], twice.body['msg']]).toEqual([
    422,
    'identity_already_exists',
    'Identity is already linked',
  ])
  const theirs = await link(other.token, 'google', { sub, email, email_verified: true })
  expect([theirs.status, theirs.body['msg']]).toEqual([422, 'Identity is already linked to another user'])
  const taken = await link(other.token, 'acme', { email, email_verified: true })
  expect([taken.status, taken.body['error_code']]).toEqual([422, 'email_exists'])
  expect((await show(other.token)).is_anonymous).toBe(true)
  expect((await grant(backend.stranger, { provider: 'acme', id_token: await token('acme', {}), link_identity: true })).status).toBe(401)
})

test('fifty who link one identity at once: one person has it', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => backend.person()))
  const sub = newSubject()
  const all = await Promise.all(Array.from({ length: 50 }, (_, i) => link(people[i % 10]!.token, 'google', { sub })))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(await sql('select count(*) as n from auth_identities where subject = ?', sub)).toEqual([{ n: 1 }])
})

test('unlinking: not the last, not another’s, and only what is there', async () => {
  const person = await backend.person()
  await link(person.token, 'google', {})
  const [only] = (await show(person.token)).identities
  expect(await unlink(person.token, only!.identity_id)).toEqual([422, 'single_identity_not_deletable'])
  await link(person.token, 'acme', {})
  expect(await unlink(person.token, crypto.randomUUID())).toEqual([422, 'identity_not_found'])
  const stranger = await backend.person()
  await link(stranger.token, 'google', {})
  await link(stranger.token, 'acme', {})
  expect(await unlink(stranger.token, only!.identity_id)).toEqual([422, 'identity_not_found'])
  expect((await backend.stranger(`/auth/v1/user/identities/${only!.identity_id}`, { method: 'DELETE' })).status).toBe(401)
  expect(await unlink(person.token, only!.identity_id.toUpperCase())).toEqual([200, 'ok'])
  expect((await show(person.token)).app_metadata).toEqual({ provider: 'acme', providers: ['acme'] })
})

test('P22: an identity’s id is a UUID and nothing else', async () => {
  const person = await backend.person()
  for (const id of ['x', '%2e%2e%2fuser', "'", '0', 'null']) expect(await unlink(person.token, id), id).toEqual([404, 'validation_failed'])
})

test('P25: of two who unlink the last two at once, one is left', async () => {
  for (let round = 0; round < 5; round++) {
    const person = await backend.person()
    await link(person.token, 'google', {})
    await link(person.token, 'acme', {})
    const { identities } = await show(person.token)
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => unlink(person.token, identities[i % 2]!.identity_id)))
    expect(all.filter(([status]) => status === 200)).toHaveLength(1)
    expect((await show(person.token)).identities).toHaveLength(1)
  }
})

test('P25: with an identity goes its address; the next verified one takes its place, an unverified one is unconfirmed', async () => {
  const person = await backend.person()
  const [first, second, third] = [newEmail(), newEmail(), newEmail()]
  await link(person.token, 'google', { email: first, email_verified: true })
  await link(person.token, 'acme', { email: second, email_verified: false })
  await link(person.token, 'lax', { email: third, email_verified: true })
  const identities = Object.fromEntries((await show(person.token)).identities.map((one) => [one.provider, one.identity_id]))
  expect(await unlink(person.token, identities['google']!)).toEqual([200, 'ok'])
  expect(await show(person.token)).toMatchObject({ email: third, email_confirmed_at: expect.any(String) })
  expect(await unlink(person.token, identities['lax']!)).toEqual([200, 'ok'])
  const after = await show(person.token)
  expect(after).toMatchObject({ email: second })
  expect(after).not.toHaveProperty('email_confirmed_at')
})

test('an address that another person has can’t be inherited, and the identity stays', async () => {
  const person = await backend.person()
  const [own, taken] = [newEmail(), newEmail()]
  await link(person.token, 'google', { email: own, email_verified: true })
  await link(person.token, 'acme', { email: taken, email_verified: true })
  await signIn('google', { email: taken, email_verified: true })
  const google = (await show(person.token)).identities.find(({ provider }) => provider === 'google')!
  expect(await unlink(person.token, google.identity_id)).toEqual([422, 'email_conflict_identity_not_deletable'])
  expect((await show(person.token)).identities).toHaveLength(2)
})

test('who takes away their address as a way in takes its password away, too', async () => {
  const email = newEmail()
  const { access_token: accessToken } = await signUp(email)
  await link(accessToken, 'google', { email, email_verified: true })
  const { identity_id: id } = (await show(accessToken)).identities.find(({ provider }) => provider === 'email')!
  expect(await unlink(accessToken, id)).toEqual([200, 'ok'])
  expect((await show(accessToken)).email).toBe(email)
  expect((await passwordSignIn(email)).status).toBe(400)
})

test('a stolen session that hasn’t shown the second factor of its person adds no way in and takes none away', async () => {
  const person = await backend.person()
  await link(person.token, 'google', { email: newEmail(), email_verified: true })
  await link(person.token, 'acme', {})
  const { identity_id: id } = (await show(person.token)).identities[0]!
  await sql(
    `insert into auth_factors (id, user_id, type, status, created_at, updated_at) values (?, ?, 'totp', 'verified', 1, 1)`,
    crypto.randomUUID(),
    person.id,
  )
  const refused = await link(person.token, 'lax', {})
  expect([refused.status, refused.body['error_code']]).toEqual([403, 'insufficient_aal'])
  const begun = await withToken(person.token)('/auth/v1/user/identities/authorize?provider=google&skip_http_redirect=true')
  expect([begun.status, (begun.json as { error_code: string }).error_code]).toEqual([403, 'insufficient_aal'])
  expect(await unlink(person.token, id)).toEqual([403, 'insufficient_aal'])
  expect((await show(person.token)).identities).toHaveLength(2)
  await sql(`update auth_sessions set aal = 'aal2' where user_id = ?`, person.id)
  const { token: strong } = await backend.refreshed(person)
  expect((await link(strong, 'lax', {})).status).toBe(200)
  expect(await unlink(strong, id)).toEqual([200, 'ok'])
})
