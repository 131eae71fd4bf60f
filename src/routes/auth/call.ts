// The way from a route to the sign-in service, wherever that runs, and back with what it cost.
import type { AppContext } from '../../middleware'
import { addCall } from '../../observability'
import { authenticationService, settle, type AuthenticationService, type Outcome } from '../../platform'

/** Calls one method of the service. Errors: the service's own; `service_unavailable` (503). */
export function callAuthentication<T>(c: AppContext, method: (service: AuthenticationService) => Promise<Outcome<T>>): Promise<T> {
  return settle(method(authenticationService(c.env, c.executionCtx)), (call) => addCall(c.var.cost, call))
}
