// What names a phone number: POST /signup, /otp, /verify, /resend and PUT /user with one. Whatever names none goes on to the addresses' own routes.
import type { MiddlewareHandler } from 'hono'
import { Hono } from 'hono'
import * as z from 'zod'
import { authErrors, callingCode, normalisePhone } from '../../auth'
import { addressOf, AppError, networkOf } from '../../core'
import { requirePerson, takeRate, type AppContext, type AppEnv, type RateSubject } from '../../middleware'
import type { PhoneChannel } from '../../platform'
import { callAuthentication } from './call'
import { requireHuman } from './human'
import { messageSubjects, takeEach } from './mail-limits'
import { contextOf, data as metadata, optionalText, readBody, rulesOf } from './request'
import { answerSession } from './session-answer'
import { knownDevice, takeSignIn } from './sign-in-limits'

const NO_STORE = { 'cache-control': 'no-store' }

const channel = z
  .string()
  .nullish()
  .transform((text) => text || 'sms')

const signUpBody = z.object({
  phone: z.string(),
  email: optionalText,
  password: optionalText,
  data: metadata,
  channel,
  code_challenge: optionalText,
})
const codeBody = z.object({
  phone: z.string(),
  email: optionalText,
  data: metadata,
  channel,
  create_user: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
})
const resendBody = z.object({ type: z.string().nullish(), phone: z.string(), email: optionalText })
const verifyBody = z.object({
  type: z.string().nullish(),
  phone: z.string(),
  email: optionalText,
  token: optionalText,
  token_hash: optionalText,
})
const changeBody = z.object({ phone: z.string(), channel })

/** What the addresses take, for their description. */
export const phoneBodies = { code: codeBody, resend: resendBody, verify: verifyBody } as const

const invalid = (message: string) => new AppError(authErrors.validation_failed, { message })

/** Errors: `validation_failed`; `phone_provider_disabled` where the app has no phones, or the number's country isn't one of its. */
async function readPhone(c: AppContext, text: string, disabled: string): Promise<string> {
  if (!(await rulesOf(c)).phone) throw new AppError(authErrors.phone_provider_disabled, { message: disabled })
  const phone = normalisePhone(text)
  if (phone === null) throw invalid('Invalid phone number format (E.164 required)')
  return phone
}

function readChannel(text: string): PhoneChannel {
  if (text === 'sms' || text === 'whatsapp') return text
  throw invalid(
    "Invalid channel, supported values are 'sms' or 'whatsapp'. 'whatsapp' is only supported if Twilio or Twilio Verify is used as the provider.",
  )
}

/**
 * Counts a text message, before anything is asked or hashed: by address and network, then, if a human shows that they are one, by number, then by where
 * that is called, each only if those before let it through. To a number that `owner`, who is signed in, has proved, or on a device on which they were, it is
 * counted apart: strangers who name it keep no code from them. Errors: `over_sms_send_rate_limit` (429) with Retry-After; `validation_failed` for a number that the app doesn't write to.
 */
export async function takeMessage(
  c: AppContext,
  phone: string,
  { asksHuman = false, owner }: { readonly asksHuman?: boolean; readonly owner?: string } = {},
): Promise<void> {
  const rules = c.var.app.auth?.phone
  const prefixes = typeof rules === 'object' ? rules.prefixes : undefined
  if (prefixes !== undefined && !prefixes.some((prefix) => phone.startsWith(prefix)))
    throw invalid('Messages are not sent to numbers of this country')
  const ip = c.req.header('cf-connecting-ip')
  const sender = [
    { class: 'sms_address', subject: addressOf(ip) },
    { class: 'sms_network', subject: networkOf(ip) },
  ] as const
  await takeEach(c, [sender], authErrors.over_sms_send_rate_limit)
  // Behind the limits by address, because it asks somebody else; before those by number, which nobody is to use up for its owner.
  if (asksHuman) await requireHuman(c)
  const whose: readonly (readonly RateSubject[])[] =
    owner === undefined
      ? await messageSubjects(c, phone, '', { gap: 'sms_gap', share: 'sms_share', whole: 'sms_number' })
      : [[{ class: 'sms_gap', subject: `${owner} ${phone}` }], [{ class: 'sms_number', subject: `${owner} ${phone}` }]]
  await takeEach(c, [...whose, [{ class: 'sms_prefix', subject: callingCode(phone) }]], authErrors.over_sms_send_rate_limit)
}

/** Errors: `validation_failed`, `phone_provider_disabled`, `signup_disabled`, `weak_password`, `over_sms_send_rate_limit`, `sms_transport_missing`. */
export async function signUpByPhone(c: AppContext): Promise<Response> {
  const body = await readBody(c, signUpBody)
  if (body.email !== undefined) throw invalid('Only an email address or phone number should be provided on signup.')
  const phone = await readPhone(c, body.phone, 'Phone signups are disabled')
  const { password, data = {} } = body
  if (password === undefined) throw invalid('Signup requires a valid password')
  if (body.code_challenge !== undefined) throw invalid('PKCE not supported for phone signups')
  const via = readChannel(body.channel)
  const ip = c.req.header('cf-connecting-ip')
  await takeRate(c, [{ class: 'signup', subject: addressOf(ip) }])
  await takeRate(c, [{ class: 'password', subject: networkOf(ip) }])
  await takeMessage(c, phone, { asksHuman: true })
  const context = await contextOf(c)
  return c.json(
    await callAuthentication(c, (service) => service.signUpByPhone(context, { phone, password, data, channel: via })),
    200,
    NO_STORE,
  )
}

