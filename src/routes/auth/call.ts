// The way from a route to the sign-in service, wherever that runs, and back with what it cost.
import { runJob } from '../../jobs'
import type { AppContext } from '../../middleware'
import { addCall } from '../../observability'
import { authenticationService, openStores, settle, type AuthenticationService, type Outcome } from '../../platform'

/**
 * Runs jobs while the answer is on its way: somebody looks at their phone for the code. Where that fails the jobs are found in the table, as any
 * whose message was lost.
 */
function begin(c: AppContext, jobs: readonly string[]): void {
  const { app, model } = c.var
  const later = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  const stores = openStores(c.env, () => undefined, later)
  for (const job of jobs) later(runJob({ app, model, stores, env: c.env }, stores.primary, job).catch(() => undefined))
}

/** Calls one method of the service. Errors: the service's own; `service_unavailable` (503). */
export function callAuthentication<T>(c: AppContext, method: (service: AuthenticationService) => Promise<Outcome<T>>): Promise<T> {
  return settle(
    method(authenticationService(c.env, c.executionCtx)),
    (call) => addCall(c.var.cost, call),
    (jobs) => begin(c, jobs),
  )
}
