// POST and GET /verify: a code or a link out of a mail becomes a session, in the answer or behind a redirect.
import { Hono } from 'hono'
import * as z from 'zod'
import { authErrors, withFragment, withQuery } from '../../auth'
import { addressOf, AppError } from '../../core'
import { endReading, takeRate, type AppContext, type AppEnv } from '../../middleware'
import type { MailProof, MailToken, SessionAnswer } from '../../platform'
import { callAuthentication } from './call'
import { contextOf, optionalText, readBody, validEmail } from './request'
import { answerSession } from './session-answer'
import { knownDevice } from './sign-in-limits'

/** No cache keeps where somebody goes, and no page hears where they came from: codes and sessions stand in these addresses. */
const PRIVATE = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }

/** GoTrue's words for the first half of a change of address. */
const HALF = 'Confirmation link accepted. Please proceed to confirm link sent to the other email'

const PROOFS: ReadonlySet<string> = new Set<MailProof>(['signup', 'invite', 'magiclink', 'recovery', 'email', 'email_change'])
const isProof = (type: string): type is MailProof => PROOFS.has(type)

export const verifyMailBody = z.object({
  type: optionalText,
  token: optionalText,
  token_hash: optionalText,
  email: optionalText,
  phone: optionalText,
  redirect_to: optionalText,
})

const invalid = (message: string) => new AppError(authErrors.validation_failed, { message })

async function tokenOf(c: AppContext, body: z.output<typeof verifyMailBody>): Promise<MailToken> {
  if (body.token !== undefined) {
    if (body.email === undefined || body.token_hash !== undefined) {
      throw invalid('Only an email address or phone number should be provided on verify')
    }
    // GoTrue takes codes with hyphens, as people write them down.
    const email = validEmail(body.email)
    return { email, code: body.token.replaceAll('-', '').trim(), known: (await knownDevice(c, email)) !== null }
  }
  if (body.token_hash === undefined) throw invalid('Verify requires a token or a token hash')
  if (body.email !== undefined || body.phone !== undefined || body.redirect_to !== undefined) {
    throw invalid('Only the token_hash and type should be provided')
  }
  return { hash: body.token_hash }
}

const takeTry = (c: AppContext) => takeRate(c, [{ class: 'code', subject: addressOf(c.req.header('cf-connecting-ip')) }])

async function verify(c: AppContext): Promise<Response> {
  const body = await readBody(c, verifyMailBody)
  const token = await tokenOf(c, body)
  const { type } = body
  if (type === undefined) throw invalid('Verify requires a verification type')
  if (!isProof(type)) throw invalid('Invalid email verification type')
  await takeTry(c)
  const context = await contextOf(c)
  const answer = await callAuthentication(c, (service) => service.verifyMail(context, type, token, false))
  if (answer.kind === 'session') return answerSession(c, answer.session)
  return c.json({ msg: HALF, code: '200' }, 200, PRIVATE)
}

const redirect = (c: AppContext, url: string) => c.body(null, 303, { ...PRIVATE, location: url })

function fragmentOf(session: SessionAnswer, type: string): Record<string, string> {
  return {
    access_token: session.access_token,
    expires_at: String(session.expires_at),
    expires_in: String(session.expires_in),
    refresh_token: session.refresh_token,
    token_type: session.token_type,
    type,
  }
}

/** By status, as RFC 6749 §4.1.2.1 names them. */
const OAUTH_ERRORS: Readonly<Record<number, string>> = { 401: 'unauthorized_client', 403: 'access_denied', 503: 'temporarily_unavailable' }

/** An app that waits for a code reads its query, others their fragment. */
function told(url: string, members: Readonly<Record<string, string>>, exchange: boolean): string {
  return withFragment(exchange ? withQuery(url, members) : url, members)
}

function errorOf({ definition, message }: AppError): Record<string, string> {
  return {
    error: OAUTH_ERRORS[definition.status] ?? (definition.status < 500 ? 'invalid_request' : 'server_error'),
    error_code: definition.code,
    error_description: definition.code === authErrors.otp_expired.code ? 'Email link is invalid or has expired' : message,
  }
}

/** Browsers and mail programs say so when nobody has opened a link yet. */
function isAhead(c: AppContext): boolean {
  const said = ['purpose', 'sec-purpose', 'x-purpose', 'x-moz'].map((name) => c.req.header(name) ?? '')
  return said.some((text) => /prefetch|prerender|preview/i.test(text))
}

async function open(c: AppContext): Promise<Response> {
  // Whoever only looks uses nothing up (pitfall P15). The refusal makes a browser ask again once somebody opens it.
  if (c.req.method === 'HEAD') return c.body(null, 200, PRIVATE)
  if (isAhead(c)) return c.body(null, 503, PRIVATE)
  const { type = '' } = c.req.query()
  const hash = c.req.query('token') || c.req.query('token_hash') || ''
  if (hash === '') throw invalid('Verify requires a token or a token hash')
  if (type === '') throw invalid('Verify requires a verification type')
  await takeTry(c)
  const context = await contextOf(c)
  const exchange = hash.startsWith('pkce_')
  try {
    if (!isProof(type)) throw invalid('Invalid email verification type')
    const answer = await callAuthentication(c, (service) => service.verifyMail(context, type, { hash }, true))
    if (answer.kind === 'code') return redirect(c, withQuery(answer.redirectTo, { code: answer.code }))
    if (answer.kind === 'half') return redirect(c, told(context.redirectTo, { message: HALF }, exchange))
    endReading(c, answer.session.user.id)
    return redirect(c, withFragment(context.redirectTo, fragmentOf(answer.session, type)))
  } catch (error) {
    if (!(error instanceof AppError) || error.definition.status >= 500) throw error
    return redirect(c, told(context.redirectTo, errorOf(error), exchange))
  }
}

export const verification = new Hono<AppEnv>().post('/verify', (c) => verify(c)).get('/verify', (c) => open(c))
