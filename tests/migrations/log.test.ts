// What the triggers write to the change log, whoever writes to the tables and however.
import { beforeAll, expect, test } from 'vitest'
import { LOGGED_ROW_BYTES } from '../../src/migrations'
import ledger from '../apps/ledger'
import { batch, db, drift, head, logged, mount } from './database'

beforeAll(async () => {
  const schema = await mount(ledger)
  expect(await drift(schema)).toEqual([])
})

const account = (id: string, owner = 'o1') => `INSERT INTO accounts (id, owner_id, name) VALUES ('${id}', '${owner}', 'Name of ${id}')`

test('an insert is logged with the row as it became, in the forms it is stored in', async () => {
  const from = await head()
  await batch(
    `INSERT INTO accounts (id, owner_id, name, settings, photo, rate, balance) VALUES ('i1', 'o1', 'É "x"', '{"a":[1,null]}', x'00ff', 0.1, 9007199254740993)`,
  )
  const [row, ...rest] = await logged(from)
  expect(rest).toEqual([])
  expect(row).toMatchObject({ op: 'I', tbl: 'accounts', key: ['i1'], columns: null, old: null, context: null })
  expect(row!.new).toMatchObject({
    id: 'i1',
    name: 'É "x"',
    slug: 'É "x"'.toLowerCase().replace('é', 'É'),
    active: 1,
    settings: '{"a":[1,null]}',
    rate: 0.1,
    ceiling: '10.50',
    opened_at: 1_700_000_000_000,
    _version: 1,
  })
  expect(row!.new).not.toHaveProperty('photo')
  const [{ new: raw }] = (await batch(`SELECT new FROM sys_changes WHERE seq > ${from}`)) as [{ new: string }]
  expect(raw).toContain('"balance":9007199254740993')
  expect(Math.abs(row!.at - Date.now())).toBeLessThan(60_000)
})

test('an update is logged with the changed columns, and of the row before with what policies and keys need', async () => {
  await batch(account('u1'))
  const from = await head()
  await batch(`UPDATE accounts SET balance = 5, settings = NULL, photo = x'01', _version = _version + 1 WHERE id = 'u1'`)
  const [row] = await logged(from)
  expect(row).toMatchObject({ op: 'U', key: ['u1'], columns: ['balance', 'photo'], new: { balance: 5, settings: null } })
  // id is the key, owner_id stands in `update`, active in `read`.
  expect(row!.old).toEqual({ id: 'u1', owner_id: 'o1', active: 1 })
})

test('a changed key is logged as the new one, the old one stays in old', async () => {
  await batch(account('k1'))
  const from = await head()
  await batch(`UPDATE accounts SET id = 'k2' WHERE id = 'k1'`)
  expect(await logged(from)).toMatchObject([{ op: 'U', key: ['k2'], columns: ['id'], old: { id: 'k1' }, new: { id: 'k2' } }])
})

test('a table that only policies look into is logged too, with the columns they compare', async () => {
  const from = await head()
  await batch(`INSERT INTO stewards VALUES ('a', 'p')`, `DELETE FROM stewards WHERE person = 'p'`)
  expect(await logged(from)).toMatchObject([
    { op: 'I', tbl: 'stewards', key: ['a', 'p'] },
    { op: 'D', tbl: 'stewards', key: ['a', 'p'], old: { account_id: 'a', person: 'p' }, new: null },
  ])
})

test('a bulk insert logs every row, in order', async () => {
  const from = await head()
  await batch(
    `INSERT INTO categories (id) SELECT printf('bulk%04d', value) FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 1000) SELECT value FROM n)`,
  )
  const rows = await logged(from)
  expect(rows).toHaveLength(1000)
  expect(rows.map((row) => (row.key as string[])[0])).toEqual(rows.map((_, i) => `bulk${String(i + 1).padStart(4, '0')}`))
})

