// A table whose rows are spread over two databases: a query goes to one of them, or is refused with the column that would tell.
import { beforeAll, expect, test } from 'vitest'
import { reindex } from '../../src/data'
import { openStores, type Env } from '../../src/platform'
import { ALL, ask, db, eq, insert, lastCost, model, mount, people, person, read, refusal, remove, rows, second, update } from './club'

const ann = person('ann')
const needs = (column: string) => ({
  code: 'PGRST127',
  status: 400,
  message: `The rows of "messages" are spread over several databases by "${column}".`,
  details: null,
})
const count = async (database: D1Database, club: string) =>
  (await database.prepare('select count(*) as n from messages where club_id = ?').bind(club).first<{ n: number }>())!.n

beforeAll(async () => {
  await mount(db)
  await mount(second, true)
  await people('ann', 'bob')
})

/** Two clubs whose rows live in different databases. */
const clubs = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']

test('rows of a partition stay together, and all databases are used', async () => {
  for (const club of clubs)
    await ask(ann, [
      insert(
        'messages',
        [1, 2].map((n) => ({ club_id: club, id: `${club}-${n}`, author_id: 'ann', text: 'hello' })),
      ),
    ])
  const homes = await Promise.all(clubs.map(async (club) => [await count(db, club), await count(second, club)]))
  for (const [here, there] of homes) expect(new Set([here, there])).toEqual(new Set([0, 2]))
  expect(homes.some(([here]) => here === 2)).toBe(true)
  expect(homes.some(([, there]) => there === 2)).toBe(true)
})

test('each partition is read, changed and emptied where it lives', async () => {
  for (const club of clubs) {
    expect(await rows(ann, read('messages', eq('club_id', club)))).toHaveLength(2)
    expect((await ask(ann, [update('messages', { text: 'changed' }, eq('club_id', club))]))[0]).toMatchObject({ affected: 2 })
    expect(
      await rows(
        ann,
        remove('messages', { kind: 'and', terms: [eq('club_id', club), eq('id', `${club}-1`)] }, { returning: { select: ALL } }),
      ),
    ).toEqual([{ club_id: club, id: `${club}-1`, author_id: 'ann', text: 'changed' }])
    expect((await count(db, club)) + (await count(second, club))).toBe(1)
  }
})

test('a query that could concern several databases is refused by name', async () => {
  const both = { kind: 'or' as const, terms: [eq('club_id', 'alpha'), eq('club_id', 'beta')] }
  for (const operation of [
    read('messages'),
    read('messages', eq('id', 'alpha-1')),
    read('messages', both),
    update('messages', { text: 'x' }),
    remove('messages', both),
  ]) {
    expect(await refusal(ask(ann, [operation]))).toEqual(needs('club_id'))
    expect(lastCost.d1Calls).toBe(0)
  }
  const row = { id: 'm', author_id: 'ann', text: 'x' }
  expect(
    await refusal(
      ask(ann, [
        insert('messages', [
          { ...row, club_id: 'alpha' },
          { ...row, club_id: 'beta' },
        ]),
      ]),
    ),
  ).toEqual(needs('club_id'))
  expect(await refusal(ask(ann, [insert('messages', row)]))).toEqual(needs('club_id'))
})

test('each database searches its own rows, and makes its indexes anew by itself', async () => {
  const search = (club: string, text: string) =>
    rows(
      ann,
      read('messages', {
        kind: 'and',
        terms: [eq('club_id', club), { kind: 'search', target: { column: 'text' }, mode: 'plain', config: null, text }],
      }),
    )
  for (const club of clubs)
    await ask(ann, [insert('messages', { club_id: club, id: 'searched', author_id: 'ann', text: `Meeting of ${club}` })])
  for (const club of clubs) {
    expect(await search(club, `meetings ${club}`)).toMatchObject([{ club_id: club, id: 'searched' }])
  }
  const stores = openStores({ DB: db, DB_1: second } as unknown as Env, () => {})
  for (const { db: database } of stores.all)
    await database.prepare(`insert into sys_fts_messages (sys_fts_messages) values ('delete-all')`).run()
  expect(await search('alpha', 'meeting')).toEqual([])
  for (const store of stores.all) expect(await reindex(store, model)).toEqual(['sys_fts_messages'])
  for (const club of clubs) expect(await search(club, 'meeting')).toMatchObject([{ club_id: club }])
  await expect(
    reindex(
      { ...stores.primary, db: second },
      {
        ...model,
        tables: new Map([...model.tables].map(([name, table]) => [name, name === 'messages' ? { ...table, name: 'gone' } : table])),
      },
    ),
  ).rejects.toThrow('no such table')
})

test('a row never moves to another partition', async () => {
  expect(await refusal(ask(ann, [update('messages', { club_id: 'beta' }, eq('club_id', 'alpha'))]))).toMatchObject({ code: '0A000' })
})

test('operations in different databases are not one transaction, so they are refused', async () => {
  const homes = await Promise.all(clubs.map((club) => count(second, club)))
  const elsewhere = clubs[homes.findIndex((n) => n > 0)]!
  expect(await refusal(ask(ann, [read('clubs'), read('messages', eq('club_id', elsewhere))]))).toMatchObject({
    status: 400,
    code: 'PGRST127',
  })
})

test('sessions live in the first database, and count in all', async () => {
  const bob = person('bob')
  for (const club of clubs) await ask(bob, [insert('messages', { club_id: club, id: 'b', author_id: 'bob', text: 'hi' })])
  await db.prepare("delete from auth_sessions where id = 's-bob'").run()
  for (const club of clubs) {
    expect(await refusal(ask(bob, [read('messages', eq('club_id', club))]))).toMatchObject({ code: 'PGRST303' })
    expect(await refusal(ask(bob, [update('messages', { text: 'late' }, eq('club_id', club))]))).toMatchObject({ code: 'PGRST303' })
    expect(await rows(ann, read('messages', { kind: 'and', terms: [eq('club_id', club), eq('id', 'b')] }))).toMatchObject([{ text: 'hi' }])
  }
})
