// Transports against real HTTP servers that check what they are sent as the provider does, and answer what it answers.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { app as declare, type AppDefinition, type AuthRules, type SendEmailInput, type SendSmsInput } from '../../src/define'
import { DeliveryError } from '../../src/messages/errors'
import type { Message } from '../../src/messages/message'
import { render } from '../../src/messages/render'
import { transportOf } from '../../src/messages/transport'
import type { Env } from '../../src/platform'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: Server
let url: string
const seen: Seen[] = []
/** What the provider answers next; then it accepts again. */
let answers: { status: number; body: unknown; headers?: Record<string, string> }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push({ method: request.method!, path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() })
      const { status, body, headers = {} } = answers.shift() ?? { status: 200, body: { id: 'x', sid: 'SM1', status: 'queued' } }
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
afterEach(() => {
  seen.length = 0
  answers = []
})

const notes = (auth: AuthRules = {}): AppDefinition => declare({ name: 'Notes, "Inc"', tables: [], auth })
const mail: Message = {
  channel: 'email',
  to: 'ann@example.com',
  kind: 'confirmation',
  locale: 'de',
  variables: { code: '314159', tokenHash: 'c0ffee', link: 'https://notes.example/verify?token=c0ffee' },
}
const sms: Message = { channel: 'sms', to: '+41791234567', kind: 'phone_confirmation', locale: 'en', variables: { code: '271828' } }

async function send(message: Message, env: Partial<Env>, app = notes({ messages: { from: 'Notes, "Inc" <no-reply@notes.example>' } })) {
  const transport = transportOf(app, env as Env, message.channel)
  if (transport === null) throw new Error('There is no way.')
  const { rendered } = render(app, '01900000-0000-7000-8000-000000000001', message)
  await transport.send({ app, env: env as Env, db: undefined as never, now: Date.now() }, rendered)
}

const failure = async (sending: Promise<void>): Promise<DeliveryError> => {
  const error: unknown = await sending.then(
    () => new Error('It was sent.'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof DeliveryError)) throw error
  return error
}

describe('Resend', () => {
  const env = () => ({ PERIGEE_RESEND_KEY: 're_secret', PERIGEE_RESEND_URL: url })

  test('is sent the mail with the key, the job as idempotency key, and a quoted sender', async () => {
    await send(mail, env())
    const [{ method, path, headers, body }] = seen as [Seen]
    expect([method, path]).toEqual(['POST', '/emails'])
    expect(headers).toMatchObject({
      authorization: 'Bearer re_secret',
      'idempotency-key': '01900000-0000-7000-8000-000000000001',
      'content-type': 'application/json',
    })
    const sent = JSON.parse(body) as Record<string, string>
    expect(sent).toMatchObject({ from: '"Notes, \\"Inc\\"" <no-reply@notes.example>', to: ['ann@example.com'] })
    expect(sent['subject']).toContain('Bestätige')
    expect(sent['text']).toContain('314159')
    expect(sent['html']).toContain('https://notes.example/verify?token=c0ffee')
  })

  test.each([
    [422, { name: 'validation_error', message: 'Invalid `to` field: ann@example.com' }, {}, 'never'],
    [401, { name: 'missing_api_key' }, {}, null],
    [429, { name: 'rate_limit_exceeded' }, { 'retry-after': '7' }, 7],
    [500, { name: 'internal_server_error' }, {}, null],
    [409, { name: 'concurrent_idempotent_requests' }, {}, null],
    [302, {}, { location: 'http://127.0.0.1:1/' }, null],
  ])('answering %i is told from one that will never do, and repeats nothing of the mail', async (status, body, headers, again) => {
    answers = [{ status, body, headers: headers as Record<string, string> }]
    const error = await failure(send(mail, env()))
    expect(error.again).toBe(again)
    expect(error.message).toContain(String(status))
    for (const secret of ['ann@', '314159', 're_secret']) expect(error.message).not.toContain(secret)
  })

  test('that says the key was used for other words has sent the mail already', async () => {
    answers = [{ status: 409, body: { name: 'invalid_idempotent_request' } }]
    await send(mail, env())
    expect(seen).toHaveLength(1)
  })

  test('that nobody answers for is tried again', async () => {
    expect((await failure(send(mail, { PERIGEE_RESEND_KEY: 'x', PERIGEE_RESEND_URL: 'http://127.0.0.1:1' }))).again).toBe(null)
  })

  test('counts for nothing without a sender', () => {
    expect(transportOf(notes(), env() as Env, 'email')).toBe(null)
    expect(transportOf(notes({ messages: { from: 'a@b.example\r\nBcc: c@d.example' } }), env() as Env, 'email')).toBe(null)
    expect(transportOf(notes(), { ...env(), PERIGEE_MAIL_FROM: 'a@b.example' } as unknown as Env, 'email')?.name).toBe('resend')
  })
})

