// Calls the app's hooks: for as long as they may take, with a database that only reads, and with one answer to each way that they can go wrong.
// What a hook throws is for the log; phones are told its name.
import { AppError, SERVICE, type ErrorDefinition } from '../core'
import { buildModel, HOOK_SECONDS, type AppDefinition, type HookArgument, type HookMetadata, type HookRefusal, type Model } from '../define'
import { databaseOf } from '../functions'
import { openStores, type AuthenticationContext } from '../platform'
import { authErrors } from './errors'
import { withoutInput } from './hook-error'
import type { Workshop } from './workshop'

/** The names that GoTrue gives the hooks in `metadata.name`. */
const NAMES = {
  accessToken: 'customize-access-token',
  beforeUserCreated: 'before-user-created',
  afterUserCreated: 'after-user-created',
  afterUserDeleted: 'after-user-deleted',
  passwordVerification: 'password-verification-attempt',
  mfaVerification: 'mfa-verification-attempt',
} as const

export type HookName = keyof typeof NAMES

const MAX_MESSAGE = 500

const models = new WeakMap<AppDefinition, Model>()

function modelOf(app: AppDefinition): Model {
  const model = models.get(app) ?? buildModel(app)
  models.set(app, model)
  return model
}

export function hookMetadata(name: HookName, id: string, address: string | null, now: number): HookMetadata {
  return { uuid: id, time: new Date(now).toISOString(), name: NAMES[name], ...(address === null ? {} : { ip_address: address }) }
}

/** The database in a hook's hands. Opened when it is first asked, because most hooks don't. */
function readingDatabase({ app, env, observe, now }: Workshop, name: HookName, requestId: string): HookArgument['db'] {
  let opened: HookArgument['db'] | null = null
  const open = () => {
    const execution = { principal: SERVICE, function: `hook ${name}`, requestId, now }
    opened ??= databaseOf({ model: modelOf(app), stores: openStores(env, observe), execution, writes: false, meter: { calls: 0 } })
    return opened
  }
  return {
    query: (table, options) => open().query(table, options),
    count: (table, options) => open().count(table, options),
  }
}

/** What went wrong in a hook, for the phone; see `callHook`. */
export function hookFailure(grant: 'sign-in' | 'refresh', problem: ErrorDefinition, message: string, cause?: unknown): AppError {
  if (grant === 'sign-in') return new AppError(problem, { message, cause })
  return new AppError(authErrors.hook_unavailable, { message, headers: { 'retry-after': '2' }, cause })
}

function refusalOf(answer: unknown): HookRefusal['error'] | null {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null
  const { error } = answer as { error: { message?: unknown; http_code?: unknown } | null }
  // As GoTrue: an error that says nothing is none.
  if (typeof error?.message !== 'string' || error.message === '') return null
  const code = Number(error.http_code ?? 403)
  const status = Number.isInteger(code) && code >= 400 && code <= 599 ? code : 403
  return { http_code: status, message: error.message.slice(0, MAX_MESSAGE) }
}

/**
 * Calls a hook that is waited for. Its answer, when it has one, is an object. Errors: `hook_rejected` with the status (403 when absent) and the words of its
 * refusal; `hook_timeout` (422) after five seconds; `hook_failed` (500) when it throws. On a refresh, where phones take a 4xx for the end of
 * the session, only a refusal is one; the others are `hook_unavailable` (503).
 */
export async function callHook<Input extends { readonly metadata: HookMetadata }>(
  workshop: Workshop,
  { address, requestId }: AuthenticationContext,
  name: HookName,
  hook: (input: Input, argument: HookArgument) => unknown,
  input: Omit<Input, 'metadata'>,
  grant: 'sign-in' | 'refresh' = 'sign-in',
): Promise<Readonly<Record<string, unknown>>> {
  const metadata = hookMetadata(name, crypto.randomUUID(), address, workshop.now)
  const ending = new AbortController()
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = hookFailure(grant, authErrors.hook_timeout, `The hook ${name} took longer than ${HOOK_SECONDS} seconds`)
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late)
      ending.abort()
    }, HOOK_SECONDS * 1000)
  })
  let answer: unknown
  try {
    const argument = { db: readingDatabase(workshop, name, requestId), signal: ending.signal }
    // A copy: what a hook makes of it, also after its time, is in nobody's way.
    const call = async () => hook({ ...structuredClone(input), metadata } as unknown as Input, argument)
    answer = await Promise.race([call(), over])
  } catch (error) {
    if (error === late) throw late
    throw hookFailure(grant, authErrors.hook_failed, `The hook ${name} failed`, withoutInput(error, input))
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
  const refusal = refusalOf(answer)
  if (refusal === null) return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  const status = refusal.http_code ?? 403
  // Phones sign people out at these two; whoever means that says another.
  if (grant === 'refresh' && (status === 409 || status === 429)) throw hookFailure(grant, authErrors.hook_rejected, refusal.message)
  throw new AppError({ ...authErrors.hook_rejected, status }, { message: refusal.message })
}
