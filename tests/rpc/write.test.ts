// Functions that write: as the caller, all or nothing, against a version; and what they do with the engine's rights is recorded.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fillShelves, person, sql, stranger, type Answer, type Person } from './counter'

const rpc = '/rest/v1/rpc'
const code = (answer: Answer) => (answer.json as { code: string } | null)?.code
let reader: Person
let other: Person

beforeAll(async () => {
  await fillShelves()
  ;[reader, other] = [await person(), await person()]
})

beforeEach(async () => {
  await sql('DELETE FROM stamps')
  await sql('DELETE FROM loans')
})

const loans = () => sql('SELECT reader_id, book_id, note FROM loans ORDER BY id')

describe('a write', () => {
  test('is made as the caller, under the policies, and answers the row', async () => {
    const answer = await reader.ask(`${rpc}/borrow`, { body: { book: 1, note: 'mine' } })
    expect([answer.status, answer.json]).toEqual([200, { id: expect.any(String), reader_id: reader.id, book_id: 1, note: 'mine' }])
    expect(await loans()).toEqual([{ reader_id: reader.id, book_id: 1, note: 'mine' }])
    const denied = await reader.ask(`${rpc}/borrow_for`, { body: { reader: other.id, book: 1 } })
    expect([denied.status, code(denied)]).toEqual([403, '42501'])
    const [{ id }] = (await sql('SELECT id FROM loans')) as [{ id: string }]
    expect((await other.ask(`${rpc}/annotate`, { body: { id, note: 'not mine' } })).json).toEqual([])
    expect((await reader.ask(`${rpc}/annotate?select=note`, { body: { id, note: "it's" } })).json).toEqual([{ note: "it's" }])
    expect((await other.ask(`${rpc}/return_all`, { body: {} })).json).toBe(0)
    expect((await reader.ask(`${rpc}/return_all`, { body: {} })).json).toBe(1)
  })

  test('is in the change log under the caller and the request', async () => {
    const answer = await reader.ask(`${rpc}/borrow`, { body: { book: 1 }, headers: { 'x-client-id': 'phone-7' } })
    const [change] = await sql(`SELECT op, context FROM sys_changes WHERE tbl = 'loans' ORDER BY seq DESC LIMIT 1`)
    expect(JSON.parse(String(change!['context']))).toEqual({
      uid: reader.id,
      request: answer.headers.get('x-request-id'),
      origin: 'phone-7',
    })
  })

  test('of a batch is done with the others or not at all, and later steps know earlier ones', async () => {
    const answer = await reader.ask(`${rpc}/borrow_stamped`, { body: { book: 2 } })
    expect(answer.json).toEqual({ loan: expect.any(String), stamps: [expect.any(Number)] })
    expect(await sql('SELECT loan_id FROM stamps')).toEqual([{ loan_id: (answer.json as { loan: string }).loan }])
    const failed = await reader.ask(`${rpc}/borrow_stamped`, { body: { book: 2, fail: true } })
    expect([failed.status, code(failed)]).toEqual([409, '23503'])
    expect(Object.keys(failed.json)).toEqual(['code', 'message', 'details', 'hint'])
    expect([(await loans()).length, (await sql('SELECT 1 FROM stamps')).length]).toEqual([1, 1])
  })

  test('is not made when what the request asks of its rows cannot be', async () => {
    for (const search of ['select=nope', 'nope=eq.1', 'order=nope', 'book_id=eq.x', 'select=books(title)', 'limit=-1']) {
      const answer = await reader.ask(`${rpc}/borrow?${search}`, { body: { book: 1 } })
      expect([400, 416]).toContain(answer.status)
    }
    const answer = await reader.ask(`${rpc}/borrow`, { body: { book: 1 }, headers: { accept: 'image/png' } })
    expect([answer.status, code(answer)]).toEqual([406, 'PGRST107'])
    for (const headers of [{ 'idempotency-key': 'once' }, { 'if-match': '"1"' }, { 'if-none-match': '*' }, { prefer: 'tx=rollback' }]) {
      const held = await reader.ask(`${rpc}/borrow`, { body: { book: 1 }, headers: headers as Record<string, string> })
      expect([held.status, code(held)]).toEqual([400, 'PGRST127'])
    }
    expect(await loans()).toEqual([])
  })

  test('needs a function that says so, and POST', async () => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await stranger(`${rpc}/sneaky_write`, { method })
      expect(answer.status).toBe(405)
      if (method !== 'HEAD')
        expect(answer.json).toMatchObject({ code: '25006', message: 'cannot execute INSERT in a read-only transaction' })
    }
    const got = await reader.ask(`${rpc}/borrow?book=1`)
    expect([got.status, code(got)]).toEqual([405, 'PGRST101'])
    expect((await reader.ask(`${rpc}/borrow?book=1`, { method: 'HEAD' })).status).toBe(405)
    expect(await loans()).toEqual([])
  })
})

