// Many changes, told to a receiver that fails, answers late, redirects and closes in the middle: by the built Worker, over real HTTP. Small in
// the gate, large in `npm run soak -- webhooks`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { uuidv7 } from '../../src/core'
import { randomOf } from './random'
import type { Server } from './server'

export interface StormResult {
  readonly delivered: number
  readonly requests: number
  readonly failures: Readonly<Record<string, number>>
  /** Requests that came again although the receiver had taken the event. */
  readonly repeated: number
  readonly seconds: number
}

/** How often one event is failed at most: the tenth attempt is the last. */
const MOST_FAILURES = 6
const FAILING = 0.3

type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => void

const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  error: (_, response) => response.writeHead(500).end('no'),
  busy: (_, response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  redirect: (_, response) => response.writeHead(307, { location: '/trap' }).end(),
  refuses: (request) => request.socket.destroy(),
  closes: (request, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('half', () => request.socket.destroy())
  },
}

interface Receiver {
  readonly url: string
  readonly problems: string[]
  readonly failures: Record<string, number>
  /** Set once the endpoint is made. */
  secret: string
  requests: number
  repeated: number
  /** By row: the number of the last change that was taken. */
  readonly taken: Map<string, number>
  readonly ids: Set<string>
  close(): Promise<void>
}

async function receive(seed: number): Promise<Receiver> {
  const random = randomOf(seed)
  const failed = new Map<string, number>()
  const receiver = {
    url: '',
    problems: [] as string[],
    failures: {} as Record<string, number>,
    secret: '',
    requests: 0,
    repeated: 0,
    taken: new Map<string, number>(),
    ids: new Set<string>(),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
  const judge = (text: string, request: IncomingMessage, response: ServerResponse) => {
    receiver.requests++
    if (request.url !== '/hook') receiver.problems.push(`A request for ${request.method} ${request.url}.`)
    const id = String(request.headers['webhook-id'])
    const kind = Object.keys(MISBEHAVIOURS)[Math.floor(random() * Object.keys(MISBEHAVIOURS).length)]!
    const before = failed.get(id) ?? 0
    if (random() < FAILING && before < MOST_FAILURES) {
      failed.set(id, before + 1)
      receiver.failures[kind] = (receiver.failures[kind] ?? 0) + 1
      return MISBEHAVIOURS[kind]!(request, response)
    }
    try {
      const { data } = new Webhook(receiver.secret).verify(text, request.headers as Record<string, string>) as {
        data: { key: { id: string }; record: { name: string } }
      }
      const number = Number(data.record.name)
      const last = receiver.taken.get(data.key.id) ?? 0
      if (receiver.ids.has(id)) receiver.repeated++
      else if (number !== last + 1) receiver.problems.push(`Change ${number} of a row came after change ${last}.`)
      if (!receiver.ids.has(id)) receiver.taken.set(data.key.id, number)
      receiver.ids.add(id)
    } catch (error) {
      receiver.problems.push(String(error))
    }
    setTimeout(() => response.end('ok'), random() < 0.1 ? 20 + random() * 300 : 0)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => judge(Buffer.concat(chunks).toString('utf8'), request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return receiver
}

/** Asks as the service. */
async function ask(server: Server, path: string, method: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { apikey: server.keys.secretKey, 'content-type': 'application/json', prefer: 'return=minimal' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}

const CHANGES_A_ROW = 10

/** What the server must be started with: five minutes become 15 ms, a day 4 s. */
export const STORM_VARS = { PERIGEE_WEBHOOK_SPEED: '20000' }

/** Throws when an event is lost, comes out of order, or can't be verified. `size` is a multiple of ten. */
export async function webhookStorm(server: Server, size: number, seed: number, patienceMs: number): Promise<StormResult> {
  const receiver = await receive(seed)
  try {
    const started = Date.now()
    const made = await ask(server, '/api/v1/admin/webhooks', 'POST', { url: receiver.url, events: ['teams.inserted', 'teams.updated'] })
    const { id, secret } = made as { id: string; secret: string }
    receiver.secret = secret
    const rows = Array.from({ length: size / CHANGES_A_ROW }, () => uuidv7())
    const founder = uuidv7()
    for (let round = 1; round <= CHANGES_A_ROW; round++) {
      if (round > 1) await ask(server, `/rest/v1/teams?created_by=eq.${founder}`, 'PATCH', { name: String(round) })
      else
        await ask(
          server,
          '/rest/v1/teams',
          'POST',
          rows.map((row) => ({ id: row, name: '1', created_by: founder })),
        )
    }
    const until = Date.now() + patienceMs
    while (receiver.ids.size < size && receiver.problems.length === 0 && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 100))
    const endpoint = (await ask(server, `/api/v1/admin/webhooks/${id}`, 'GET')) as { state: string; backlog: object }
    if (receiver.problems.length > 0) throw new Error(receiver.problems.slice(0, 5).join('\n'))
    if (receiver.ids.size !== size || rows.some((row) => receiver.taken.get(row) !== CHANGES_A_ROW))
      throw new Error(
        `Of ${size} events ${receiver.ids.size} were taken after ${receiver.requests} requests: ${JSON.stringify(endpoint)} (seed ${seed})`,
      )
    const { requests, failures, repeated } = receiver
    return { delivered: size, requests, failures, repeated, seconds: Math.round((Date.now() - started) / 1000) }
  } finally {
    await receiver.close()
  }
}
