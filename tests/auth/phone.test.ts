// Phone numbers as a way in: with a password or a code by text message, and as something that changes.
import { beforeEach, describe, expect, test } from 'vitest'
import { sql, type Answer } from '../support/backend'
import { messagesTo, messageTo } from '../support/messages'
import { app, backend, PASSWORD, newPhone, bodyOf, post, codeOf, verify, password, wrong, member, as, put } from './phones'

beforeEach(async () => {
  await sql('DELETE FROM sys_outbox')
})

describe('a code by text message', () => {
  test('signs a new person in, in the language that the phone asks for', async () => {
    const phone = newPhone()
    const asked = await backend.stranger('/auth/v1/otp', {
      body: { phone: `+${phone}`, data: { name: 'Ann' } },
      headers: { 'accept-language': 'de-CH' },
    })
    expect([asked.status, asked.json]).toEqual([200, { message_id: expect.stringMatching(/^[0-9a-f-]{36}$/) }])
    const message = await messageTo(phone, app())
    expect(message).toMatchObject({
      channel: 'sms',
      to: `+${phone}`,
      kind: 'phone_confirmation',
      locale: 'de',
      id: bodyOf(asked).message_id,
    })
    const answer = await verify(`+${phone}`, String(message.variables['code']))
    expect(answer.status, answer.text).toBe(200)
    const { user } = bodyOf(answer)
    expect(user).toMatchObject({
      phone,
      email: '',
      is_anonymous: false,
      phone_confirmed_at: expect.any(String),
      app_metadata: { provider: 'phone', providers: ['phone'] },
      user_metadata: { name: 'Ann', phone, phone_verified: true },
      identities: [{ provider: 'phone', identity_data: { phone, phone_verified: true } }],
    })
    const claims = JSON.parse(atob(bodyOf(answer).access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as object
    expect(claims).toMatchObject({ phone, amr: [{ method: 'otp' }] })
  })

  test('signs who is known in again, and leaves their password and metadata as they are', async () => {
    const phone = newPhone()
    await post('signup', { phone, password: PASSWORD, data: { name: 'Ann' } })
    const first = bodyOf(await verify(phone, await codeOf(phone))).user
    await post('otp', { phone, data: { name: 'Eve' } })
    const again = bodyOf(await verify(phone, await codeOf(phone))).user
    expect(again).toMatchObject({ id: first.id, user_metadata: { name: 'Ann' } })
    expect((await password(phone)).status).toBe(200)
  })

  test('P9: posted fifty times at once opens one session', async () => {
    const phone = newPhone()
    await post('otp', { phone })
    const code = await codeOf(phone)
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(phone, code)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 403)).toHaveLength(49)
    expect(await sql('SELECT count(*) AS n FROM auth_sessions s JOIN auth_users u ON u.id = s.user_id WHERE u.phone = ?1', phone)).toEqual([
      { n: 1 },
    ])
  })

  test('P10: wrong codes are counted, fifty at once too, and a new code gives no new tries', async () => {
    const phone = newPhone()
    await post('otp', { phone })
    const code = await codeOf(phone)
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(phone, wrong(code))))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(bodyOf(answers[0]!)).toMatchObject({ error_code: 'otp_expired', msg: 'Token has expired or is invalid' })
    expect((await verify(phone, code)).status).toBe(403)
    await post('otp', { phone })
    expect((await verify(phone, await codeOf(phone))).status).toBe(403)
  })

  test('P10: strangers who guess keep nobody out on a device on which they signed in, which has five tries itself', async () => {
    const phone = newPhone()
    await post('otp', { phone })
    const first = await verify(phone, await codeOf(phone))
    const key = first.headers.get('x-device-key')!
    const here = (token: string, of = key) =>
      backend.stranger('/auth/v1/verify', { body: { type: 'sms', phone, token }, headers: { 'x-device-key': of } })
    for (const own of [true, false]) {
      await post('otp', { phone })
      const code = await codeOf(phone)
      await Promise.all(Array.from({ length: 50 }, () => verify(phone, wrong(code))))
      expect((await verify(phone, code)).status).toBe(403)
      expect((await here(code, key.slice(0, -3) + (key.endsWith('AAA') ? 'BBB' : 'AAA'))).status).toBe(403)
      if (!own) await Promise.all(Array.from({ length: 50 }, () => here(wrong(code))))
      expect((await here(code)).status).toBe(own ? 200 : 403)
    }
  })

  test('is good for its minute', async () => {
    const phone = newPhone()
    await post('otp', { phone })
    const code = await codeOf(phone)
    const [{ left }] = (await sql(
      `SELECT expires_at - unixepoch() * 1000 AS left FROM auth_one_time_tokens WHERE address = ?1`,
      phone,
    )) as [{ left: number }]
    expect(left).toBeGreaterThan(50_000)
    expect(left).toBeLessThanOrEqual(61_000)
    await sql('UPDATE auth_one_time_tokens SET expires_at = 1 WHERE address = ?1', phone)
    expect((await verify(phone, code)).status).toBe(403)
  })

  test('P17: proves a number and nothing else: neither a mail, nor another number, nor a change', async () => {
    const phone = newPhone()
    await post('otp', { phone })
    const code = await codeOf(phone)
    expect((await verify(newPhone(), code)).status).toBe(403)
    expect((await verify(phone, code, 'phone_change')).status).toBe(403)
    for (const type of ['signup', 'email', 'recovery', 'magiclink', 'email_change', 'invite'])
      expect((await post('verify', { type, phone, token: code })).status).toBe(400)
    const stored = (await sql('SELECT link_hash FROM auth_one_time_tokens WHERE address = ?1', phone))[0]!
    expect((await post('verify', { type: 'sms', token_hash: stored['link_hash'] })).status).not.toBe(200)
    expect((await verify(phone, code)).status).toBe(200)
  })

  test('P18: is asked for at the same cost and with the same answer for whoever is known, waits, or is nobody', async () => {
    const waiting = newPhone()
    await post('signup', { phone: waiting, password: PASSWORD })
    const shapes = []
    for (const phone of [(await member()).phone, waiting, newPhone()]) {
      const { status, json, headers } = await post('otp', { phone, create_user: false })
      shapes.push([status, Object.keys(json), headers.get('x-perigee-d1-calls')])
    }
    expect(shapes).toEqual([shapes[0], shapes[0], shapes[0]])
    expect(shapes[0]![2]).toBe('2')
  })

  test('costs what the page says', async () => {
    const { token, phone } = await member()
    const calls = async (answer: Promise<Answer>) => Number((await answer).headers.get('x-perigee-d1-calls'))
    const waiting = newPhone()
    expect(await calls(post('signup', { phone: waiting, password: PASSWORD }))).toBe(1)
    expect(await calls(post('resend', { type: 'sms', phone: waiting }))).toBe(2)
    expect(await calls(post('otp', { phone }))).toBe(2)
    const code = await codeOf(phone)
    expect(await calls(verify(phone, wrong(code)))).toBe(2)
    expect(await calls(verify(phone, code))).toBe(2)
    expect(await calls(put(token, { phone: newPhone() }))).toBe(2)
  })

  test('of a banned person opens nothing', async () => {
    const { phone, id } = await member()
    await post('otp', { phone })
    const code = await codeOf(phone)
    await sql('UPDATE auth_users SET banned_until = 9999999999999 WHERE id = ?1', id)
    const answer = await verify(phone, code)
    expect([answer.status, bodyOf(answer).error_code]).toEqual([403, 'user_banned'])
  })

  test('asked for again by resend goes to who waits, and nobody else hears a difference', async () => {
    const phone = newPhone()
    await post('signup', { phone, password: PASSWORD })
    await sql('DELETE FROM sys_outbox')
    const known = await post('resend', { type: 'sms', phone })
    const unknown = await post('resend', { type: 'sms', phone: newPhone() })
    expect([known.status, Object.keys(known.json)]).toEqual([unknown.status, Object.keys(unknown.json)])
    expect((await verify(phone, await codeOf(phone))).status).toBe(200)
    expect((await password(phone)).status).toBe(200)
    const before = (await messagesTo(phone, app())).length
    await post('resend', { type: 'sms', phone })
    expect(await messagesTo(phone, app())).toHaveLength(before)
  })
})

