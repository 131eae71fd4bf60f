// /passkeys: signing in with one, making one, and the list of one's own.
import { Hono } from 'hono'
import * as z from 'zod'
import { assertionAnswer, attestationAnswer, authErrors } from '../../auth'
import { addressOf, AppError, isUuid } from '../../core'
import { requirePerson, takeRate, type AppContext, type AppEnv } from '../../middleware'
import { callAuthentication } from './call'
import { requireHuman } from './human'
import { contextOf, readBody } from './request'
import { answerSession } from './session-answer'

const NO_STORE = { 'cache-control': 'no-store' }

/** Swift writes UUIDs in upper case. */
const challengeId = z
  .string()
  .refine(isUuid, 'must be a valid UUID')
  .transform((id) => id.toLowerCase())

export const registrationBody = z.object({ challenge_id: challengeId, credential: attestationAnswer })
export const signInBody = z.object({ challenge_id: challengeId, credential: assertionAnswer })
/** Whatever an authenticator may have said: what can't be read uses its challenge up like any wrong answer, as in GoTrue. */
const answered = z.object({ challenge_id: challengeId, credential: z.record(z.string(), z.unknown()) })

/** An answer that none gives. */
const UNREADABLE = { id: 'AA', rawId: 'AA', type: 'public-key' } as const
const readAttestation = (credential: unknown) =>
  attestationAnswer.catch({ ...UNREADABLE, response: { clientDataJSON: '', attestationObject: '' } }).parse(credential)
const readAssertion = (credential: unknown) =>
  assertionAnswer
    .catch({ ...UNREADABLE, response: { clientDataJSON: '', authenticatorData: '', signature: '', userHandle: undefined } })
    .parse(credential)

export const nameBody = z.object({ friendly_name: z.string() })

/** Errors: `passkey_disabled` (404), before anything else is looked at. */
function whereOn(answer: (c: AppContext) => Promise<Response>): (c: AppContext) => Promise<Response> {
  return (c) => {
    if (c.var.app.auth?.passkeys === undefined) throw new AppError(authErrors.passkey_disabled)
    return answer(c)
  }
}

async function takePasskeyRate(c: AppContext): Promise<void> {
  await takeRate(c, [{ class: 'passkey', subject: addressOf(c.req.header('cf-connecting-ip')) }])
}

async function beginRegistration(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  await takePasskeyRate(c)
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.beginPasskey(context, caller)), 200, NO_STORE)
}

async function finishRegistration(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  const body = await readBody(c, answered)
  await takePasskeyRate(c)
  const context = await contextOf(c)
  const made = await callAuthentication(c, (service) =>
    service.addPasskey(context, caller, body.challenge_id, readAttestation(body.credential)),
  )
  return c.json(made, 200, NO_STORE)
}

async function beginSignIn(c: AppContext): Promise<Response> {
  await takePasskeyRate(c)
  await requireHuman(c)
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.beginPasskeySignIn(context)), 200, NO_STORE)
}

async function finishSignIn(c: AppContext): Promise<Response> {
  const body = await readBody(c, answered)
  await takePasskeyRate(c)
  const context = await contextOf(c)
  const session = await callAuthentication(c, (service) =>
    service.signInWithPasskey(context, body.challenge_id, readAssertion(body.credential)),
  )
  return answerSession(c, session)
}

async function list(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  return c.json(await callAuthentication(c, (service) => service.passkeys(caller)), 200, NO_STORE)
}

/** The id in the path. Errors: `validation_failed` (404), as for one that isn't there. */
function passkeyIdOf(c: AppContext): string {
  const id = (c.req.param('id') ?? '').toLowerCase()
  if (!isUuid(id)) throw new AppError({ ...authErrors.validation_failed, status: 404 }, { message: 'Passkey not found' })
  return id
}

async function rename(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  const id = passkeyIdOf(c)
  const { friendly_name: name } = await readBody(c, nameBody)
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.renamePasskey(context, caller, id, name)), 200, NO_STORE)
}

async function remove(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  const id = passkeyIdOf(c)
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.removePasskey(context, caller, id))
  return c.body(null, 204)
}

/** No address has a static part beside `:id` for the same method, so that one regular expression matches all routes. */
export const passkeys = new Hono<AppEnv>()
  .post('/passkeys/registration/options', whereOn(beginRegistration))
  .post('/passkeys/registration/verify', whereOn(finishRegistration))
  .post('/passkeys/authentication/options', whereOn(beginSignIn))
  .post('/passkeys/authentication/verify', whereOn(finishSignIn))
  .get('/passkeys', whereOn(list))
  .patch('/passkeys/:id', whereOn(rename))
  .delete('/passkeys/:id', whereOn(remove))
