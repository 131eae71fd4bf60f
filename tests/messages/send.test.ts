// Messages are asked for in the batch of what asks for them, sealed, and sent afterwards by a job.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import demo from '../../app'
import { messagesCommitted, messageStatements, type Message } from '../../src/messages'
import { keysOf, run, type Env } from '../../src/platform'
import { serve, sql } from '../support/backend'
import { messagesTo, messageTo, sendMessages } from '../support/messages'

const bindings = env as unknown as Env
const { service, nobody } = serve(demo)

const workshop = async (bound: Env = bindings) => ({
  app: demo,
  env: bound,
  keys: await keysOf(bindings),
  now: Date.now(),
  later: (work: Promise<unknown>) => void work,
})

const confirmation = (to: string, more: Partial<Message> = {}): Message =>
  ({
    channel: 'email',
    to,
    kind: 'confirmation',
    locale: 'en',
    variables: { code: '314159', tokenHash: 'c0ffee', link: 'https://x.example/verify?token=c0ffee', email: to },
    ...more,
  }) as Message

/** Asks for a message with nothing else in the batch. */
async function ask(message: Message, condition?: { sql: string; params: string[] }): Promise<void> {
  const shop = await workshop()
  await run(bindings.DB, await messageStatements(shop, message, condition))
  messagesCommitted(shop)
}

beforeEach(async () => {
  await sql('DELETE FROM sys_outbox')
  await sql('DELETE FROM sys_jobs')
})

describe('a message', () => {
  test('is kept in the outbox, with its code and link', async () => {
    await ask(confirmation('ann@example.com'))
    expect(await messageTo('ann@example.com')).toMatchObject({
      channel: 'email',
      kind: 'confirmation',
      variables: { code: '314159', tokenHash: 'c0ffee', link: 'https://x.example/verify?token=c0ffee' },
    })
    expect(await messagesTo('bob@example.com')).toEqual([])
  })

  test('is asked for only if its condition holds', async () => {
    await ask(confirmation('no@example.com'), { sql: '? = ?', params: ['a', 'b'] })
    await ask(confirmation('yes@example.com'), { sql: '? = ?', params: ['a', 'a'] })
    expect(await messagesTo('no@example.com')).toEqual([])
    expect(await messagesTo('yes@example.com')).toHaveLength(1)
  })

  test('never lies readable in its job, nor is shown by the administration', async () => {
    await ask(confirmation('ann@example.com'))
    const [{ id, payload }] = (await sql('SELECT id, payload FROM sys_jobs')) as [{ id: string; payload: string }]
    const shown = (await service(`/api/v1/admin/jobs/${id}`)).text
    for (const secret of ['314159', 'c0ffee', 'ann@example.com']) {
      expect(payload).not.toContain(secret)
      expect(shown).not.toContain(secret)
    }
    expect(shown).toContain('confirmation')
    expect(shown).not.toContain('sealed')
  })

  test('is sent once, however often its job is delivered', async () => {
    await ask(confirmation('ann@example.com'))
    await Promise.all(Array.from({ length: 20 }, () => sendMessages()))
    expect(await messagesTo('ann@example.com')).toHaveLength(1)
  })

  test("isn't sent once its code has expired", async () => {
    await ask(confirmation('late@example.com', { expiresAt: Date.now() - 1 }))
    expect(await messagesTo('late@example.com')).toEqual([])
    expect(await sql('SELECT state, error FROM sys_jobs')).toEqual([{ state: 'dead', error: expect.stringContaining('expired') }])
  })
})

describe('/dev/outbox.json', () => {
  test('lists the newest first, of one recipient, after one, and is emptied', async () => {
    for (const to of ['a@example.com', 'b@example.com', 'a@example.com']) await ask(confirmation(to))
    await sendMessages()
    const list = async (query: string) =>
      ((await nobody(`/dev/outbox.json${query}`)).json as { messages: { id: string; to: string }[] }).messages
    const [newest, , oldest] = await list('')
    expect(newest!.id > oldest!.id).toBe(true)
    expect(await list('?to=a@example.com')).toHaveLength(2)
    expect(await list(`?after=${oldest!.id}`)).toHaveLength(2)
    expect((await nobody('/dev/outbox.json', { method: 'DELETE' })).status).toBe(204)
    expect(await list('')).toEqual([])
  })

  test('does not exist in production, nor for a page of another site', async () => {
    const production = serve(demo, { ...bindings, PERIGEE_ENV: 'production' })
    expect((await production.nobody('/dev/outbox.json')).status).toBe(404)
    expect((await production.nobody('/dev/outbox.json', { method: 'DELETE' })).status).toBe(404)
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await nobody('/dev/outbox.json', { headers })).status).toBe(404)
    expect((await nobody('/dev/outbox.json', { method: 'DELETE', headers })).status).toBe(404)
  })
})

test('without a way to send them, a message is refused by name', async () => {
  const shop = await workshop({ ...bindings, PERIGEE_ENV: 'production' })
  await expect(messageStatements(shop, confirmation('ann@example.com'))).rejects.toMatchObject({
    definition: { code: 'email_transport_missing', status: 503 },
  })
})
