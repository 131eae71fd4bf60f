// The start page and what it asks for, on a developer's own machine only. Asks no database.
import { Hono } from 'hono'
import { AppError } from '../../core'
import { readShapes } from '../../data'
import { describeExpression, type Model, type TableModel } from '../../define'
import { requestErrors, type AppEnv } from '../../middleware'
import { readTrace } from '../../observability'
import { keysOf } from '../../platform'
import { ownMachineOnly } from './own-machine'

/** Nothing from elsewhere: scripts, styles, pictures and calls are this host's own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

export const start = new Hono<AppEnv>()

start.get('/', ownMachineOnly(), (c) => asset(c.env.ASSETS, new URL('/start/', c.req.url)))
start.get('/start/*', ownMachineOnly(), (c) => asset(c.env.ASSETS, new URL(c.req.url)))

/** What the page shows of the app: its name, its keys, and every served table's policies as TypeScript. */
start.get('/dev/app', ownMachineOnly(), async (c) => {
  const { app, model } = c.var
  const keys = c.env.PERIGEE_ROOT_KEY ? (await keysOf(c.env)).api : null
  const served = [...model.tables.values()].filter((table) => table.served)
  return c.json({
    name: app.name,
    description: app.description ?? '',
    keys,
    tables: Object.fromEntries(served.map((table) => [table.name, policies(model, table)])),
  })
})

/** What a recent request, by its `x-request-id`, asked of the database. */
start.get('/dev/trace/:requestId', ownMachineOnly(), (c) => {
  const trace = readTrace(c.req.param('requestId'))
  if (trace === null)
    throw new AppError(requestErrors.not_found, { message: 'This request asked nothing of the database, or is no longer remembered.' })
  return c.json(trace)
})

/** What was asked lately, by form: `npm run advise` looks for the indexes that would help. */
start.get('/dev/shapes', ownMachineOnly(), (c) => c.json(readShapes()))

async function asset(assets: Fetcher | undefined, url: URL): Promise<Response> {
  const answer = await assets?.fetch(url)
  if (!answer?.ok) throw new AppError(requestErrors.not_found)
  const page = new Response(answer.body, answer)
  for (const [name, value] of Object.entries(PAGE_HEADERS)) page.headers.set(name, value)
  return page
}

function policies(model: Model, { policies: { read, insert, update, delete: remove } }: TableModel) {
  const text = (expression: typeof read) => describeExpression(model, expression)
  return { read: text(read), insert: text(insert), update: { using: text(update.using), check: text(update.check) }, delete: text(remove) }
}