/** Errors: `invalid_credentials`, `phone_not_confirmed`, `user_banned`; `phone_provider_disabled` (422). */
export async function signInWithPhone(c: AppContext, text: string, password: string): Promise<Response> {
  if (!(await rulesOf(c)).phone)
    throw new AppError({ ...authErrors.phone_provider_disabled, status: 422 }, { message: 'Phone logins are disabled' })
  // What is no number is nobody's, and costs the same.
  const phone = normalisePhone(text) ?? '0'
  await takeSignIn(c, phone)
  const context = await contextOf(c)
  return answerSession(c, await callAuthentication(c, (service) => service.signInWithPhone(context, phone, password)))
}

async function sendCode(c: AppContext): Promise<Response> {
  const body = await readBody(c, codeBody)
  if (body.email !== undefined) throw invalid('Only an email address or phone number should be provided')
  const phone = await readPhone(c, body.phone, 'Unsupported phone provider')
  const via = readChannel(body.channel)
  const { data = {}, create_user: createUser } = body
  await takeMessage(c, phone, { asksHuman: true })
  const context = await contextOf(c)
  const id = await callAuthentication(c, (service) => service.sendPhoneCode(context, { phone, data, createUser, channel: via }))
  return c.json({ message_id: id }, 200, NO_STORE)
}

const readType = (type: string | null | undefined) => (type === 'sms' || type === 'phone_change' ? type : null)

async function resend(c: AppContext): Promise<Response> {
  const body = await readBody(c, resendBody)
  const type = readType(body.type)
  if (body.email !== undefined) throw invalid('Only an email address or phone number should be provided.')
  if (type === null) {
    throw invalid(
      body.type === 'signup' || body.type === 'email_change'
        ? 'Type provided requires an email address'
        : 'Missing one of these types: signup, email_change, sms, phone_change',
    )
  }
  const phone = await readPhone(c, body.phone, 'Phone logins are disabled')
  await takeMessage(c, phone, { asksHuman: true })
  const context = await contextOf(c)
  const id = await callAuthentication(c, (service) => service.resendPhoneCode(context, type, phone))
  return c.json({ message_id: id }, 200, NO_STORE)
}

async function verify(c: AppContext): Promise<Response> {
  const body = await readBody(c, verifyBody)
  const type = readType(body.type)
  if (body.email !== undefined || body.token_hash !== undefined)
    throw invalid('Only an email address or phone number should be provided on verify')
  if (!body.type) throw invalid('Verify requires a verification type')
  if (type === null) throw invalid('Invalid sms verification type')
  if (body.token === undefined) throw invalid('Verify requires a token or a token hash')
  const phone = await readPhone(c, body.phone, 'Phone logins are disabled')
  // GoTrue takes codes with hyphens, as people write them down.
  const code = body.token.replaceAll('-', '').trim()
  await takeRate(c, [{ class: 'code', subject: addressOf(c.req.header('cf-connecting-ip')) }])
  const context = await contextOf(c)
  const known = (await knownDevice(c, phone)) !== null
  return answerSession(c, await callAuthentication(c, (service) => service.verifyPhone(context, type, phone, code, known)))
}

/** The number that PUT /user asks for; its message is counted. Errors: `phone_provider_disabled`, `validation_failed`, `over_sms_send_rate_limit`. */
export async function readPhoneChange(c: AppContext): Promise<{ readonly phone: string; readonly channel: PhoneChannel }> {
  const body = await readBody(c, changeBody)
  const phone = await readPhone(c, body.phone, 'Phone numbers are disabled')
  const via = readChannel(body.channel)
  await takeMessage(c, phone)
  return { phone, channel: via }
}

const named = z.object({ phone: z.string().min(1) })

/** Answers a body that names a number, and lets others pass. */
function withNumber(answer: (c: AppContext) => Promise<Response>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    let body: unknown = null
    try {
      // Hono keeps the bytes, so whoever reads the body again finds it.
      body = JSON.parse(new TextDecoder().decode(await c.req.arrayBuffer()))
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
    if (named.safeParse(body).success) return answer(c)
    return next()
  }
}

/** A code to the phone of who has no mail address; who has one gets it there. Errors: those of a session, `over_sms_send_rate_limit`. */
const reauthenticate: MiddlewareHandler<AppEnv> = async (c, next) => {
  const caller = await requirePerson(c)
  const { email, phone: number } = await callAuthentication(c, (service) => service.person(caller))
  if (email !== '' || typeof number !== 'string' || number === '') return next()
  await takeMessage(c, number, { owner: caller.userId })
  const context = await contextOf(c)
  const id = await callAuthentication(c, (service) => service.reauthenticateByPhone(context, caller))
  return c.json({ message_id: id }, 200, NO_STORE)
}

export const phone = new Hono<AppEnv>()
  .get('/reauthenticate', reauthenticate)
  .post('/otp', withNumber(sendCode))
  .post('/resend', withNumber(resend))
  .post('/verify', withNumber(verify))
