// The devices a person is signed in on, and how long they stay so: by the person's word, and by the app's rules.
import { env } from 'cloudflare:workers'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { sweepAuthentication } from '../../src/auth'
import type { Env } from '../../src/platform'
import { app, signedIn, table } from '../../src/define'
import { PUBLISHABLE_KEY, serve, sql } from '../support/backend'

vi.setConfig({ testTimeout: 30_000 })
const notes = sqliteTable('notes', { id: text('id').primaryKey() })
const tables = [table(notes, { read: signedIn(), insert: signedIn(), update: signedIn(), delete: signedIn() })]
const plain = serve(app({ name: 'Plain', tables }))
const boxed = serve(app({ name: 'Boxed', tables, auth: { sessions: { timebox: 1_800 } } }))
const idle = serve(app({ name: 'Idle', tables, auth: { sessions: { timebox: 7_200, inactivity: 600 } } }))
const single = serve(app({ name: 'Single', tables, auth: { sessions: { singlePerPerson: true } } }))
type Backend = typeof plain

interface Session {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly expires_at: number
  readonly user: { readonly id: string }
}
interface Shown {
  readonly id: string
  readonly current: boolean
  readonly [member: string]: unknown
}

const bindings = env as unknown as { DB: D1Database }
const PASSWORD = 'correct horse battery'
const post = (backend: Backend, path: string, body: unknown, headers: Record<string, string> = {}) =>
  backend.stranger(`/auth/v1${path}`, { body, headers })
const anonymous = async (backend: Backend, headers?: Record<string, string>) =>
  (await post(backend, '/signup', {}, headers)).json as Session
const refresh = (backend: Backend, { refresh_token }: Session, headers?: Record<string, string>) =>
  post(backend, '/token?grant_type=refresh_token', { refresh_token }, headers)
const as = (session: Session) => ({ authorization: `Bearer ${session.access_token}` })
const list = async (session: Session, backend = plain) =>
  (await backend.stranger('/auth/v1/user/sessions', { headers: as(session) })).json as { sessions: Shown[]; error_code?: string }
const end = (session: Session, id: string, backend = plain) =>
  backend.stranger(`/auth/v1/user/sessions/${id}`, { method: 'DELETE', headers: as(session) })
