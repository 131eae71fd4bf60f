// Reading near the phone: a replica that lags behind stands at each of two locations, and nobody misses what they wrote, or reads on
// after their session ended.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBackend } from '../../src/backend'
import type { AppDefinition } from '../../src/define'
import { expectedSchema, planMigration } from '../../src/migrations'
import { deriveKeys, newLocation, type Env } from '../../src/platform'
import { proveLive, readCarried, writeCarried } from '../../src/platform/bookmarks'
import library from '../apps/library'
import { codeOf } from '../auth/factors'
import { messageTo } from '../support/messages'
import { lagging, type Lagging, type Primary } from '../support/replica'
import { mount, person, PUBLISHABLE_KEY, sql, type Asked, type Person } from './backend'

const bindings = env as unknown as Env & { DB_SECOND: D1Database }

/** The library, whose tags strangers may read from a replica. */
const near: AppDefinition = {
  ...library,
  tables: library.tables.map((one) => (nameOf(one.table) === 'tags' ? { ...one, rules: { ...one.rules, replicas: true } } : one)),
}
function nameOf(table: object): string {
  return (table as Record<symbol, string>)[Symbol.for('drizzle:Name')] ?? ''
}

const FOLLOWED = ['auth_users', 'auth_sessions', 'people', 'books', 'tags']
const primary: Primary = { db: bindings.DB, commits: 1 }

interface Answer {
  readonly status: number
  readonly text: string
  readonly mark: string | null
  readonly served: ('primary' | 'replica')[]
}

