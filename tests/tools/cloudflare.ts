// A Cloudflare that stands in the test: an HTTP server that speaks the API paths which wrangler calls, keeps what it was sent, and runs D1
// statements on workerd's own D1. Refuses a request without the token, and answers paths that it doesn't know with an error that names them.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { getPlatformProxy } from 'wrangler'
import { splitStatements } from './statements'

export const TOKEN = 'test-token'
export const ACCOUNT = '0123456789abcdef0123456789abcdef'
/** Databases that can exist at once. */
const SLOTS = ['D0', 'D1', 'D2', 'D3', 'D4']

export interface Upload {
  /** The Worker's name. */
  readonly worker: string
  readonly metadata: Metadata
  /** Names of the uploaded modules. */
  readonly modules: readonly string[]
}

export interface Metadata {
  readonly main_module?: string
  readonly bindings: readonly {
    readonly type: string
    readonly name: string
    readonly id?: string
    readonly text?: string
    readonly namespace_id?: string
  }[]
  readonly migrations?: unknown
  readonly keep_bindings?: readonly string[]
}

export interface FakeCloudflare {
  readonly url: string
  /** What a tool needs to talk to this one instead of the real one. */
  readonly env: NodeJS.ProcessEnv
  /** `METHOD /path`, in order. */
  readonly requests: string[]
  readonly databases: Map<string, { name: string; slot: string }>
  readonly namespaces: Map<string, string>
  readonly queues: Map<string, Queue>
  readonly buckets: Set<string>
  /** Of the Worker `perigee`. */
  readonly secrets: Map<string, string>
  secretsOf(worker: string): Map<string, string>
  readonly uploads: Upload[]
  /** The error with which D1 answers a statement instead of running it; null to run it. */
  refuse: (sql: string) => string | null
  /** Makes a database as a person did long ago. */
  addDatabase(name: string): string
  query(name: string, sql: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** A queue as the API describes it. */
interface Queue {
  readonly queue_id: string
  readonly queue_name: string
  readonly consumers: Record<string, unknown>[]
}

class ApiError extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

type Handler = (match: readonly string[], request: IncomingMessage) => unknown

/** Starts it on a free port. `accounts` false plays a token that is not valid. */
export async function startCloudflare(): Promise<FakeCloudflare> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-cloudflare-'))
  const configPath = join(folder, 'wrangler.json')
  const bindings = SLOTS.map((slot) => ({ binding: slot, database_id: slot, database_name: slot }))
  writeFileSync(configPath, JSON.stringify({ name: 'fake', compatibility_date: '2026-10-01', d1_databases: bindings }))
  const runtime = await getPlatformProxy<Record<string, D1Database>>({ configPath, persist: { path: join(folder, 'state') } })
  const requests: string[] = []
  const databases = new Map<string, { name: string; slot: string }>()
  const namespaces = new Map<string, string>()
  const queues = new Map<string, Queue>()
  const buckets = new Set<string>()
  const secrets = new Map<string, string>()
  const uploads: Upload[] = []
  const slots = [...SLOTS]

  const addDatabase = (name: string): string => {
    const slot = slots.shift()
    if (slot === undefined) throw new ApiError(400, 7406, 'too many databases for this test')
    const id = randomUUID()
    databases.set(id, { name, slot })
    return id
  }
  const describe = (id: string) => ({
    uuid: id,
    name: databases.get(id)!.name,
    version: 'production',
    created_at: '2026-11-01T00:00:00Z',
    num_tables: 0,
    file_size: 0,
  })
  const find = (idOrName: string): string => {
    const wanted = decodeURIComponent(idOrName)
    for (const [id, { name }] of databases) if (id === wanted || name === wanted) return id
    throw new ApiError(404, 7404, `The database ${wanted} could not be found`)
  }
  const execute = async (id: string, sql: string): Promise<D1Result<Record<string, unknown>>[]> => {
    const refusal = fake.refuse(sql)
    if (refusal !== null) throw new ApiError(400, 7500, refusal)
    const db = runtime.env[databases.get(id)!.slot]!
    try {
      return await db.batch<Record<string, unknown>>(splitStatements(sql).map((statement) => db.prepare(statement)))
    } catch (error) {
      throw new ApiError(400, 7500, (error as Error).message.replace(/^D1_ERROR: /, ''))
    }
  }
  const json = async (request: IncomingMessage) => JSON.parse(await text(request)) as Record<string, never>
  const account = `/accounts/${ACCOUNT}`
  const script = `${account}/workers/scripts/([^/]+)`
  const others = new Map<string, Map<string, string>>()
  const secretsOf = (worker = 'perigee'): Map<string, string> => {
    if (worker === 'perigee') return secrets
    if (!others.has(worker)) others.set(worker, new Map())
    return others.get(worker)!
  }
  const needWorker = (name: string | undefined): Upload => {
    const last = uploads.findLast(({ worker }) => worker === name)
    if (last === undefined) throw new ApiError(404, 10007, 'This Worker does not exist on your account.')
    return last
  }

  const described = ({ consumers, ...queue }: Queue) => ({
    ...queue,
    producers: [],
    consumers,
    producers_total_count: 0,
    consumers_total_count: consumers.length,
    settings: { delivery_delay: 0, message_retention_period: 345_600 },
  })

  const routes: readonly (readonly [string, string, Handler])[] = [
    ['GET', '/user', () => ({ id: 'u', email: 'owner@example.com' })],
    ['GET', '/user/tokens/verify', () => ({ id: 't', status: 'active' })],
    ['GET', '/accounts', () => [{ id: ACCOUNT, name: 'Test account' }]],
    ['GET', '/memberships', () => [{ id: 'm', account: { id: ACCOUNT, name: 'Test account' } }]],
    ['GET', account, () => ({ id: ACCOUNT, name: 'Test account' })],

    ['GET', `${account}/d1/database`, () => [...databases.keys()].map(describe)],
    ['POST', `${account}/d1/database`, async (_, request) => describe(addDatabase(String((await json(request)).name)))],
    ['GET', `${account}/d1/database/([^/]+)`, ([idOrName]) => describe(find(idOrName!))],
    [
      'DELETE',
      `${account}/d1/database/([^/]+)`,
      ([idOrName]) => {
        databases.delete(find(idOrName!))
        return null
      },
    ],
    ['POST', `${account}/d1/database/([^/]+)/query`, async ([id], request) => execute(find(id!), String((await json(request)).sql))],
    [
      'GET',
      `${account}/d1/database/([^/]+)/time_travel/bookmark`,
      () => ({ bookmark: '00000000-00000001-00004e2f-0a1b2c3d4e5f60718293a4b5c6d7e8f9' }),
    ],

    ['GET', `${account}/storage/kv/namespaces`, () => [...namespaces].map(([id, title]) => ({ id, title, supports_url_encoding: true }))],
    [
      'POST',
      `${account}/storage/kv/namespaces`,
      async (_, request) => {
        const id = randomUUID().replaceAll('-', '')
        const title = String((await json(request)).title)
        namespaces.set(id, title)
        return { id, title, supports_url_encoding: true }
      },
    ],

    ['GET', `${account}/queues`, () => [...queues.values()].map(described)],
    [
      'POST',
      `${account}/queues`,
      async (_, request) => {
        const made = { queue_id: randomUUID().replaceAll('-', ''), queue_name: String((await json(request)).queue_name), consumers: [] }
        queues.set(made.queue_id, made)
        return described(made)
      },
    ],
    ['GET', `${account}/queues/([^/]+)`, ([id]) => described(queues.get(id!)!)],
    ['GET', `${account}/queues/([^/]+)/consumers`, ([id]) => queues.get(id!)!.consumers],
    [
      '(POST|PUT)',
      `${account}/queues/([^/]+)/consumers(?:/[^/]+)?`,
      async ([id], request) => {
        const consumer = {
          ...(await json(request)),
          type: 'worker',
          consumer_id: 'c',
          script: 'perigee',
          service: 'perigee',
          environment: 'production',
        }
        queues.get(id!)!.consumers.splice(0, 1, consumer)
        return consumer
      },
    ],
    [
      'GET',
      `${account}/r2/buckets/([^/]+)`,
      ([name]) => {
        if (!buckets.has(name!)) throw new ApiError(404, 10006, 'The specified bucket does not exist.')
        return { name, creation_date: '2026-11-01T00:00:00Z', location: 'WEUR', storage_class: 'Standard' }
      },
    ],
    ['GET', `${account}/r2/buckets`, () => ({ buckets: [...buckets].map((name) => ({ name, creation_date: '2026-11-01T00:00:00Z' })) })],
    [
      'POST',
      `${account}/r2/buckets`,
      async (_, request) => {
        buckets.add(String((await json(request)).name))
        return null
      },
    ],

    [
      'GET',
      `${script}/secrets`,
      ([worker]) => (needWorker(worker), [...secretsOf(worker).keys()].map((name) => ({ name, type: 'secret_text' }))),
    ],
    [
      'GET',
      `${account}/workers/services/([^/]+)`,
      ([worker]) => (
        needWorker(worker),
        { id: worker, default_environment: { environment: 'production', script: { last_deployed_from: 'wrangler' } } }
      ),
    ],
    [
      'GET',
      `${account}/workers/services/([^/]+)/environments/production/settings`,
      ([worker]) => ({ bindings: needWorker(worker).metadata.bindings }),
    ],
    ['GET', `${script}/settings`, ([worker]) => ({ bindings: needWorker(worker).metadata.bindings })],
    ['GET', `${script}/versions`, ([worker]) => (needWorker(worker), { items: [] })],
    ['GET', `${script}/deployments`, ([worker]) => (needWorker(worker), { deployments: [] })],
    ['POST', `${script}/deployments`, () => ({ id: randomUUID() })],
    [
      'GET',
      `${account}/workers/scripts`,
      () => [...new Set(uploads.map(({ worker }) => worker))].map((id) => ({ id, migration_tag: 'v1' })),
    ],
    ['GET', `${account}/workers/durable_objects/namespaces`, () => []],
    [
      'POST',
      `${script}/assets-upload-session`,
      // Says that all files are known already, so that none need be sent.
      () => ({ jwt: 'assets-complete', buckets: [] }),
    ],
    ['(PUT|POST)', `${script}(?:/versions)?`, ([worker], request) => upload(worker!, request)],
    ['GET', `${account}/workers/subdomain`, () => ({ subdomain: 'test-account' })],
    [
      'GET',
      `${account}/workers/workers/([^/]+)`,
      ([worker]) => (needWorker(worker), { id: worker, name: worker, subdomain: { enabled: true, previews_enabled: false } }),
    ],
    [
      'PATCH',
      `${account}/workers/workers/([^/]+)`,
      () => ({ id: 'perigee', name: 'perigee', subdomain: { enabled: true, previews_enabled: false } }),
    ],
    ['GET', `${script}/subdomain`, () => ({ enabled: true, previews_enabled: false })],
    ['POST', `${script}/subdomain`, () => ({ enabled: true, previews_enabled: false })],
    ['PATCH', `${script}/script-settings`, () => ({})],
    ['GET', `${script}/script-settings`, () => ({})],
    ['PUT', `${script}/schedules`, () => ({ schedules: [] })],
    ['GET', `${account}/workers/domains`, () => []],
  ]

  async function upload(worker: string, request: IncomingMessage): Promise<unknown> {
    const body = new Request('http://upload/', {
      method: 'POST',
      body: request as never,
      duplex: 'half',
      headers: { 'content-type': request.headers['content-type']! },
    } as RequestInit)
    const form = await body.formData()
    const part = form.get('metadata')
    const metadata = JSON.parse(typeof part === 'string' ? part : await (part as unknown as Blob).text()) as Metadata
    for (const binding of metadata.bindings)
      if (binding.type === 'secret_text' && binding.text !== undefined) secretsOf(worker).set(binding.name, binding.text)
    const modules = [...form.keys()].filter((name) => name !== 'metadata')
    uploads.push({ worker, metadata, modules })
    return {
      id: worker,
      etag: 'e',
      pipeline_hash: 'p',
      deployment_id: randomUUID(),
      startup_time_ms: 12,
      entry_point: metadata.main_module,
      resources: { script: {} },
      metadata: {},
    }
  }

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const { pathname } = new URL(request.url!, 'http://api')
    requests.push(`${request.method} ${pathname}`)
    if (request.headers.authorization !== `Bearer ${TOKEN}`) throw new ApiError(401, 10000, 'Authentication error')
    for (const [method, path, handler] of routes) {
      const match = new RegExp(`^${path}$`).exec(pathname)
      if (match && new RegExp(`^${method}$`).test(request.method!)) return await handler(match.slice(1), request)
    }
    throw new ApiError(404, 7003, `The fake Cloudflare does not know ${request.method} ${pathname}`)
  }
  const server = createServer((request, response) => {
    void answer(request).then(
      (result) =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify(envelope(result, Number(new URL(request.url!, url).searchParams.get('page') ?? 1)))),
      (error: unknown) => {
        const { status, code, message } = error instanceof ApiError ? error : new ApiError(500, 1, String(error))
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null }))
      },
    )
  })
  const url = await listen(server)
  const fake: FakeCloudflare = {
    url,
    refuse: () => null,
    env: { CLOUDFLARE_API_BASE_URL: url, CLOUDFLARE_API_TOKEN: TOKEN, CLOUDFLARE_ACCOUNT_ID: ACCOUNT, CI: 'true' },
    requests,
    databases,
    namespaces,
    queues,
    buckets,
    secrets,
    secretsOf: (worker) => secretsOf(worker),
    uploads,
    addDatabase,
    query: async (name, sql) => (await execute(find(name), sql)).at(-1)?.results ?? [],
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await runtime.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return fake
}

/** Lists have one page; wrangler asks for the next until one is empty. */
function envelope(result: unknown, page: number) {
  if (!Array.isArray(result)) return { success: true, errors: [], messages: [], result }
  const items = page > 1 ? [] : result
  const result_info = { page, per_page: 100, count: items.length, total_count: result.length, total_pages: 1 }
  return { success: true, errors: [], messages: [], result: items, result_info }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`)
    })
  })
}
