// POST /token?grant_type=id_token: signing in, or adding a way to, with what Apple or Google gave the phone.
import { oauthError } from '../../auth'
import { addressOf } from '../../core'
import { requirePerson, takeRate, type AppContext } from '../../middleware'
import { callAuthentication } from './call'
import { contextOf, idTokenBody, readBody } from './request'
import { answerSession } from './session-answer'

export async function signInWithIdToken(c: AppContext): Promise<Response> {
  const body = await readBody(c, idTokenBody)
  if (body.id_token === undefined) throw oauthError('invalid request', 'id_token required')
  if (body.provider === undefined && (body.client_id === undefined || body.issuer === undefined)) {
    throw oauthError('invalid request', 'provider or client_id and issuer required')
  }
  await takeRate(c, [{ class: 'token', subject: addressOf(c.req.header('cf-connecting-ip')) }])
  const input = {
    provider: body.provider ?? null,
    issuer: body.issuer ?? null,
    idToken: body.id_token,
    accessToken: body.access_token ?? null,
    nonce: body.nonce ?? null,
    data: body.data ?? {},
  }
  const caller = body.link_identity === true ? await requirePerson(c) : null
  const context = await contextOf(c)
  const session = await callAuthentication(c, (service) =>
    caller === null ? service.signInWithIdToken(context, input) : service.linkIdToken(context, caller, input),
  )
  return answerSession(c, session)
}