describe('a sign-up with number and password', () => {
  test('answers a user without a session, and the code makes it one', async () => {
    const phone = newPhone()
    const answer = await post('signup', { phone, password: PASSWORD, data: { name: 'Ann', phone_verified: true, sub: 'x' } })
    expect(answer.status, answer.text).toBe(200)
    expect(bodyOf(answer)).toMatchObject({
      phone,
      user_metadata: { name: 'Ann', phone_verified: false },
      confirmation_sent_at: expect.any(String),
    })
    expect(answer.json).not.toHaveProperty('access_token')
    expect((await password(phone)).status).toBe(400)
    expect((await verify(phone, await codeOf(phone))).status).toBe(200)
    const signedIn = await password(`+${phone}`)
    expect([signedIn.status, bodyOf(signedIn).user.phone]).toEqual([200, phone])
    const refused = await password(phone, 'another password')
    expect([refused.status, bodyOf(refused).error_code]).toEqual([400, 'invalid_credentials'])
  })

  test('P2: of somebody else leaves nothing: the password of the code that was used counts', async () => {
    const phone = newPhone()
    await post('signup', { phone, password: "the attacker's", data: { evil: true } })
    await post('signup', { phone, password: PASSWORD })
    const { user } = bodyOf(await verify(phone, await codeOf(phone)))
    expect(user.user_metadata).not.toHaveProperty('evil')
    expect((await password(phone, "the attacker's")).status).toBe(400)
    expect((await password(phone)).status).toBe(200)
  })

  test('P3: and a code without a password clears the one that waited', async () => {
    const phone = newPhone()
    await post('signup', { phone, password: "the attacker's", data: { evil: true } })
    await post('otp', { phone })
    expect(bodyOf(await verify(phone, await codeOf(phone))).user.user_metadata).not.toHaveProperty('evil')
    expect((await password(phone, "the attacker's")).status).toBe(400)
  })

  test('what an administrator wrote of somebody is theirs once they prove their number', async () => {
    const [phone, email] = [newPhone(), `p${crypto.randomUUID()}@example.com`]
    const body = { phone, email, password: PASSWORD, app_metadata: { roles: ['guide'] }, user_metadata: { plan: 'gold' } }
    const made = await backend.service('/auth/v1/admin/users', { body })
    expect(made.status, made.text).toBe(200)
    expect(bodyOf(await password(phone)).error_code).toBe('phone_not_confirmed')
    // A stranger's sign-up, whose code reaches the owner, gives no password of theirs.
    await post('signup', { phone, password: "the attacker's", data: { evil: true } })
    const { user } = bodyOf(await verify(phone, await codeOf(phone)))
    expect(user.user_metadata).not.toHaveProperty('evil')
    expect((await password(phone, "the attacker's")).status).toBe(400)
    expect(user).toMatchObject({
      email,
      app_metadata: { roles: ['guide'], providers: expect.arrayContaining(['phone']) as unknown },
      user_metadata: { plan: 'gold', phone, phone_verified: true },
    })
    expect((await password(phone)).status).toBe(200)
  })

  test('leaves nothing that somebody put into the account of a number before', async () => {
    const [phone, now, thief] = [newPhone(), String(Date.now()), newPhone()]
    await post('signup', { phone, password: PASSWORD })
    const [{ id }] = (await sql('SELECT id FROM auth_users WHERE phone = ?1', phone)) as [{ id: string }]
    // Whatever way it came there.
    await sql(`UPDATE auth_users SET password_hash = 'scrypt$x', user_metadata = '{"plan":"x"}', new_phone = ?2 WHERE id = ?1`, id, thief)
    await sql(`INSERT INTO auth_sessions (id, user_id, refreshed_at, created_at) VALUES (?1, ?2, ?3, ?3)`, crypto.randomUUID(), id, now)
    await post('resend', { type: 'phone_change', phone })
    const planted = await codeOf(thief)
    await post('otp', { phone })
    const { user } = bodyOf(await verify(phone, await codeOf(phone)))
    expect(user.user_metadata).not.toHaveProperty('plan')
    expect((await verify(thief, planted, 'phone_change')).status).toBe(403)
    expect(await sql('SELECT password_hash, new_phone, phone FROM auth_users WHERE id = ?1', id)).toEqual([
      { password_hash: null, new_phone: null, phone },
    ])
    expect(await sql('SELECT count(*) AS n FROM auth_sessions WHERE user_id = ?1', id)).toEqual([{ n: 1 }])
  })

  test('P18: with a number that is somebody’s answers as with a new one, and sends nothing', async () => {
    const { phone, id } = await member()
    await sql('DELETE FROM sys_outbox')
    const [taken, fresh] = [
      await post('signup', { phone, password: PASSWORD }),
      await post('signup', { phone: newPhone(), password: PASSWORD }),
    ]
    expect(taken.status).toBe(200)
    expect(bodyOf(taken).id).not.toBe(id)
    expect(Object.keys(taken.json)).toEqual(Object.keys(fresh.json))
    expect(taken.headers.get('x-perigee-d1-calls')).toBe(fresh.headers.get('x-perigee-d1-calls'))
    expect(await messagesTo(phone, app())).toEqual([])
  })

  test.each([
    [{ phone: '12', password: 'x'.repeat(3) }, 'weak_password'],
    [{ phone: '+0790000000', password: PASSWORD }, 'validation_failed'],
    [{ phone: '٤١٧٩', password: PASSWORD }, 'validation_failed'],
    [{ phone: '1'.repeat(16), password: PASSWORD }, 'validation_failed'],
    [{ phone: '41791111111', password: PASSWORD, channel: 'pigeon' }, 'validation_failed'],
    [{ phone: '41791111111', password: PASSWORD, code_challenge: 'x'.repeat(43) }, 'validation_failed'],
    [{ phone: '41791111111', email: 'a@example.com', password: PASSWORD }, 'validation_failed'],
    [{ phone: '41791111111' }, 'validation_failed'],
  ])('%j is refused with %s', async (body, code) => {
    const answer = await post('signup', body)
    expect(bodyOf(answer).error_code).toBe(code)
    expect(answer.text).not.toContain(PASSWORD)
  })
})