test('an upsert that updates logs an update, one that ignores logs nothing', async () => {
  await batch(account('up1'))
  const from = await head()
  await batch(
    `INSERT INTO accounts (id, owner_id, name) VALUES ('up1', 'o1', 'Again'), ('up2', 'o1', 'New') ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
    `INSERT INTO accounts (id, owner_id, name) VALUES ('up1', 'o1', 'Ignored') ON CONFLICT DO NOTHING`,
  )
  expect(await logged(from)).toMatchObject([
    { op: 'U', key: ['up1'], columns: ['name', 'slug'] },
    { op: 'I', key: ['up2'], columns: null },
  ])
})

test('a cascade logs every row it deletes, at any depth, and set null an update', async () => {
  await batch(
    account('c1'),
    `INSERT INTO entries (id, account_id, note) VALUES (901, 'c1', 'n')`,
    `INSERT INTO labels (entry_id, label) VALUES (901, 'x'), (901, 'y')`,
  )
  await batch(`INSERT INTO categories VALUES ('root', NULL, 1, 0)`, `INSERT INTO categories (id, parent_id) VALUES ('leaf', 'root')`)
  const from = await head()
  await batch(`DELETE FROM accounts WHERE id = 'c1'`, `DELETE FROM categories WHERE id = 'root'`)
  const rows = await logged(from)
  expect(rows.map(({ op, tbl, key }) => JSON.stringify([op, tbl, key])).toSorted()).toEqual([
    '["D","accounts",["c1"]]',
    '["D","categories",["root"]]',
    '["D","entries",[901]]',
    '["D","labels",[901,"x"]]',
    '["D","labels",[901,"y"]]',
    '["U","categories",["leaf"]]',
  ])
  expect(rows.find(({ tbl }) => tbl === 'entries')!.old).toEqual({ id: 901, account_id: 'c1' })
})

test('a batch that fails leaves nothing in the log, and no hole that matters', async () => {
  const from = await head()
  await expect(batch(account('r1'), account('r1'))).rejects.toThrow('UNIQUE')
  await expect(batch(account('r2'), `SELECT iif(1 = 2, 0, json_extract('{}', 'PERIGEE|rls|accounts|0'))`)).rejects.toThrow('PERIGEE|rls')
  expect(await logged(from)).toEqual([])
  expect(await batch(`SELECT id FROM accounts WHERE id LIKE 'r_'`)).toEqual([])
})

test('a table of as many columns as D1 takes is logged whole, nulls included', async () => {
  const from = await head()
  await batch(
    `INSERT INTO wide (id, c1, c15, c16, c97) VALUES ('w', 'a}', '}', '{', 'z}}')`,
    `UPDATE wide SET c2 = 'n', c97 = NULL, c15 = NULL`,
  )
  const [inserted, updated] = await logged(from)
  const row = inserted!.new as Record<string, unknown>
  expect(Object.keys(row)).toHaveLength(100)
  expect(row).toMatchObject({ id: 'w', c1: 'a}', c2: null, c15: '}', c16: '{', c96: null, c97: 'z}}' })
  expect(updated!.columns).toEqual(['c2', 'c15', 'c97'])
  expect(updated!.new).toMatchObject({ c1: 'a}', c2: 'n', c97: null })
})

test('a row at the size cap is logged, one byte over it only by key', async () => {
  const size = (id: string) => `octet_length('${id}') + octet_length('o9') + octet_length('n${id}') * 2 + octet_length('10.50')`
  const insert = (id: string, extra: number) =>
    `INSERT INTO accounts (id, owner_id, name, settings) VALUES ('${id}', 'o9', 'n${id}', '"' || printf('%.*c', ${LOGGED_ROW_BYTES} - 2 - (${size(id)}) + ${extra}, 'x') || '"')`
  const from = await head()
  await batch(insert('s1', 0), insert('s2', 1))
  const [fits, over] = await logged(from)
  expect(fits!.new).toMatchObject({ id: 's1' })
  expect(over).toMatchObject({ key: ['s2'], new: null })
})

test('context is kept by tables that ask for it, and only by them', async () => {
  const from = await head()
  await batch(
    `UPDATE sys_statement SET context = '{"uid":"u"}', start_seq = ${from} WHERE id = 1`,
    account('x1'),
    `INSERT INTO entries (account_id, note) VALUES ('x1', 'seen')`,
  )
  expect(await logged(from)).toMatchObject([
    { tbl: 'accounts', context: null },
    { tbl: 'entries', context: { uid: 'u' } },
  ])
})

test('booleans and JSON are checked by the database itself', async () => {
  await expect(batch(`INSERT INTO accounts (id, owner_id, name, active) VALUES ('b1', 'o', 'n', 2)`)).rejects.toThrow(
    'accounts_active_check',
  )
  await expect(batch(`INSERT INTO accounts (id, owner_id, name, settings) VALUES ('b1', 'o', 'n', '{')`)).rejects.toThrow(
    'accounts_settings_check',
  )
  await expect(batch(`INSERT INTO accounts (id, owner_id, name, balance) VALUES ('b1', 'o', 'n', 'much')`)).rejects.toThrow(
    'cannot store TEXT value in INTEGER column',
  )
})

test('three hundred concurrent writers: a reader asking for what follows misses nothing', async () => {
  const from = await head()
  const seen: string[] = []
  let last = from
  let writing = true
  const reader = (async () => {
    for (;;) {
      const finished = !writing
      for (const row of await logged(last)) {
        expect(row.seq).toBeGreaterThan(last)
        last = row.seq
        seen.push((row.key as string[])[0]!)
      }
      if (finished) return
    }
  })()
  await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      db.batch([
        db.prepare(`INSERT INTO categories (id) VALUES (?), (?)`).bind(`w${n}a`, `w${n}b`),
        db.prepare(`SELECT count(*) FROM sys_changes`),
      ]),
    ),
  )
  writing = false
  await reader
  expect(seen).toHaveLength(600)
  expect(new Set(seen).size).toBe(600)
})
