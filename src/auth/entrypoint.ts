// The sign-in service behind its RPC surface (platform/authentication.ts). It believes its callers about who calls, so only Workers can reach it.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { AppError } from '../core'
import type { AppDefinition } from '../define'
import {
  asUnavailable,
  keysOf,
  openStores,
  type AuthenticationService,
  type DatabaseCall,
  type DatabaseObserver,
  type Env,
  type Outcome,
} from '../platform'
import { authErrors } from './errors'
import { newPeopleCommitted } from './new-person'
import { OPERATIONS } from './operations'
import type { Workshop } from './workshop'

type Later = (work: Promise<unknown>) => void

/** Runs an operation; errors become plain data, because a class doesn't survive the way. */
async function answer<T>(app: AppDefinition, env: Env, later: Later, operation: (workshop: Workshop) => Promise<T>): Promise<Outcome<T>> {
  const calls: DatabaseCall[] = []
  const jobs: string[] = []
  try {
    const keys = await keysOf(env)
    const observe: DatabaseObserver = (call) => {
      calls.push(call)
    }
    const { db } = openStores(env, observe).primary
    const workshop: Workshop = { app, env, keys, db, now: Date.now(), observe, later, begin: (job) => jobs.push(job) }
    // What was taken in is on its way even if something failed behind it.
    const value = await operation(workshop).finally(() => newPeopleCommitted(workshop))
    return { ok: true, value, calls, jobs }
  } catch (error) {
    const known =
      error instanceof AppError ? error : (asUnavailable(error) ?? new AppError(authErrors.unexpected_failure, { cause: error }))
    const { cause, ...occurrence } = known.occurrence
    const described = cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? null : String(cause)
    const failure = { definition: known.definition, occurrence: { ...occurrence, message: known.message }, cause: described }
    return { ok: false, failure, calls, jobs }
  }
}

type AnyOperation = (workshop: Workshop, ...input: unknown[]) => Promise<unknown>

/** The service without a border: the operations, bound to an app and what the runtime gave. */
export function openAuthentication(app: AppDefinition, env: Env, later: Later): AuthenticationService {
  const bound = Object.entries(OPERATIONS).map(([name, operation]) => [
    name,
    (...input: unknown[]) => answer(app, env, later, (workshop) => (operation as AnyOperation)(workshop, ...input)),
  ])
  return Object.fromEntries(bound) as AuthenticationService
}

/** The class that a Worker exports: `ctx.exports.Authentication` in one Worker, behind a service binding in several. */
export function createAuthentication(app: AppDefinition): new (ctx: ExecutionContext, env: Env) => WorkerEntrypoint<Env> {
  class Authentication extends WorkerEntrypoint<Env> {}
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    // RPC reaches what stands on the prototype, and nothing else.
    Object.defineProperty(Authentication.prototype, name, {
      value(this: { env: Env; ctx: ExecutionContext }, ...input: unknown[]) {
        const later: Later = (work) => this.ctx.waitUntil(work)
        return answer(app, this.env, later, (workshop) => (operation as AnyOperation)(workshop, ...input))
      },
    })
  }
  return Authentication
}
