// Makes a backend out of an app: the model once, then every request through the middleware to its route.
import { Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import { sweepAuthentication } from './auth'
import { createChanges } from './changes'
import { AppError } from './core'
import { sweep } from './data'
import { buildModel, type AppDefinition } from './define'
import { beginCronJobs, consume, sendDue, sweepJobs, sweepPayloads } from './jobs'
import { cors, flood, renderError, request, requestErrors, versionGate, type AppEnv } from './middleware'
import { sweepOutbox } from './messages'
import { newLocation, openStores, type Env, type Location } from './platform'
import { adminRoutes, OPERATORS, routes } from './routes'
import { sweepWebhooks, webhookConsumer } from './webhooks'

export interface Backend {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>
  /** The crons of wrangler.toml: one a minute for what is due, one that forgets what has outlived its purpose (docs/storage.md). */
  scheduled(controller: ScheduledController, env: Env): Promise<void>
  /** Work that is done later. */
  queue(batch: MessageBatch, env: Env, ctx: ExecutionContext): Promise<void>
}

const EACH_MINUTE = '* * * * *'

/** The address that is asked for. GoTrue takes one with a slash behind it for the same, and some of its clients write it so. */
function pathOf(asked: Request): string {
  const path = getPath(asked)
  return path.endsWith('/') && path.startsWith('/auth/v1/') && path.length > '/auth/v1/'.length ? path.slice(0, -1) : path
}

/** `location` is the memory of this isolate. Throws `ModelError` when the app can't work, so that a broken one never starts. */
export function createBackend(app: AppDefinition, location: Location = newLocation()): Backend {
  const model = buildModel(app)
  const changes = createChanges(model, [webhookConsumer(model)])
  const serving = (addresses: Hono<AppEnv>): Hono<AppEnv> => {
    const hono = new Hono<AppEnv>({ getPath: pathOf })
    hono.onError(renderError)
    hono.notFound((c) => renderError(new AppError(requestErrors.not_found), c))
    hono.use(request(app, model, location, changes.written), cors(), versionGate(), flood())
    return hono.route('/', addresses)
  }
  const [clients, operators] = [serving(routes()), serving(adminRoutes())]
  const isAdmin = (url: string): boolean => {
    const path = url.indexOf('/', 'https://'.length)
    return OPERATORS.some((beginning) => url.startsWith(beginning, path))
  }
  return {
    fetch: (incoming, env, ctx) => (isAdmin(incoming.url) ? operators : clients).fetch(incoming, env, ctx),
    async scheduled(controller, env) {
      const stores = openStores(env, () => undefined)
      if (controller.cron === EACH_MINUTE) {
        await beginCronJobs(model, stores.primary, env, Date.now())
        for (const store of stores.all) await sendDue(store, env, Date.now())
        return changes.tick(env)
      }
      for (const store of stores.all) {
        await sweep(store, controller.scheduledTime)
        await sweepJobs(store, env, controller.scheduledTime)
      }
      await sweepPayloads(stores.all, env, controller.scheduledTime)
      await sweepOutbox(stores.primary.db, controller.scheduledTime)
      await sweepWebhooks(stores.primary, controller.scheduledTime)
      await sweepAuthentication(stores.primary, controller.scheduledTime)
      await changes.sweep(env, controller.scheduledTime)
    },
    queue: (batch, env, ctx) => consume({ app, model, env, changes, later: (work) => ctx.waitUntil(work) }, batch),
  }
}
