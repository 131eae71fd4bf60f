// The services and their typed RPC surfaces. They run in this Worker or, with a service binding, in one of their own; callers can't tell.
import { AppError, type ErrorDefinition, type ErrorOccurrence } from '../core'
import type { AuthenticationService } from './authentication'
import type { DatabaseCall, DatabaseObserver } from './database'
import { platformErrors } from './errors'

/** An error that crossed a service's border. */
export interface Failure {
  readonly definition: ErrorDefinition
  readonly occurrence: Omit<ErrorOccurrence, 'cause'>
  /** For the log. */
  readonly cause: string | null
}

/** What a service's method answers: a value or an error, what it asked of the database, so that the caller can count it, and which jobs wait to begin. */
export type Outcome<T> = { readonly calls: readonly DatabaseCall[]; readonly jobs?: readonly string[] } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure }
)

interface ServiceBindings {
  readonly AUTHENTICATION?: AuthenticationService
}

/** Sign-in, wherever it runs: behind the binding AUTHENTICATION when there is one, else in this Worker. */
export function authenticationService(env: ServiceBindings, ctx: { readonly exports?: unknown }): AuthenticationService {
  if (env.AUTHENTICATION !== undefined) return env.AUTHENTICATION
  const loopback = (ctx.exports as { readonly Authentication?: AuthenticationService } | undefined)?.Authentication
  if (loopback === undefined)
    throw new AppError(platformErrors.service_unavailable, { message: 'The Worker does not export Authentication.' })
  return loopback
}

/** Waits for a service's answer, and has the jobs begin that it took in. Errors: the service's own; `service_unavailable` when it can't be reached. */
export async function settle<T>(
  answer: Promise<Outcome<T>>,
  observe: DatabaseObserver,
  begin: (jobs: readonly string[]) => void,
): Promise<T> {
  let outcome: Outcome<T>
  try {
    outcome = await answer
  } catch (cause) {
    throw new AppError(platformErrors.service_unavailable, { headers: { 'retry-after': '2' }, cause })
  }
  for (const call of outcome.calls) observe(call)
  if (outcome.jobs && outcome.jobs.length > 0) begin(outcome.jobs)
  if (outcome.ok) return outcome.value
  const { definition, occurrence, cause } = outcome.failure
  throw new AppError(definition, { ...occurrence, ...(cause === null ? {} : { cause }) })
}