describe("the engine's rights", () => {
  const records = () => sql('SELECT uid, function, reason, request, operations, outcome FROM sys_audit ORDER BY id')
  beforeEach(async () => {
    await sql('DELETE FROM sys_audit')
  })

  test('pass over policies, and who had them when for what is recorded with the write', async () => {
    const answer = await reader.ask(`${rpc}/lend_as_service`, { body: { reader: other.id, book: 3 } })
    expect(answer.status).toBe(204)
    expect(await loans()).toEqual([{ reader_id: other.id, book_id: 3, note: null }])
    const request = answer.headers.get('x-request-id')
    const reason = 'a librarian lends for a reader'
    const record = {
      uid: reader.id,
      function: 'lend_as_service',
      reason,
      request,
      operations: '[{"op":"insert","table":"loans"}]',
      outcome: 'done',
    }
    expect(await records()).toEqual([record])
    const [change] = await sql(`SELECT context FROM sys_changes WHERE tbl = 'loans' ORDER BY seq DESC LIMIT 1`)
    expect(JSON.parse(String(change!['context']))).toEqual({
      uid: reader.id,
      request,
      origin: null,
      service: reason,
      function: 'lend_as_service',
    })
  })

  test('are recorded for reads too', async () => {
    const answer = await reader.ask(`${rpc}/all_emails`, { body: {} })
    expect(answer.json).toEqual(['ann@example.com', 'bob@example.com'])
    expect(await records()).toMatchObject([
      { reason: 'to count the mail', operations: '[{"op":"read","table":"people"}]', outcome: 'done' },
    ])
  })

  test('are recorded when the write fails, whose error tells nothing of rows that the caller cannot read', async () => {
    const body = { reader: other.id, book: 3, id: 'taken' }
    expect((await reader.ask(`${rpc}/lend_as_service`, { body })).status).toBe(204)
    const answer = await reader.ask(`${rpc}/lend_as_service`, { body })
    expect([answer.status, answer.json]).toEqual([
      409,
      { code: '23505', message: 'duplicate key value violates unique constraint "loans_pkey"', details: null, hint: null },
    ])
    expect((await records()).map(({ outcome }) => outcome)).toEqual(['done', 'failed'])
    expect(await loans()).toHaveLength(1)
  })

  test('are not had by a session that was ended, and the attempt is recorded', async () => {
    const gone = await person()
    await gone.ask('/auth/v1/logout', { method: 'POST' })
    expect(code(await gone.ask(`${rpc}/lend_as_service`, { body: { reader: other.id, book: 3 } }))).toBe('PGRST303')
    expect(code(await gone.ask(`${rpc}/all_emails`, { body: {} }))).toBe('PGRST303')
    expect(await loans()).toEqual([])
    expect(await records()).toHaveLength(2)
  })
})

describe('compare and set', () => {
  test('fifty at once lose no update', async () => {
    await sql(`INSERT INTO seats (id) VALUES ('s1')`)
    let before = 0
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => reader.ask(`${rpc}/take_seat`, { body: { id: 's1' } })))
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
      const won = answers.filter(({ json }) => json === 'won').length
      // Whoever read the row after another had won may win too: each that won counted one on from what it read.
      expect(won).toBeGreaterThanOrEqual(1)
      expect(await sql(`SELECT taken, _version FROM seats WHERE id = 's1'`)).toEqual([{ taken: before + won, _version: before + won + 1 }])
      before += won
    }
  })

  test('one version has one winner of fifty', async () => {
    await sql(`INSERT INTO seats (id) VALUES ('s2')`)
    const version = async () => Number((await sql(`SELECT _version FROM seats WHERE id = 's2'`))[0]!['_version'])
    for (let round = 0; round < 3; round++) {
      const body = { id: 's2', version: await version() }
      const answers = await Promise.all(Array.from({ length: 50 }, () => reader.ask(`${rpc}/insist_on_version`, { body })))
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
      expect(answers.filter((answer) => code(answer) === 'PT412' && answer.status === 412)).toHaveLength(49)
    }
  })

  test('a row that is not there is told by what the function raises', async () => {
    const answer = await reader.ask(`${rpc}/take_seat`, { body: { id: 'none' } })
    expect([answer.status, answer.json]).toEqual([404, { code: 'PT404', message: 'no such seat', details: null, hint: 'Look again.' }])
  })
})
