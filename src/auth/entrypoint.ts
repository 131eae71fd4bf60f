// The sign-in service behind its RPC surface (platform/services.ts). It believes its callers about who calls, so only Workers can reach it.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { AppError } from '../core'
import {
  asUnavailable,
  keysOf,
  openStores,
  type AuthenticationContext,
  type AuthenticationService,
  type Caller,
  type DatabaseCall,
  type Env,
  type Outcome,
  type PersonAnswer,
  type PersonChanges,
  type SessionAnswer,
  type SignOutScope,
  type SignUpInput,
} from '../platform'
import { authErrors } from './errors'
import { showPerson } from './person'
import { livePerson, refreshSession, showSession, signOut, type Workshop } from './session'
import { signInWithPassword } from './sign-in'
import { signUp } from './sign-up'
import { publicKeys } from './signing-keys'
import { updatePerson } from './update-person'

const VERSION = '1'

/** Runs an operation; errors become plain data, because a class doesn't survive the way. */
async function answer<T>(env: Env, operation: (workshop: Workshop) => Promise<T>): Promise<Outcome<T>> {
  const calls: DatabaseCall[] = []
  try {
    const keys = await keysOf(env)
    const { db } = openStores(env, (call) => calls.push(call)).primary
    return { ok: true, value: await operation({ keys, db, now: Date.now() }), calls }
  } catch (error) {
    const known =
      error instanceof AppError ? error : (asUnavailable(error) ?? new AppError(authErrors.unexpected_failure, { cause: error }))
    const { cause, ...occurrence } = known.occurrence
    const described = cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? null : String(cause)
    const failure = { definition: known.definition, occurrence: { ...occurrence, message: known.message }, cause: described }
    return { ok: false, failure, calls }
  }
}

/** Sign-in as a service: `ctx.exports.Authentication` in one Worker, a service binding in several. */
export class Authentication extends WorkerEntrypoint<Env> implements AuthenticationService {
  health(): ReturnType<AuthenticationService['health']> {
    return answer(this.env, async () => ({ version: VERSION, name: 'GoTrue', description: 'Perigee sign-in, speaking the GoTrue API' }))
  }

  publicKeys(): ReturnType<AuthenticationService['publicKeys']> {
    return answer(this.env, ({ keys, db, now }) => publicKeys(keys, db, now))
  }

  signUp(context: AuthenticationContext, input: SignUpInput): Promise<Outcome<SessionAnswer>> {
    return answer(this.env, async (workshop) => {
      const { session, person } = await signUp(workshop, context, input)
      return showSession(session, person, { ...workshop, ...context })
    })
  }

  signInWithPassword(context: AuthenticationContext, email: string, password: string): Promise<Outcome<SessionAnswer>> {
    return answer(this.env, async (workshop) => {
      const { session, person } = await signInWithPassword(workshop, context, email, password)
      return showSession(session, person, { ...workshop, ...context })
    })
  }

  refresh(context: AuthenticationContext, refreshToken: string): Promise<Outcome<SessionAnswer>> {
    return answer(this.env, async (workshop) => {
      const { session, person } = await refreshSession(workshop, refreshToken)
      return showSession(session, person, { ...workshop, ...context })
    })
  }

  person(caller: Caller): Promise<Outcome<PersonAnswer>> {
    return answer(this.env, async (workshop) => showPerson(await livePerson(workshop, caller)))
  }

  updatePerson(context: AuthenticationContext, caller: Caller, changes: PersonChanges): Promise<Outcome<PersonAnswer>> {
    return answer(this.env, async (workshop) => showPerson(await updatePerson(workshop, context.rules, caller, changes)))
  }

  signOut(caller: Caller, scope: SignOutScope): Promise<Outcome<null>> {
    return answer(this.env, async (workshop) => {
      await signOut(workshop, caller, scope)
      return null
    })
  }
}