describe('Twilio', () => {
  const env = (more: Partial<Env> = {}): Partial<Env> => ({
    PERIGEE_TWILIO_ACCOUNT: 'AC1',
    PERIGEE_TWILIO_SECRET: 's:ecret',
    PERIGEE_TWILIO_FROM: '+15005550006',
    PERIGEE_TWILIO_URL: url,
    ...more,
  })
  const sent = () => Object.fromEntries(new URLSearchParams(seen[0]!.body))

  test('is sent a form, under the account', async () => {
    await send(sms, env())
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/2010-04-01/Accounts/AC1/Messages.json' })
    expect(seen[0]!.headers.authorization).toBe(`Basic ${btoa('AC1:s:ecret')}`)
    expect(seen[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(sent()).toEqual({ To: '+41791234567', From: '+15005550006', Body: expect.stringMatching(/^271828 /) })
  })

  test('takes an API key in the place of the account, and a messaging service in that of a number', async () => {
    await send(sms, env({ PERIGEE_TWILIO_KEY: 'SK1', PERIGEE_TWILIO_FROM: 'MG1' }))
    expect(seen[0]!.headers.authorization).toBe(`Basic ${btoa('SK1:s:ecret')}`)
    expect(sent()).toMatchObject({ MessagingServiceSid: 'MG1' })
  })

  test('sends by WhatsApp with a content template', async () => {
    await send({ ...sms, via: 'whatsapp' } as Message, env({ PERIGEE_TWILIO_CONTENT: 'HX1' }))
    expect(sent()).toEqual({
      To: 'whatsapp:+41791234567',
      From: 'whatsapp:+15005550006',
      ContentSid: 'HX1',
      ContentVariables: '{"1":"271828"}',
    })
  })

  test.each([
    [400, { code: 21211, message: 'Invalid +41791234567' }, 'never'],
    [503, {}, null],
    [201, { status: 'failed', error_code: 30007 }, 'never'],
  ])('answering %i', async (status, body, again) => {
    answers = [{ status, body }]
    const error = await failure(send(sms, env()))
    expect(error.again).toBe(again)
    expect(error.message).not.toContain('791234567')
  })
})

describe('Cloudflare', () => {
  const binding = (throws?: { code: string }) => {
    const sent: Record<string, unknown>[] = []
    const EMAIL = {
      async send(message: Record<string, unknown>) {
        if (throws) throw Object.assign(new Error('ann@example.com was refused'), throws)
        sent.push(message)
      },
    } as unknown as SendEmail
    return { sent, env: { EMAIL } }
  }

  test('is given the parts of the mail', async () => {
    const { sent, env } = binding()
    await send(mail, env)
    expect(sent[0]).toMatchObject({ from: { name: 'Notes, "Inc"', email: 'no-reply@notes.example' }, to: 'ann@example.com' })
  })

  test.each([
    ['E_RECIPIENT_SUPPRESSED', 'never'],
    ['E_RATE_LIMIT_EXCEEDED', 60],
    ['E_INTERNAL_SERVER_ERROR', null],
  ])('refusing with %s', async (code, again) => {
    const error = await failure(send(mail, binding({ code }).env))
    expect(error.again).toBe(again)
    expect(error.message).not.toContain('ann@')
  })

  test('or another is taken as the app says, when both are open', () => {
    const env = { ...binding().env, PERIGEE_RESEND_KEY: 'x' } as unknown as Env
    const rules = { messages: { from: 'a@b.example' } }
    expect(transportOf(notes(rules), env, 'email')?.name).toBe('resend')
    expect(transportOf(notes({ messages: { ...rules.messages, transports: { email: 'cloudflare' } } }), env, 'email')?.name).toBe(
      'cloudflare',
    )
  })
})

describe("the app's hook", () => {
  test('comes before every transport and gets the inputs of GoTrue', async () => {
    const inputs: (SendEmailInput | SendSmsInput)[] = []
    const hooks = {
      sendEmail: (input: SendEmailInput) => void inputs.push(input),
      sendSms: (input: SendSmsInput) => void inputs.push(input),
    }
    await send(mail, { PERIGEE_RESEND_KEY: 'x' }, notes({ hooks }))
    await send(sms, {}, notes({ hooks }))
    expect(seen).toEqual([])
    expect(inputs[0]).toMatchObject({
      email_data: { token: '314159', token_hash: 'c0ffee', token_new: '', token_hash_new: '', email_action_type: 'signup' },
      message: { to: 'ann@example.com', subject: expect.stringContaining('Bestätige') },
    })
    expect(inputs[1]).toMatchObject({ sms: { otp: '271828', phone: '41791234567', sms_type: 'confirmation' } })
  })

  test('of a change of address gets the two halves crossed, as GoTrue names them', async () => {
    const inputs: SendEmailInput[] = []
    const app = notes({ hooks: { sendEmail: (input) => void inputs.push(input) } })
    for (const kind of ['email_change_current', 'email_change_new'] as const) await send({ ...mail, kind } as Message, {}, app)
    expect(
      inputs.map(({ email_data: { token, token_hash, token_new, token_hash_new } }) => [token, token_hash, token_new, token_hash_new]),
    ).toEqual([
      ['314159', '', '', 'c0ffee'],
      ['', 'c0ffee', '314159', ''],
    ])
  })

  test('that refuses, throws or takes too long is told apart, and what it throws is not repeated', async () => {
    const of = (sendEmail: NonNullable<NonNullable<AuthRules['hooks']>['sendEmail']>) =>
      failure(send(mail, {}, notes({ hooks: { sendEmail } })))
    expect((await of(() => ({ error: { message: 'no', http_code: 422 } }))).again).toBe('never')
    expect((await of(() => ({ error: { message: 'no', http_code: 503 } }))).again).toBe(null)
    const threw = await of(() => {
      throw new TypeError('fetch to https://notes.example/verify?token=c0ffee of ann@example.com with 314159\nfailed')
    })
    expect(threw).toMatchObject({ again: null, message: 'The hook sendEmail threw TypeError: fetch to … of … with … failed' })
    vi.useFakeTimers()
    let aborted = false
    const late = of((_, { signal }) => new Promise<void>(() => signal.addEventListener('abort', () => (aborted = true))))
    await vi.advanceTimersByTimeAsync(5_000)
    vi.useRealTimers()
    expect((await late).message).toContain('longer than 5 seconds')
    expect(aborted).toBe(true)
  })
})

test('in development messages stay in the outbox, unless somebody asks for more', () => {
  const env = { PERIGEE_ENV: 'development', PERIGEE_RESEND_KEY: 'x', PERIGEE_MAIL_FROM: 'a@b.example' } as unknown as Env
  expect(transportOf(notes(), env, 'email')?.name).toBe('outbox')
  expect(transportOf(notes({ hooks: { sendEmail: () => undefined } }), env, 'email')?.name).toBe('outbox')
  expect(transportOf(notes(), { ...env, PERIGEE_MESSAGES: 'send' }, 'email')?.name).toBe('resend')
})