/** A location with a replica of its own, and isolates that share the location's cache or have none. */
function location(name: string, cached: boolean) {
  const replica: Lagging = lagging(primary, bindings.DB_SECOND, FOLLOWED)
  const isolate = () => {
    const open = (cache: string) => (cached ? caches.open(`${name}-${cache}`) : Promise.resolve(null))
    const backend = createBackend(near, newLocation(open))
    return async (
      who: Readonly<Record<string, string>>,
      path: string,
      { method = 'GET', body, headers = {} }: Asked = {},
    ): Promise<Answer> => {
      replica.served()
      const context = createExecutionContext()
      const request = new Request(`http://localhost${path}`, {
        method,
        headers: { apikey: PUBLISHABLE_KEY, 'content-type': 'application/json', ...who, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answer = await backend.fetch(request, { ...bindings, DB: replica.db }, context)
      const text = await answer.text()
      // Before what goes on behind the answer, which is always at the primary.
      const served = replica.served()
      await waitOnExecutionContext(context)
      return { status: answer.status, text, mark: answer.headers.get('x-d1-bookmark'), served }
    }
  }
  return { replica, isolate }
}

const { liveness } = await deriveKeys(bindings.PERIGEE_ROOT_KEY)
const sessionOf = ({ token }: Person) =>
  (JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { session_id: string }).session_id

let ada: Person
let who: Readonly<Record<string, string>>

beforeAll(async () => {
  await mount()
  const schema = expectedSchema(library)
  const { statements } = planMigration({ tables: [] }, schema)
  await bindings.DB_SECOND.batch(statements.map((statement) => bindings.DB_SECOND.prepare(statement)))
})

beforeEach(async () => {
  await sql('delete from books')
  await sql('delete from tags')
  ada = await person()
  who = { authorization: `Bearer ${ada.token}` }
  primary.commits++
  const { replica } = location('any', false)
  await replica.catchUp()
})

const BOOKS = '/rest/v1/books?select=title&order=id'
const write = (title: string, headers: Asked['headers'] = {}): Asked => ({ method: 'POST', body: { title }, headers })
const carrying = (mark: string | null): Asked => ({ headers: { 'x-d1-bookmark': mark ?? '' } })
const titles = ({ text }: Answer) => (JSON.parse(text) as { title: string }[]).map(({ title }) => title)

describe("with the location's cache off", () => {
  test('a phone that carries its bookmark reads its writes at either location, from the replica', async () => {
    for (const name of ['a', 'b']) {
      const place = location(name, false)
      const [here, there] = [place.isolate(), location('elsewhere', false).isolate()]
      const written = await there(who, '/rest/v1/books', write(`carried to ${name}`))
      expect([written.status, written.served, written.mark]).toEqual([201, ['primary'], expect.stringMatching(/^[0-9a-f-]{59}; live=/)])
      const read = await here(who, BOOKS, carrying(written.mark))
      expect([titles(read).includes(`carried to ${name}`), read.served]).toEqual([true, ['replica']])
      // What it was given goes on being enough.
      const again = await here(who, BOOKS, carrying(read.mark))
      expect([again.text, again.served]).toEqual([read.text, ['replica']])
    }
  })

  test('a phone that carries none reads its write where it wrote, and anywhere else at the primary', async () => {
    const [a, b] = [location('a', false), location('b', false)]
    const [here, there] = [a.isolate(), b.isolate()]
    await here(who, '/rest/v1/books', write('first'))
    const read = await here(who, BOOKS)
    expect([titles(read), read.served]).toEqual([['first'], ['replica']])
    for (const other of [there, a.isolate()]) {
      const elsewhere = await other(who, BOOKS)
      expect([titles(elsewhere), elsewhere.served]).toEqual([['first'], ['primary']])
    }
    // Somebody else's session goes by nothing of hers, and neither does another of her own.
    const ben = await person()
    primary.commits++
    expect((await here({ authorization: `Bearer ${ben.token}` }, BOOKS)).served).toEqual(['primary'])
  })

  test('a write is at the primary whatever it carries, and an older bookmark here does not hide a newer write here', async () => {
    const here = location('a', false).isolate()
    const first = await here(who, '/rest/v1/books', write('one'))
    const second = await here(who, '/rest/v1/books', write('two', { 'x-d1-bookmark': first.mark! }))
    expect(second.served).toEqual(['primary'])
    const read = await here(who, BOOKS, carrying(first.mark))
    expect([titles(read), read.served]).toEqual([['one', 'two'], ['replica']])
  })

  test('a write that was refused is followed by a read at the primary', async () => {
    const here = location('a', false).isolate()
    const first = await here(who, '/rest/v1/books', write('one'))
    const stale = await here(who, '/rest/v1/books?title=eq.one&id=eq.0', {
      method: 'PATCH',
      body: { title: 'x' },
      headers: { 'if-match': '*', 'x-d1-bookmark': first.mark! },
    })
    expect([stale.status, stale.mark]).toEqual([412, expect.not.stringContaining('live=')])
    expect((await here(who, BOOKS, carrying(stale.mark))).served).toEqual(['primary'])
  })

  test('what is no bookmark, or not of this phone, counts for nothing', async () => {
    const [here, other] = [location('a', false).isolate(), location('b', false).isolate()]
    const { mark } = await other(who, '/rest/v1/books', write('one'))
    const [plain, proof] = mark!.split('; ') as [string, string]
    const ben = await person()
    primary.commits++
    const his = (await other({ authorization: `Bearer ${ben.token}` }, BOOKS)).mark!
    const old = writeCarried({ ...readCarried(mark), live: { ...readCarried(mark).live!, at: readCarried(mark).live!.at + 1 } })!
    for (const sent of [
      '',
      'x',
      'first-unconstrained',
      plain,
      `${plain}; live=zzzz.AAAAAAAAAAAAAAAAAAAAAA`,
      his,
      old,
      `${plain}; ${proof}; x`,
      `${plain};${' '.repeat(2000)}${proof}`,
      `' or 1=1; ${proof}`,
    ]) {
      const read = await here(who, BOOKS, carrying(sent))
      expect([titles(read), read.served], sent).toEqual([['one'], ['primary']])
    }
    // An older bookmark with a newer proof, and one that was made up.
    const older = (await other(who, BOOKS)).mark!
    for (const made of [`${older.split('; ')[0]}; ${proof}`, `ffffffff${plain.slice(8)}; ${proof}`, `00000000${plain.slice(8)}; ${proof}`])
      expect((await here(who, BOOKS, carrying(made))).served, made).toEqual(['primary'])
  })

  test('a bookmark that the database does not know is asked again at the primary', async () => {
    const here = location('a', false).isolate()
    await here(who, '/rest/v1/books', write('one'))
    const marks = new Map([['db', `ffffffff-00000000-00004f6c-${'0'.repeat(32)}`]])
    const read = await here(who, BOOKS, carrying(writeCarried({ marks, live: proveLive(liveness, sessionOf(ada), marks, Date.now()) })))
    expect([titles(read), read.served]).toEqual([['one'], ['primary']])
  })

  test('strangers read a lagging replica only of tables that say so', async () => {
    const place = location('a', false)
    await sql("insert into tags (id, label) values ('t', 'new')")
    await sql("insert into books (id, title, created_at) values (1, 'new', 0)")
    primary.commits++
    const here = place.isolate()
    const tags = await here({}, '/rest/v1/tags')
    expect([tags.text, tags.served]).toEqual(['[]', ['replica']])
    const books = await here({}, BOOKS)
    expect([titles(books), books.served]).toEqual([['new'], ['primary']])
    expect((await here({}, '/rest/v1/tags?select=id,books(title)')).served).toEqual(['primary'])
    // A person who carries nothing isn't a stranger.
    expect((await here(who, '/rest/v1/tags')).served).toEqual(['primary'])
    const carried = await here({}, '/rest/v1/tags', carrying(books.mark))
    expect([JSON.parse(carried.text), carried.served]).toMatchObject([[{ id: 't' }], ['replica']])
  })
})

describe('a session that ended', () => {
  const end = async () => {
    await sql('delete from auth_sessions where user_id = ?', ada.id)
    primary.commits++
  }

  test('reads nothing on the next call without a proof, and for no longer than half a minute with one', async () => {
    const here = location('a', false).isolate()
    const { mark } = await here(who, '/rest/v1/books', write('one'))
    await here(who, BOOKS, carrying(mark))
    await end()
    expect((await here(who, BOOKS, carrying(mark!.split(';')[0]!))).status).toBe(401)
    expect((await location('b', false).isolate()(who, BOOKS)).status).toBe(401)
    const { live, marks } = readCarried(mark)
    expect(live!.at).toBeGreaterThan(Date.now() - 60_000)
    // Answers of a replica hand the proof on: it is not renewed but by the primary.
    const carried = await here(who, BOOKS, carrying(mark))
    expect([carried.served, readCarried(carried.mark).live!.at]).toEqual([['replica'], live!.at])
    expect(marks.size).toBe(1)
  })

  test('by signing out reads nothing on the next call, at the same location, with whatever the phone carries', async () => {
    const here = location('a', false).isolate()
    const written = await here(who, '/rest/v1/books', write('one'))
    expect((await here(who, BOOKS, carrying(written.mark))).served).toEqual(['replica'])
    const out = await here(who, '/auth/v1/logout', { method: 'POST', ...carrying(written.mark) })
    expect([out.status, out.mark]).toEqual([204, written.mark!.split(';')[0]])
    for (const mark of [written.mark, out.mark, null])
      expect((await here(who, BOOKS, mark === null ? {} : carrying(mark))).status).toBe(401)
    // The phone itself is refused anywhere, for it has no proof any more.
    expect((await location('b', false).isolate()(who, BOOKS, carrying(out.mark))).status).toBe(401)
  })

  test('because the owner of its address proved it reads nothing on the next call, at the same location', async () => {
    const here = location('a', false).isolate()
    const email = `${ada.id}@owner.example`
    await sql('update auth_users set email = ?, email_confirmed_at = null, is_anonymous = 0 where id = ?', email, ada.id)
    const { mark } = await here(who, '/rest/v1/books', write('one'))
    expect((await here(who, BOOKS, carrying(mark))).served).toEqual(['replica'])
    await here({}, '/auth/v1/otp', { method: 'POST', body: { email } })
    const token = String((await messageTo(email)).variables['code'])
    expect((await here({}, '/auth/v1/verify', { method: 'POST', body: { type: 'email', email, token } })).status).toBe(200)
    expect((await here(who, BOOKS, carrying(mark))).status).toBe(401)
  })

  test('with the others, by a new password or a second factor, or is weak again, reads at the primary at the same location', async () => {
    const here = location('a', false).isolate()
    await sql('update auth_users set email = ?, is_anonymous = 0 where id = ?', `${ada.id}@example.com`, ada.id)
    const ask = async (method: string, path: string, body?: unknown, felt = true) => {
      await scheduler.wait(2)
      const { mark } = await here(who, '/rest/v1/books', write(path))
      expect((await here(who, BOOKS, carrying(mark))).served).toEqual(['replica'])
      const { status, text } = await here(who, `/auth/v1/${path}`, { method, ...(body === undefined ? {} : { body }) })
      expect([path, status]).toEqual([path, 200])
      expect([path, ...new Set((await here(who, BOOKS, carrying(mark))).served)]).toEqual([path, felt ? 'primary' : 'replica'])
      return JSON.parse(text) as { id: string; access_token: string; totp: { secret: string } }
    }
    await ask('PUT', 'user', { data: { name: 'Ada' } }, false)
    await ask('PUT', 'user', { password: 'correct horse battery' })
    const { id, totp } = await ask('POST', 'factors', { factor_type: 'totp' }, false)
    const { id: challenge } = await ask('POST', `factors/${id}/challenge`, {}, false)
    const raised = await ask('POST', `factors/${id}/verify`, { challenge_id: challenge, code: await codeOf(totp) })
    who = { authorization: `Bearer ${raised.access_token}` }
    await ask('DELETE', `factors/${id}`)
  })

  test('is not believed of a replica that has not heard of it yet', async () => {
    const place = location('a', false)
    await bindings.DB_SECOND.prepare('delete from auth_sessions').run()
    const here = place.isolate()
    await sql("insert into books (id, title, owner_id, created_at) values (1, 'mine', ?, 0)", ada.id)
    const first = await here(who, BOOKS)
    // A bookmark from before the session was made.
    const marks = new Map([...readCarried(first.mark).marks].map(([store, mark]) => [store, `00000000${mark.slice(8)}`]))
    const early = writeCarried({ marks, live: proveLive(liveness, sessionOf(ada), marks, Date.now()) })
    const read = await here(who, BOOKS, carrying(early))
    expect([read.status, titles(read), read.served]).toEqual([200, ['mine'], ['replica', 'primary']])
  })
})

describe("with the location's cache", () => {
  test('another isolate of the location knows what was written there, and another location does not', async () => {
    const place = location('c', true)
    const [one, two] = [place.isolate(), place.isolate()]
    await one(who, '/rest/v1/books', write('cached'))
    const read = await two(who, BOOKS)
    expect([titles(read), read.served]).toEqual([['cached'], ['replica']])
    // Nor is what one isolate wrote hidden by what the other wrote before.
    await two(who, '/rest/v1/books', write('by two'))
    await one(who, '/rest/v1/books', write('by one'))
    const after = await two(who, BOOKS)
    expect([titles(after), after.served]).toEqual([['cached', 'by two', 'by one'], ['replica']])
    expect((await location('d', true).isolate()(who, BOOKS)).served).toEqual(['primary'])
  })

  test('is not asked by a phone that carries a bookmark', async () => {
    let asked = 0
    const replica = lagging(primary, bindings.DB_SECOND, FOLLOWED)
    const backend = createBackend(
      near,
      newLocation(() => {
        asked++
        return Promise.resolve(null)
      }),
    )
    const ask = async (headers: Readonly<Record<string, string>>) => {
      const context = createExecutionContext()
      const answer = await backend.fetch(
        new Request(`http://localhost${BOOKS}`, { headers: { apikey: PUBLISHABLE_KEY, ...who, ...headers } }),
        { ...bindings, DB: replica.db },
        context,
      )
      await answer.text()
      return answer.headers.get('x-d1-bookmark')!
    }
    const mark = await ask({})
    expect(asked).toBe(1)
    await ask({ 'x-d1-bookmark': mark })
    // That nothing is known is known for a while.
    await ask({})
    expect(asked).toBe(1)
  })
})

test('every answer of the data API carries a bookmark that browsers may read', async () => {
  const here = location('a', false).isolate()
  for (const path of [BOOKS, '/rest/v1/tags', '/rest/v1/books?id=eq.1']) expect((await here(who, path)).mark, path).toMatch(/^[0-9a-f]{8}-/)
})
