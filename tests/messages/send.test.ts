// Messages are asked for in the batch of what asks for them, sealed, and sent afterwards by a job.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import demo from '../../app'
import type { AppDefinition, AuthHooks, MessageRules, SendEmailInput } from '../../src/define'
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

  test("a mail's HTML is shown in a frame that runs nothing, loads nothing and opens links beside it", async () => {
    await ask(confirmation('ann@example.com'))
    const { id } = await messageTo('ann@example.com')
    const { headers, text } = await nobody(`/dev/outbox.html?id=${id}`)
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*sandbox allow-popups/)
    expect(headers.get('content-security-policy')).not.toMatch(/script-src|allow-scripts|allow-same-origin/)
    expect(text).toContain('<head><base target="_blank">')
    expect((await nobody('/dev/outbox.html?id=x')).status).toBe(404)
  })

  test('the page lets nothing in from elsewhere but the frame; who asks for JSON is sent there', async () => {
    const ASSETS = { fetch: async () => new Response('the page') } as unknown as Fetcher
    const page = await serve(demo, { ...bindings, ASSETS }).nobody('/dev/outbox')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';.*frame-src 'self'$/)
    const json = await nobody('/dev/outbox?to=a', { headers: { accept: 'application/json' } })
    expect([json.status, json.headers.get('location')]).toEqual([307, '/dev/outbox.json?to=a'])
  })

  test('does not exist in production, nor for a page of another site', async () => {
    const production = serve(demo, { ...bindings, PERIGEE_ENV: 'production' })
    for (const path of ['/dev/outbox', '/dev/outbox.json', '/dev/outbox.html?id=x', '/outbox/app.js'])
      expect((await production.nobody(path)).status).toBe(404)
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

describe('in production', () => {
  const production = { ...bindings, PERIGEE_ENV: 'production' }
  const app = (hooks: AuthHooks, messages: MessageRules = {}) => ({ ...demo, auth: { hooks, messages } })

  async function askOf(definition: AppDefinition, message: Message): Promise<void> {
    const shop = { ...(await workshop(production)), app: definition }
    await run(bindings.DB, await messageStatements(shop, message))
    await sendMessages(definition, production)
  }
  const job = async () => (await sql('SELECT * FROM sys_jobs'))[0]!

  test('a message leaves by its transport, and nothing is kept', async () => {
    const sent: SendEmailInput[] = []
    await askOf(app({ sendEmail: (input) => void sent.push(input) }), confirmation('ann@example.com'))
    expect(sent.map(({ message }) => message.to)).toEqual(['ann@example.com'])
    expect(await sql('SELECT * FROM sys_outbox')).toEqual([])
    expect(await job()).toMatchObject({ state: 'done', attempts: 1 })
  })

  test('one that fails is tried again with the same id, later and later, and its reason holds nothing of it', async () => {
    const ids: string[] = []
    const failing = app({
      sendEmail(_, { id }) {
        ids.push(id)
        throw new Error('ann@example.com 314159')
      },
    })
    await askOf(failing, confirmation('ann@example.com'))
    const first = await job()
    expect(first).toMatchObject({ state: 'queued', attempts: 1, error: expect.not.stringContaining('ann@') })
    expect(String(first['error'])).not.toContain('314159')
    expect(Number(first['due_at'])).toBeGreaterThan(Date.now())
    await sql('UPDATE sys_jobs SET due_at = 0, attempts = 0')
    await sendMessages(failing, production)
    expect(ids).toEqual([first['id'], first['id']])
  })

  test('one that is refused for good is kept as dead, and can be replayed', async () => {
    const refusing = app({ sendEmail: () => ({ error: { message: 'no', http_code: 422 } }) })
    await askOf(refusing, confirmation('ann@example.com'))
    expect(await job()).toMatchObject({ state: 'dead', attempts: 1 })
    const { id } = await job()
    // Without the queue, whose consumer here is another app's.
    const { JOBS: _, ALARM: __, ...quiet } = bindings
    expect((await serve(demo, quiet).service(`/api/v1/admin/jobs/${String(id)}/replay`, { method: 'POST' })).status).toBe(200)
    const sent: string[] = []
    await sendMessages(app({ sendEmail: ({ message }) => void sent.push(message.to) }), production)
    expect(sent).toEqual(['ann@example.com'])
  })

  test("a template that throws is in the log, and the mail goes out in the engine's words", async () => {
    const sent: SendEmailInput[] = []
    const templates = {
      confirmation: () => {
        throw new Error('x')
      },
    }
    await askOf(app({ sendEmail: (input) => void sent.push(input) }, { templates }), confirmation('ann@example.com'))
    expect(sent[0]!.message.text).toContain('314159')
  })

  test('a sealed message opens for its own job only', async () => {
    const shop = await workshop()
    await run(bindings.DB, [
      ...(await messageStatements(shop, confirmation('a@example.com'))),
      ...(await messageStatements(shop, confirmation('b@example.com'))),
    ])
    await sql('UPDATE sys_jobs SET payload = (SELECT payload FROM sys_jobs ORDER BY id LIMIT 1)')
    await sendMessages()
    expect(await sql('SELECT count(*) AS n FROM sys_outbox')).toEqual([{ n: 1 }])
  })

  test('/health says when no mail can leave', async () => {
    expect((await serve(demo, production).nobody('/health')).json).toMatchObject({ mail: expect.stringContaining('none') })
    expect((await serve(app({ sendEmail: () => undefined }), production).nobody('/health')).json).not.toHaveProperty('mail')
    expect((await nobody('/health')).json).not.toHaveProperty('mail')
  })
})