const idOf = ({ access_token }: Session) =>
  (JSON.parse(atob(access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { session_id: string }).session_id
/** What the phone meets at data, and here. */
const met = async (session: Session, backend: Backend) => {
  const [data, write, user] = await Promise.all([
    backend.stranger('/rest/v1/notes', { headers: as(session) }),
    backend.stranger('/rest/v1/notes', { headers: as(session), body: { id: crypto.randomUUID() } }),
    backend.stranger('/auth/v1/user', { headers: as(session) }),
  ])
  return [data.status, write.status, user.status]
}
const LIVES = [200, 201, 200]
const ENDED = [401, 401, 403]
const refused = async (answer: ReturnType<typeof refresh>) => {
  const { status, json } = await answer
  const { error_code, msg } = json as { error_code: string; msg: string }
  return [status, error_code, msg]
}
const age = (session: Session, column: 'created_at' | 'refreshed_at' | 'expires_at', seconds: number) =>
  sql(`update auth_sessions set ${column} = ${column} - ?2 where id = ?1`, idOf(session), String(seconds * 1000))

beforeAll(plain.mount)

/** Three devices of one person with a password. */
async function threeDevices(): Promise<[Session, Session, Session]> {
  const email = `p${crypto.randomUUID()}@example.com`
  const first = (await post(plain, '/signup', { email, password: PASSWORD })).json as Session
  const others = await Promise.all([1, 2].map(() => post(plain, '/token?grant_type=password', { email, password: PASSWORD })))
  return [first, others[0]!.json as Session, others[1]!.json as Session]
}

describe('what a session knows of its phone', () => {
  test('model, platform, version, build, place and last use are shown to its person, and no token, address or other column', async () => {
    const session = await anonymous(plain, {
      'user-agent': 'Trailhead/412 CFNetwork/1490 Darwin/23',
      'x-app-build': 'ios/412',
      'x-app-version': '2.4.1',
      'x-device-model': 'iPhone17,1',
      'x-device-id': 'b1f3',
      'cf-connecting-ip': '203.0.113.77',
    })
    const answer = await plain.stranger('/auth/v1/user/sessions', { headers: as(session) })
    const { sessions } = answer.json as { sessions: Shown[] }
    expect(sessions).toEqual([
      {
        id: idOf(session),
        current: true,
        aal: 'aal1',
        device: { id: 'b1f3', model: 'iPhone17,1', platform: 'ios', app_version: '2.4.1', app_build: '412' },
        place: { country: null, city: null },
        user_agent: 'Trailhead/412 CFNetwork/1490 Darwin/23',
        created_at: expect.stringMatching(/Z$/),
        last_used_at: expect.stringMatching(/Z$/),
        expires_at: null,
      },
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    for (const secret of ['203.0.113', session.refresh_token, session.access_token]) expect(answer.text).not.toContain(secret)
  })

  test('the place is where Cloudflare saw it, and a refresh brings all up to date in its one batch', async () => {
    const ask = async (path: string, body: unknown, cf: object, headers: Record<string, string>) => {
      const request = new Request(`http://localhost/auth/v1${path}`, { method: 'POST', body: JSON.stringify(body), headers: { apikey: PUBLISHABLE_KEY, ...headers }, cf } as RequestInit) // prettier-ignore
      const answer = await plain.fetchBackend(request)
      return { calls: answer.headers.get('x-perigee-d1-calls'), session: (await answer.json()) as Session }
    }
    const { session } = await ask('/signup', {}, { country: 'DE', city: 'Köln' }, { 'x-app-build': 'android/1' })
    expect((await list(session)).sessions[0]).toMatchObject({
      place: { country: 'DE', city: 'Köln' },
      device: { platform: 'android', app_build: '1' },
    })
    await age(session, 'refreshed_at', 3_600)
    const after = await ask('/token?grant_type=refresh_token', { refresh_token: session.refresh_token }, { country: 'IS', city: 'Vík' }, { 'x-app-build': 'android/2', 'x-app-version': '3' }) // prettier-ignore
    expect(after.calls).toBe('1')
    expect((await list(session)).sessions[0]).toMatchObject({
      place: { country: 'IS', city: 'Vík' },
      device: { platform: 'android', app_build: '2', app_version: '3' },
    })
    const [row] = await sql('select refreshed_at from auth_sessions where id = ?', idOf(session))
    expect(Date.now() - Number(row!['refreshed_at'])).toBeLessThan(60_000)
    // What a phone doesn't say any more stays known.
    await refresh(plain, after.session)
    expect((await list(session)).sessions[0]).toMatchObject({ place: { country: 'IS' }, device: { app_build: '2' } })
  })

  test('nothing that a phone says breaks anything', async () => {
    const headers = {
      'x-device-model': "'; drop table auth_sessions; --",
      'x-app-version': 'v'.repeat(5_000),
      'x-app-build': '__proto__/1',
      'x-device-id': '{"$gt":""}',
    }
    const session = await anonymous(plain, headers)
    expect((await list(session)).sessions[0]).toMatchObject({
      device: { model: headers['x-device-model'], app_version: 'v'.repeat(100), app_build: null, id: '{"$gt":""}' },
    })
  })
})

describe('ending one', () => {
  test('the others are listed, one that is ended is refused on its next call, in data too, and the rest go on', async () => {
    const [phone, tablet, stolen] = await threeDevices()
    const { sessions } = await list(phone)
    expect(sessions.map(({ id, current }) => [id, current])).toEqual([
      [idOf(phone), true],
      ...[idOf(stolen), idOf(tablet)]
        .sort((a, b) => sessions.findIndex(({ id }) => id === a) - sessions.findIndex(({ id }) => id === b))
        .map((id) => [id, false]),
    ])
    expect(await met(stolen, plain)).toEqual(LIVES)
    const answer = await end(phone, idOf(stolen))
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await met(stolen, plain)).toEqual(ENDED)
    expect((await refused(refresh(plain, stolen)))[1]).toBe('refresh_token_not_found')
    for (const session of [phone, tablet]) expect(await met(session, plain)).toEqual(LIVES)
    expect((await list(phone)).sessions).toHaveLength(2)
    expect((await end(phone, idOf(stolen))).status).toBe(404)
    const [entry] = await sql("select details from auth_audit where action = 'session_ended' and user_id = ?", phone.user.id)
    expect(JSON.parse(String(entry!['details']))).toMatchObject({ session: idOf(phone), ended: idOf(stolen) })
  })

  test('nobody sees or ends another person’s, and no error is one that makes an SDK sign out', async () => {
    const [mine, theirs] = [await anonymous(plain), await anonymous(plain)]
    expect((await list(mine)).sessions.map(({ id }) => id)).toEqual([idOf(mine)])
    for (const id of [idOf(theirs), crypto.randomUUID(), 'x', '__proto__', "' or 1=1 --", '%2e%2e', '0'.repeat(5_000)]) {
      const answer = await end(mine, encodeURIComponent(id))
      expect(answer.json).toMatchObject({ error_code: 'validation_failed', msg: 'Session not found' })
      expect(answer.status).toBe(404)
    }
    expect(await met(theirs, plain)).toEqual(LIVES)
    expect((await plain.stranger('/auth/v1/user/sessions')).status).toBe(401)
    expect((await plain.service('/auth/v1/user/sessions')).status).toBe(401)
    expect((await plain.nobody('/auth/v1/user/sessions')).status).toBe(401)
  })

  test('a session that has ended lists and ends nothing', async () => {
    const [phone, tablet] = await threeDevices()
    await end(tablet, idOf(phone))
    expect((await list(phone)).error_code).toBe('session_not_found')
    expect((await end(phone, idOf(tablet))).json).toMatchObject({ error_code: 'session_not_found' })
    expect(await met(tablet, plain)).toEqual(LIVES)
    expect((await end(tablet, idOf(tablet))).status).toBe(204)
    expect(await met(tablet, plain)).toEqual(ENDED)
  })

  test('whoever is banned sees and ends nothing', async () => {
    const [phone, tablet] = await threeDevices()
    const ban = (duration: string) =>
      plain.service(`/auth/v1/admin/users/${phone.user.id}`, { method: 'PUT', body: { ban_duration: duration } })
    await ban('1h')
    expect((await list(phone)).error_code).toBe('user_banned')
    const refusal = await end(phone, idOf(tablet))
    expect([refusal.status, refusal.json]).toMatchObject([403, { error_code: 'user_banned' }])
    await ban('none')
    expect(await met(tablet, plain)).toEqual(LIVES)
  })

  test('a hundred are shown, the one that asks among them', async () => {
    const session = await anonymous(plain)
    await sql(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 150)
       insert into auth_sessions (id, user_id, refreshed_at, created_at) select 'made-' || ?1 || i, ?1, 9000000000000, 0 from n`,
      session.user.id,
    )
    const { sessions } = await list(session)
    expect([sessions.length, sessions[0]!.id, sessions.filter(({ current }) => current).length]).toEqual([100, idOf(session), 1])
  })
})

describe('time-box and inactivity', () => {
  test('no token lives longer than its session, at sign-in and at a refresh', async () => {
    const session = await anonymous(boxed)
    expect(session.expires_in).toBe(1_800)
    await age(session, 'created_at', 1_000)
    const after = (await refresh(boxed, session)).json as Session
    expect(after.expires_in).toBeGreaterThan(790)
    expect(after.expires_in).toBeLessThanOrEqual(800)
    expect(after.expires_at - Math.floor(Date.now() / 1000)).toBeLessThanOrEqual(800)
    expect(Date.parse(String((await list(after, boxed)).sessions[0]!['expires_at'])) / 1000 - after.expires_at).toBeLessThan(2)
  })

  test('at its end a session is refused at once, in data too, and a refresh says why', async () => {
    const session = await anonymous(boxed)
    const second = (await refresh(boxed, session)).json as Session
    await age(session, 'created_at', 1_799)
    await age(session, 'expires_at', 1_795)
    expect(await met(second, boxed)).toEqual(LIVES)
    await age(session, 'created_at', 10)
    await age(session, 'expires_at', 10)
    expect(await met(second, boxed)).toEqual(ENDED)
    // The current token, the one before, and both again: the end comes before any reuse.
    for (const one of [second, session, second, session])
      expect(await refused(refresh(boxed, one))).toEqual([400, 'session_expired', 'Invalid Refresh Token: Session Expired'])
    expect((await list(second, boxed)).error_code).toBe('session_not_found')
    expect((await boxed.stranger('/auth/v1/logout', { method: 'POST', headers: as(second) })).json).toMatchObject({
      error_code: 'session_not_found',
    })
  })

  test('a session that rests too long ends, one that goes on lives until its time-box', async () => {
    const session = await anonymous(idle)
    expect(session.expires_in).toBe(600)
    await age(session, 'refreshed_at', 599)
    await age(session, 'expires_at', 599)
    const second = (await refresh(idle, session)).json as Session
    expect(second.expires_in).toBe(600)
    await age(session, 'created_at', 7_100)
    const third = (await refresh(idle, second)).json as Session
    expect(third.expires_in).toBeLessThanOrEqual(100)

    const other = await anonymous(idle)
    await age(other, 'refreshed_at', 601)
    expect(await refused(refresh(idle, other))).toEqual([400, 'session_expired', 'Invalid Refresh Token: Session Expired (Inactivity)'])
    await age(other, 'expires_at', 601)
    expect(await met(other, idle)).toEqual(ENDED)
    expect((await refused(refresh(idle, other)))[2]).toMatch(/Inactivity/)
  })

  test('a rule that is made later holds for older sessions from their next refresh on, one that is dropped lets them live', async () => {
    const session = await anonymous(plain)
    await age(session, 'created_at', 1_801)
    expect((await refused(refresh(boxed, session)))[1]).toBe('session_expired')
    const young = await anonymous(boxed)
    const after = (await refresh(plain, young)).json as Session
    expect(after.expires_in).toBe(3_600)
    expect((await list(after)).sessions[0]!['expires_at']).toBe(null)
  })

  test('the ban comes before the end', async () => {
    const session = await anonymous(boxed)
    await age(session, 'created_at', 2_000)
    await sql('update auth_users set banned_until = 9000000000000 where id = ?', session.user.id)
    expect(await refused(refresh(boxed, session))).toEqual([400, 'user_banned', 'Invalid Refresh Token: User Banned'])
  })
})

test('P12: a database that has too much to do makes a refreshing phone wait, and signs nobody out', async () => {
  const session = await anonymous(plain)
  const overloaded = new Proxy(bindings.DB, {
    get(target, name) {
      if (name === 'batch') return () => Promise.reject(new Error('D1_ERROR: D1 DB is overloaded. Too many requests queued.'))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
  const busy = serve(app({ name: 'Busy', tables }), { ...(env as unknown as Env), DB: overloaded })
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(busy, session)))
  for (const { status, headers } of answers) {
    expect(status).toBe(503)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  }
  expect((await refresh(plain, session)).status).toBe(200)
})

describe('one session a person', () => {
  test('a new sign-in ends the older ones at once, and tells them why', async () => {
    const email = `p${crypto.randomUUID()}@example.com`
    const first = (await post(single, '/signup', { email, password: PASSWORD })).json as Session
    const second = (await post(single, '/token?grant_type=password', { email, password: PASSWORD })).json as Session
    expect(await met(first, single)).toEqual(ENDED)
    expect(await met(second, single)).toEqual(LIVES)
    expect(await refused(refresh(single, first))).toEqual([
      400,
      'session_expired',
      'Invalid Refresh Token: Session Expired (Revoked by Newer Login)',
    ])
    expect((await list(second, single)).sessions).toHaveLength(1)
    // A wrong password ends nobody's.
    expect((await post(single, '/token?grant_type=password', { email, password: 'wrong' })).status).toBe(400)
    expect(await met(second, single)).toEqual(LIVES)
  })

  test('of ten sign-ins at once exactly one stays', async () => {
    const email = `p${crypto.randomUUID()}@example.com`
    await post(single, '/signup', { email, password: PASSWORD })
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post(single, '/token?grant_type=password', { email, password: PASSWORD })),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const lives = await Promise.all(answers.map(({ json }) => met(json as Session, single)))
    expect(lives.filter(([status]) => status === 200)).toHaveLength(1)
  })
})

test('what has ended goes after a week, what nobody used for 400 days too, and nothing else; a day’s sweeps reach every session', async () => {
  const DAY = 86_400_000
  const now = Date.now()
  const { user } = await anonymous(plain)
  const made = async (expires: number | null, refreshed: number) => {
    const id = crypto.randomUUID()
    const end = expires === null ? null : String(expires)
    await sql('insert into auth_sessions (id, user_id, refreshed_at, created_at, expires_at) values (?1, ?2, ?3, 0, ?4)', id, user.id, String(refreshed), end) // prettier-ignore
    return id
  }
  const gone = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? made(now - 9 * DAY, now) : made(null, now - 402 * DAY))))
  const kept = await Promise.all([made(now - 5 * DAY, now), made(now + DAY, now), made(null, now - 398 * DAY)])
  let swept = 0
  for (let at = now; at < now + DAY; at += 900_000) swept += (await sweepAuthentication({ db: bindings.DB }, at)).auth_sessions
  const left = (await sql('select id from auth_sessions where user_id = ?', user.id)).map(({ id }) => String(id))
  expect(gone.filter((id) => left.includes(id))).toEqual([])
  expect(kept.filter((id) => left.includes(id))).toEqual(kept)
  expect(swept).toBe(20)
})
