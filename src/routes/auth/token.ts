// POST /signup and POST /token: everything that ends in a session.
import { Hono } from 'hono'
import { authErrors, refreshTokenContent } from '../../auth'
import { addressOf, AppError, networkOf } from '../../core'
import { takeRate, type AppContext, type AppEnv, type RateSubject } from '../../middleware'
import { keysOf, type RefreshAnswer, type SessionAnswer } from '../../platform'
import { callAuthentication } from './call'
import { requireHuman } from './human'
import { signInWithIdToken } from './id-token'
import { challengeOf } from './mail'
import { takeMail } from './mail-limits'
import { signInWithPhone, signUpByPhone } from './phone'
import { answerSession } from './session-answer'
import { takeSignIn } from './sign-in-limits'
import {
  codeBody,
  contextOf,
  normaliseEmail,
  passwordBody,
  query,
  readBody,
  refreshBody,
  signUpBody,
  tokenQuery,
  validEmail,
} from './request'

async function signUp(c: AppContext): Promise<Response> {
  const body = await readBody(c, signUpBody)
  const { email, phone, password, data = {} } = body
  if (phone !== undefined) return signUpByPhone(c)
  if (email === undefined && password !== undefined) {
    throw new AppError(authErrors.validation_failed, { message: 'Sign up with a password needs an email' })
  }
  if (email !== undefined && password === undefined) {
    throw new AppError(authErrors.validation_failed, { message: 'Signup requires a valid password' })
  }
  const credentials = email === undefined || password === undefined ? null : { email: validEmail(email), password }
  const challenge = challengeOf(body)
  const ip = c.req.header('cf-connecting-ip')
  await takeRate(c, [{ class: credentials === null ? 'anonymous' : 'signup', subject: addressOf(ip) }])
  const counted: RateSubject[] = credentials === null ? [] : [{ class: 'password', subject: networkOf(ip) }]
  const context = await contextOf(c)
  if (credentials !== null && context.rules.confirmEmail) {
    await takeMail(c, 'signup', credentials.email, { asksHuman: true, counted })
    const user = await callAuthentication(c, (service) => service.signUpToConfirm(context, { credentials, data, challenge }))
    return c.json(user, 200, { 'cache-control': 'no-store' })
  }
  await takeRate(c, counted)
  await requireHuman(c)
  return answerSession(c, await callAuthentication(c, (service) => service.signUp(context, { credentials, data })))
}

async function signInWithPassword(c: AppContext): Promise<Response> {
  const { email, phone, password } = await readBody(c, passwordBody)
  if (email !== undefined && phone !== undefined) {
    throw new AppError(authErrors.validation_failed, { message: 'Only an email address or phone number should be provided on login.' })
  }
  if (phone !== undefined) return signInWithPhone(c, phone, password ?? '')
  if (email === undefined) throw new AppError(authErrors.validation_failed, { message: 'missing email or phone' })
  const account = normaliseEmail(email)
  await takeSignIn(c, account)
  const context = await contextOf(c)
  return answerSession(c, await callAuthentication(c, (service) => service.signInWithPassword(context, account, password ?? '')))
}

/** What GoTrue tells of a refresh in headers, for whoever hunts a lost session. */
async function diagnose(c: AppContext, session: SessionAnswer, reuse: RefreshAnswer['reuse']): Promise<Record<string, string>> {
  const token = await refreshTokenContent(await keysOf(c.env), session.refresh_token)
  return {
    'sb-auth-user-id': session.user.id,
    ...(token === null ? {} : { 'sb-auth-session-id': token.sessionId, 'sb-auth-refresh-token-counter': String(token.counter) }),
    'sb-auth-refresh-token-reuse': String(reuse !== null),
    ...(reuse === null ? {} : { 'sb-auth-refresh-token-reuse-cause': reuse }),
  }
}

async function refresh(c: AppContext): Promise<Response> {
  const { refresh_token: refreshToken } = await readBody(c, refreshBody)
  if (refreshToken === undefined) throw new AppError(authErrors.validation_failed, { message: 'refresh_token is required' })
  // By session, and only for tokens that we made: others cost no lookup, so there is nothing to protect.
  const known = await refreshTokenContent(await keysOf(c.env), refreshToken)
  if (known !== null) await takeRate(c, [{ class: 'refresh', subject: known.sessionId }])
  const context = await contextOf(c)
  const { session, reuse } = await callAuthentication(c, (service) => service.refresh(context, refreshToken))
  for (const [name, value] of Object.entries(await diagnose(c, session, reuse))) c.header(name, value)
  return answerSession(c, session)
}

async function exchangeCode(c: AppContext): Promise<Response> {
  const { auth_code: code, code_verifier: verifier } = await readBody(c, codeBody)
  if (code === undefined || verifier === undefined) {
    throw new AppError(authErrors.validation_failed, { message: 'invalid request: both auth code and code verifier should be non-empty' })
  }
  await takeRate(c, [{ class: 'token', subject: addressOf(c.req.header('cf-connecting-ip')) }])
  const context = await contextOf(c)
  return answerSession(c, await callAuthentication(c, (service) => service.exchangeCode(context, code, verifier)))
}

async function exchange(c: AppContext, grant: string): Promise<Response> {
  if (grant === 'password') return signInWithPassword(c)
  if (grant === 'refresh_token') return refresh(c)
  if (grant === 'id_token') return signInWithIdToken(c)
  if (grant === 'pkce') return exchangeCode(c)
  if (grant === 'web3') throw new AppError(authErrors.web3_provider_disabled)
  throw new AppError(authErrors.invalid_credentials, { message: 'unsupported_grant_type' })
}

export const token = new Hono<AppEnv>()
  .post('/signup', (c) => signUp(c))
  .post('/token', query(tokenQuery), (c) => exchange(c, c.req.valid('query').grant_type))
