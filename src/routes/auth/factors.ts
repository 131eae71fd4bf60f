// /factors: second factors, and below /factors/recovery-codes what is left when they are lost (shared protocol notes: gotrue §1c).
import { Hono } from 'hono'
import * as z from 'zod'
import { authErrors } from '../../auth'
import { AppError, isUuid } from '../../core'
import { endReading, requirePerson, takeRate, type AppContext, type AppEnv, type SignedIn } from '../../middleware'
import type { AuthenticationContext, SessionAnswer } from '../../platform'
import { callAuthentication } from './call'
import { takeMessage } from './phone'
import { contextOf, optionalText, readBody, readOptionalBody } from './request'

const NO_STORE = { 'cache-control': 'no-store' }

/** Stands where a factor's id stands else, so that one pattern serves both (see tests/middleware/router.test.ts). */
const RECOVERY_CODES = 'recovery-codes'

const record = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? undefined)

export const enrollBody = z.object({
  factor_type: z.string().max(40),
  friendly_name: optionalText,
  issuer: optionalText,
  phone: optionalText,
})
/** Whatever else SDKs put into it is theirs. */
export const challengeBody = z.object({ channel: optionalText, webauthn: record })
export const verifyBody = z.object({ challenge_id: z.string(), code: optionalText, webauthn: record })
export const recoveryBody = z.object({ friendly_name: optionalText })
export const recoveryCodeBody = z.object({ code: z.string() })

/** Who calls, counted. Errors: `no_authorization`, `bad_jwt`, `over_request_rate_limit`. */
async function callerOf(c: AppContext): Promise<{ caller: SignedIn; context: AuthenticationContext }> {
  const caller = await requirePerson(c)
  // Not by person: a session that has ended, whose token still reads, would use up the tries of its owner.
  await takeRate(c, [{ class: 'factor', subject: caller.sessionId }])
  return { caller, context: await contextOf(c) }
}

function factorIdOf(c: AppContext): string {
  const id = c.req.param('id') ?? ''
  if (!isUuid(id)) throw new AppError({ ...authErrors.validation_failed, status: 404 }, { message: 'factor_id must be an UUID' })
  return id.toLowerCase()
}

const isRecovery = (c: AppContext) => c.req.param('id') === RECOVERY_CODES

async function enroll(c: AppContext): Promise<Response> {
  const { caller, context } = await callerOf(c)
  const { factor_type: factorType, friendly_name: friendlyName = '', issuer = null, phone = null } = await readBody(c, enrollBody)
  const input = { factorType, friendlyName, issuer, phone }
  return c.json(await callAuthentication(c, (service) => service.enrollFactor(context, caller, input)), 200, NO_STORE)
}

async function challenge(c: AppContext): Promise<Response> {
  const { caller, context } = await callerOf(c)
  const factorId = factorIdOf(c)
  const { channel = null, webauthn = null } = await readOptionalBody(c, challengeBody)
  const input = { channel, webauthn }
  if (c.var.app.auth?.mfa?.phone) {
    const number = await callAuthentication(c, (service) => service.factorNumber(caller, factorId))
    if (number !== null) await takeMessage(c, number.phone, number.proved ? { owner: caller.userId } : {})
  }
  return c.json(await callAuthentication(c, (service) => service.challengeFactor(context, caller, factorId, input)), 200, NO_STORE)
}

/** A weak session of before has ended, near phones too. */
function proved(c: AppContext, userId: string, session: SessionAnswer): Response {
  endReading(c, userId)
  return c.json(session, 200, NO_STORE)
}

async function verify(c: AppContext): Promise<Response> {
  const { caller, context } = await callerOf(c)
  if (isRecovery(c)) {
    const { code } = await readBody(c, recoveryCodeBody)
    return proved(c, caller.userId, await callAuthentication(c, (service) => service.verifyRecoveryCode(context, caller, code)))
  }
  const factorId = factorIdOf(c)
  const { challenge_id: challengeId, code = null, webauthn = null } = await readBody(c, verifyBody)
  if (!isUuid(challengeId)) throw new AppError(authErrors.validation_failed, { message: 'challenge_id must be an UUID' })
  const input = { challengeId: challengeId.toLowerCase(), code, webauthn }
  return proved(c, caller.userId, await callAuthentication(c, (service) => service.verifyFactor(context, caller, factorId, input)))
}

async function remove(c: AppContext): Promise<Response> {
  const { caller, context } = await callerOf(c)
  const factorId = isRecovery(c) ? null : factorIdOf(c)
  const removed = await callAuthentication(c, (service) =>
    factorId === null ? service.removeRecoveryCodes(context, caller) : service.unenrollFactor(context, caller, factorId),
  )
  // Sessions that were strong by it are weak, near phones too.
  endReading(c, caller.userId)
  return c.json(removed, 200, NO_STORE)
}

async function countCodes(c: AppContext): Promise<Response> {
  recoveryOnly(c)
  const { caller } = await callerOf(c)
  return c.json(await callAuthentication(c, (service) => service.recoveryCodes(caller)), 200, NO_STORE)
}

async function generateCodes(c: AppContext): Promise<Response> {
  recoveryOnly(c)
  const { caller, context } = await callerOf(c)
  const { friendly_name: name = '' } = await readOptionalBody(c, recoveryBody)
  return c.json(await callAuthentication(c, (service) => service.generateRecoveryCodes(context, caller, name)), 200, NO_STORE)
}

async function regenerateCodes(c: AppContext): Promise<Response> {
  recoveryOnly(c)
  const { caller, context } = await callerOf(c)
  return c.json(await callAuthentication(c, (service) => service.regenerateRecoveryCodes(context, caller)), 200, NO_STORE)
}

function recoveryOnly(c: AppContext): void {
  if (!isRecovery(c)) throw new AppError(authErrors.path_unknown)
}

export const factors = new Hono<AppEnv>()
  .post('/factors', (c) => enroll(c))
  .get('/factors/:id', (c) => countCodes(c))
  .post('/factors/:id', (c) => generateCodes(c))
  .delete('/factors/:id', (c) => remove(c))
  .post('/factors/:id/challenge', (c) => challenge(c))
  .post('/factors/:id/verify', (c) => verify(c))
  .post('/factors/:id/regenerate', (c) => regenerateCodes(c))
