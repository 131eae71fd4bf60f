// Makes a backend out of an app: the model once, then every request through the middleware to its route.
import { Hono } from 'hono'
import { AppError } from './core'
import { sweep } from './data'
import { buildModel, type AppDefinition } from './define'
import { cors, flood, renderError, request, requestErrors, versionGate, type AppEnv } from './middleware'
import { newLocation, openStores, type Env, type Location } from './platform'
import { routes } from './routes'

export interface Backend {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>
  /** The cron of wrangler.toml: forgets what has outlived its purpose (docs/storage.md). */
  scheduled(controller: ScheduledController, env: Env): Promise<void>
}

/** `location` is the memory of this isolate. Throws `ModelError` when the app can't work, so that a broken one never starts. */
export function createBackend(app: AppDefinition, location: Location = newLocation()): Backend {
  const model = buildModel(app)
  const hono = new Hono<AppEnv>()
  hono.onError(renderError)
  hono.notFound((c) => renderError(new AppError(requestErrors.not_found), c))
  hono.use(request(app, model, location), cors(), versionGate(), flood())
  hono.route('/', routes())
  return {
    fetch: (incoming, env, ctx) => hono.fetch(incoming, env, ctx),
    async scheduled(controller, env) {
      for (const store of openStores(env, () => undefined).all) await sweep(store, controller.scheduledTime)
    },
  }
}
