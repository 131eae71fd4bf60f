// The start page and what it asks for, on a developer's own machine only. Asks no database.
import { Hono } from 'hono'
import { AppError } from '../../core'
import { readShapes } from '../../data'
import { describeExpression, type Model, type TableModel } from '../../define'
import { requestErrors, type AppEnv } from '../../middleware'
import { readTrace } from '../../observability'
import { keysOf } from '../../platform'
import { landing } from './landing'
import { ownMachineOnly } from './own-machine'
import { servePage } from './page'

export const start = new Hono<AppEnv>()

start.get('/', landing(), ownMachineOnly(), (c) => servePage(c.env.ASSETS, new URL('/start/', c.req.url)))
start.get('/start/*', ownMachineOnly(), (c) => servePage(c.env.ASSETS, new URL(c.req.url)))

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

function policies(model: Model, { policies: { read, insert, update, delete: remove } }: TableModel) {
  const text = (expression: typeof read) => describeExpression(model, expression)
  return { read: text(read), insert: text(insert), update: { using: text(update.using), check: text(update.check) }, delete: text(remove) }
}
