// The services and their typed RPC surfaces. They run in this Worker or, with a service binding, in one of their own; callers can't tell.
import { AppError, type ErrorDefinition, type ErrorOccurrence } from '../core'
import type { DatabaseCall, DatabaseObserver } from './database'
import { platformErrors } from './errors'

/** A user as GoTrue shows it (shared protocol notes: gotrue §2). */
export type PersonAnswer = Readonly<Record<string, unknown>> & { readonly id: string }

/** A session as GoTrue shows it. */
export interface SessionAnswer {
  readonly access_token: string
  readonly token_type: 'bearer'
  /** Seconds. */
  readonly expires_in: number
  /** UTC seconds. */
  readonly expires_at: number
  readonly refresh_token: string
  readonly user: PersonAnswer
}

/** The rules in force for one call: the app's, under the operator's. */
export interface EffectiveAuthRules {
  readonly disableSignup: boolean
  readonly anonymousUsers: boolean
  /** Characters. */
  readonly minPasswordLength: number
  /** Seconds. */
  readonly tokenLifetime: number
}

/** What the service must know of the request, and can't see from where it stands. */
export interface AuthenticationContext {
  /** `iss` of the tokens that it makes. */
  readonly issuer: string
  readonly rules: EffectiveAuthRules
  readonly address: string | null
  readonly userAgent: string | null
}

/** Who a verified token says is calling. */
export interface Caller {
  readonly userId: string
  readonly sessionId: string
}

export interface SignUpInput {
  /** Without it, the person is anonymous. */
  readonly credentials: { readonly email: string; readonly password: string } | null
  readonly data: Readonly<Record<string, unknown>>
}

export interface PersonChanges {
  readonly email?: string
  readonly password?: string
  /** Merged into `user_metadata` key by key; null removes a key. */
  readonly data?: Readonly<Record<string, unknown>>
}

export type SignOutScope = 'global' | 'local' | 'others'

/** An error that crossed a service's border. */
export interface Failure {
  readonly definition: ErrorDefinition
  readonly occurrence: Omit<ErrorOccurrence, 'cause'>
  /** For the log. */
  readonly cause: string | null
}

/** What a service's method answers: a value or an error, and what it asked of the database, so that the caller can count it. */
export type Outcome<T> = { readonly calls: readonly DatabaseCall[] } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure }
)

/** Sign-in. Verifying a token isn't here: that happens where the request arrives, without asking anybody. */
export interface AuthenticationService {
  health(): Promise<Outcome<{ readonly version: string; readonly name: string; readonly description: string }>>
  /** The public keys that tokens may be signed with, as a JWK set (RFC 7517). */
  publicKeys(): Promise<Outcome<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>>
  signUp(context: AuthenticationContext, input: SignUpInput): Promise<Outcome<SessionAnswer>>
  signInWithPassword(context: AuthenticationContext, email: string, password: string): Promise<Outcome<SessionAnswer>>
  refresh(context: AuthenticationContext, refreshToken: string): Promise<Outcome<SessionAnswer>>
  person(caller: Caller): Promise<Outcome<PersonAnswer>>
  updatePerson(context: AuthenticationContext, caller: Caller, changes: PersonChanges): Promise<Outcome<PersonAnswer>>
  signOut(caller: Caller, scope: SignOutScope): Promise<Outcome<null>>
}

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

/** Waits for a service's answer. Errors: the service's own; `service_unavailable` when it can't be reached. */
export async function settle<T>(answer: Promise<Outcome<T>>, observe: DatabaseObserver): Promise<T> {
  let outcome: Outcome<T>
  try {
    outcome = await answer
  } catch (cause) {
    throw new AppError(platformErrors.service_unavailable, { headers: { 'retry-after': '2' }, cause })
  }
  for (const call of outcome.calls) observe(call)
  if (outcome.ok) return outcome.value
  const { definition, occurrence, cause } = outcome.failure
  throw new AppError(definition, { ...occurrence, ...(cause === null ? {} : { cause }) })
}
