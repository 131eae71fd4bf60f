// /authorize, /callback and /user/identities/authorize: browsers on their way to a provider and back.
import { Hono } from 'hono'
import { authErrors, readChallenge } from '../../auth'
import { addressOf, AppError } from '../../core'
import { requirePerson, takeRate, type AppContext, type AppEnv } from '../../middleware'
import { log } from '../../observability'
import type { Caller, OAuthRequest } from '../../platform'
import { callAuthentication } from './call'
import { contextOf } from './request'

/** No cache keeps where somebody goes, and no page hears where they came from: codes and sessions stand in these addresses. */
const PRIVATE = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }

function redirect(c: AppContext, url: string): Response {
  return c.body(null, 302, { ...PRIVATE, location: url })
}

/** Errors: `validation_failed`. */
function requestOf(c: AppContext): OAuthRequest {
  const { provider = '', scopes = '', code_challenge: challenge, code_challenge_method: method, ...passedOn } = c.req.query()
  if (provider === '') throw new AppError(authErrors.validation_failed, { message: 'Unsupported provider: Provider could not be found' })
  return { provider: provider.slice(0, 60), scopes, challenge: readChallenge(challenge || undefined, method || undefined), passedOn }
}

async function begin(c: AppContext, caller: Caller | null): Promise<string> {
  const request = requestOf(c)
  await takeRate(c, [{ class: 'token', subject: addressOf(c.req.header('cf-connecting-ip')) }])
  const context = await contextOf(c)
  return (await callAuthentication(c, (service) => service.beginOAuth(context, caller, request))).url
}

/** Who only looks what is there begins nothing and uses nothing up. */
const looked = (c: AppContext) => (c.req.method === 'HEAD' ? c.body(null, 200, PRIVATE) : null)

async function authorize(c: AppContext): Promise<Response> {
  return looked(c) ?? redirect(c, await begin(c, null))
}

async function link(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  const url = await begin(c, caller)
  return c.req.query('skip_http_redirect') === 'true' ? c.json({ url }, 200, PRIVATE) : redirect(c, url)
}

async function callback(c: AppContext, members: URLSearchParams): Promise<Response> {
  await takeRate(c, [{ class: 'token', subject: addressOf(c.req.header('cf-connecting-ip')) }])
  const of = (name: string) => members.get(name) || null
  const returned = {
    state: of('state'),
    code: of('code'),
    issuer: of('iss'),
    error: of('error'),
    errorDescription: of('error_description'),
    user: of('user'),
  }
  const context = await contextOf(c)
  const { url, problem } = await callAuthentication(c, (service) => service.finishOAuth(context, returned))
  if (problem !== null) log('warn', 'oauth.failed', { requestId: c.var.requestId, problem })
  return redirect(c, url)
}

export const oauth = new Hono<AppEnv>()
  .get('/authorize', (c) => authorize(c))
  .get('/callback', async (c) => looked(c) ?? (await callback(c, new URL(c.req.url).searchParams)))
  // Apple posts a form.
  .post('/callback', async (c) => callback(c, new URLSearchParams(new TextDecoder().decode(await c.req.arrayBuffer()))))
  .get('/user/identities/authorize', (c) => link(c))
