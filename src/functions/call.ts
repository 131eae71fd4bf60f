// Calls a function of the app: asks whether the caller may, reads the arguments, runs the code with its database, and keeps what it throws
// from the phone.
import { AppError, type Principal } from '../core'
import { checkSession } from '../data'
import type { FunctionModel, Model } from '../define'
import type { Reading, Stores } from '../platform'
import { admits, type Execution } from '../query'
import { parseArguments, type RawArguments } from './arguments'
import { databaseOf, type Handle } from './database'
import { functionErrors } from './errors'
import { givenBy, type Given } from './result'

export interface FunctionCall {
  readonly model: Model
  readonly stores: Stores
  readonly fn: FunctionModel
  readonly raw: RawArguments
  /** The arguments stood in an address or a form, where all is text. */
  readonly texts: boolean
  readonly execution: Execution & { readonly requestId: string }
  /** Throws what the request's own clauses are refused for: called before any code of the app, which may write. */
  readonly check: () => void
  /** Hears of what the function wrote; it reads at the primary. */
  readonly reading?: Reading
}

/**
 * Errors: 42501 when the caller may not, 22P02 for arguments of the wrong type, what the database refused, what the code raised, and
 * XX000 for whatever else it threw.
 */
export async function callFunction({ model, stores, fn, raw, texts, execution: asked, check, reading }: FunctionCall): Promise<Given> {
  const execution = { ...asked, function: fn.name }
  const { principal, requestId, now } = execution
  if (!admits(model, fn.who, execution))
    throw new AppError(functionErrors.function_denied, { message: `permission denied for function ${fn.name}` })
  const args = await parseArguments(fn, raw, texts)
  check()
  const handle: Handle = {
    model,
    stores,
    execution,
    ...(reading ? { reading: atPrimary(reading) } : {}),
    writes: fn.writes,
    meter: { calls: 0 },
  }
  const session = () => checkSession(stores, execution)
  const given = await guarded(async () => {
    const value: unknown = await fn.run({
      args,
      db: databaseOf(handle),
      auth: callerOf(principal),
      now: new Date(now),
      requestId,
      checkSession: session,
    })
    return givenBy(model, fn, value)
  })
  // Rows are still to be read, and every statement asks whether the session lives; a function that made none hasn't asked yet.
  if (handle.meter.calls === 0 && given.kind !== 'rows') await session()
  return given
}

/** A function decides things by what it reads. */
function atPrimary({ answered }: Reading): Reading {
  return { start: () => 'first-primary', answered }
}

function callerOf({ uid, role, aal, claims }: Principal) {
  return { uid, role, aal, claims }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError(functionErrors.function_failed, { cause: error })
  }
}