describe('a change of number', () => {
  test('takes effect with the code that the new number got', async () => {
    const { token, phone: old, id } = await member()
    const next = newPhone()
    const asked = await put(token, { phone: `+${next}` })
    expect([asked.status, bodyOf(asked)]).toMatchObject([200, { phone: old, new_phone: next }])
    const message = await messageTo(next, app())
    expect(message.kind).toBe('phone_change')
    expect((await verify(next, String(message.variables['code']), 'sms')).status).toBe(403)
    const changed = await verify(next, String(message.variables['code']), 'phone_change')
    expect(changed.status, changed.text).toBe(200)
    expect(bodyOf(changed).user).toMatchObject({ id, phone: next, identities: [{ identity_data: { phone: next } }] })
    expect(bodyOf(changed).user).not.toHaveProperty('new_phone')
    await post('otp', { phone: old, create_user: false })
    expect((await messagesTo(old, app())).map(({ kind }) => kind)).toEqual(['phone_confirmation'])
  })

  test('makes an anonymous person a permanent one, with the same id and the password that came with it', async () => {
    const { id, token } = await backend.person()
    const phone = newPhone()
    expect((await put(token, { phone, password: PASSWORD })).status).toBe(200)
    expect((await password(phone)).status).toBe(400)
    const { user } = bodyOf(await verify(phone, await codeOf(phone), 'phone_change'))
    expect(user).toMatchObject({ id, phone, is_anonymous: false, app_metadata: { provider: 'phone', providers: ['phone'] } })
    expect((await password(phone)).status).toBe(200)
  })

  test('is told by mail to who has an address, and overwrites no metadata that is written meanwhile', async () => {
    const { token, id, phone: old } = await member()
    const [email, next] = [`p${id}@example.com`, newPhone()]
    await sql('UPDATE auth_users SET email = ?1, email_confirmed_at = 1 WHERE id = ?2', email, id)
    await put(token, { phone: next })
    const code = await codeOf(next)
    const [answer] = await Promise.all([verify(next, code, 'phone_change'), put(token, { data: { name: 'Ann' } })])
    expect(answer.status, answer.text).toBe(200)
    expect(await messagesTo(email, app())).toMatchObject([{ kind: 'phone_changed', variables: { oldPhone: old } }])
    const [{ metadata }] = (await sql('SELECT user_metadata AS metadata FROM auth_users WHERE id = ?1', id)) as [{ metadata: string }]
    expect(JSON.parse(metadata)).toMatchObject({ name: 'Ann', phone: next, email_verified: true, phone_verified: true })
  })

  test('P17: to a number that somebody proved meanwhile is refused, and takes it from nobody', async () => {
    const { token, id } = await member()
    const next = newPhone()
    await put(token, { phone: next })
    const code = await codeOf(next)
    const owner = await member(next)
    const answer = await verify(next, code, 'phone_change')
    expect([answer.status, bodyOf(answer).error_code]).toEqual([422, 'phone_exists'])
    expect(await sql('SELECT id FROM auth_users WHERE phone = ?1', next)).toEqual([{ id: owner.id }])
    expect((await sql('SELECT count(*) AS n FROM auth_sessions WHERE user_id = ?1', id))[0]!['n']).toBe(1)
  })

  test('P18: to somebody else’s number is asked for like any other, gets no message, and never becomes theirs', async () => {
    const { phone: taken, id: owner } = await member()
    const people = [await backend.person(), await backend.person()] as const
    await sql('DELETE FROM sys_outbox')
    const answers = [await put(people[0].token, { phone: taken }), await put(people[1].token, { phone: newPhone() })]
    const [known, unknown] = answers.map(({ status, json, headers }) => [status, Object.keys(json), headers.get('x-perigee-d1-calls')])
    expect(known).toEqual(unknown)
    await post('resend', { type: 'phone_change', phone: taken })
    expect(await messagesTo(taken, app())).toEqual([])
    expect(await sql('SELECT id FROM auth_one_time_tokens WHERE user_id = ?1', people[0].id)).toEqual([])
    expect(await sql('SELECT id FROM auth_users WHERE phone = ?1', taken)).toEqual([{ id: owner }])
  })

  test('to a number that somebody only said was theirs takes it from them', async () => {
    const next = newPhone()
    await post('signup', { phone: next, password: "the squatter's" })
    const { token, id } = await member()
    await put(token, { phone: next })
    const code = (await messagesTo(next, app())).find(({ kind }) => kind === 'phone_change')!.variables['code']
    expect((await verify(next, String(code), 'phone_change')).status).toBe(200)
    expect(await sql('SELECT id FROM auth_users WHERE phone = ?1', next)).toEqual([{ id }])
    expect((await password(next, "the squatter's")).status).toBe(400)
  })

  test('is asked for again by the number one has, or by the new one where one has none', async () => {
    const { token, phone } = await member()
    const next = newPhone()
    await put(token, { phone: next })
    await sql('DELETE FROM sys_outbox')
    await post('resend', { type: 'phone_change', phone })
    expect((await verify(next, await codeOf(next), 'phone_change')).status).toBe(200)
  })

  test('P20: of a person with a second factor needs a session that showed it', async () => {
    const { token, id } = await member()
    await sql(
      `INSERT INTO auth_factors (id, user_id, type, status, friendly_name, created_at, updated_at) VALUES (?1, ?2, 'totp', 'verified', '', 1, 1)`,
      crypto.randomUUID(),
      id,
    )
    const answer = await put(token, { phone: newPhone() })
    expect([answer.status, bodyOf(answer).error_code]).toEqual([401, 'insufficient_aal'])
    expect((await sql('SELECT new_phone FROM auth_users WHERE id = ?1', id))[0]!['new_phone']).toBe(null)
  })

  test('goes with other changes, and without a session not at all', async () => {
    const { token } = await member()
    const next = newPhone()
    expect(bodyOf(await put(token, { phone: next, data: { name: 'Bo' } }))).toMatchObject({
      new_phone: next,
      user_metadata: { name: 'Bo' },
    })
    expect((await post('logout?scope=global', {}, (path, asked) => backend.stranger(path, { ...asked, ...as(token) }))).status).toBe(204)
    expect((await put(token, { phone: newPhone() })).status).toBe(403)
  })
})

test('who has a phone alone gets the code that shows it is them there', async () => {
  const { token, phone } = await member()
  const answer = await backend.stranger('/auth/v1/reauthenticate', as(token))
  expect([answer.status, answer.json]).toEqual([200, { message_id: expect.any(String) }])
  expect((await messageTo(phone, app())).kind).toBe('phone_reauthentication')
  expect((await backend.stranger('/auth/v1/reauthenticate')).status).toBe(401)
})
