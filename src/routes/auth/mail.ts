// What names a mail address and no password: POST /otp, /magiclink, /recover, /resend, and GET /reauthenticate. All answer `{}`, whoever has the address.
import { Hono } from 'hono'
import * as z from 'zod'
import { authErrors, readChallenge } from '../../auth'
import { AppError } from '../../core'
import { requirePerson, type AppContext, type AppEnv } from '../../middleware'
import type { MailChallenge } from '../../platform'
import { callAuthentication } from './call'
import { takeMail } from './mail-limits'
import { challengeMembers, contextOf, data as metadata, optionalText, readBody, validEmail } from './request'

const NO_STORE = { 'cache-control': 'no-store' }

const linkBody = z.object({ email: optionalText, phone: optionalText, data: metadata, ...challengeMembers })
const codeBody = linkBody.extend({
  channel: optionalText,
  create_user: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
})
const recoverBody = z.object({ email: optionalText, ...challengeMembers })
const resendBody = z.object({ type: optionalText, email: optionalText, phone: optionalText, ...challengeMembers })

/** What the addresses take, for their description. */
export const mailBodies = { code: codeBody, link: linkBody, recover: recoverBody, resend: resendBody } as const

const invalid = (message: string) => new AppError(authErrors.validation_failed, { message })

/** Errors: `validation_failed`. */
export function challengeOf(body: {
  readonly code_challenge?: string | undefined
  readonly code_challenge_method?: string | undefined
}): MailChallenge | null {
  return readChallenge(body.code_challenge, body.code_challenge_method)
}

function emailOf(text: string | undefined, missing: string): string {
  if (text === undefined) throw invalid(missing)
  return validEmail(text)
}

async function sendLink(c: AppContext, schema: typeof codeBody | typeof linkBody): Promise<Response> {
  const body = await readBody<z.output<typeof linkBody> & { readonly create_user?: boolean; readonly channel?: string | undefined }>(
    c,
    schema,
  )
  if (body.email !== undefined && body.channel !== undefined) throw invalid('Channel should only be specified with Phone OTP')
  const email = emailOf(body.email, 'One of email or phone must be set')
  const challenge = challengeOf(body)
  await takeMail(c, 'link', email, { asksHuman: true })
  const context = await contextOf(c)
  const input = { email, data: body.data ?? {}, createUser: body.create_user ?? true, challenge }
  await callAuthentication(c, (service) => service.sendMagicLink(context, input))
  return c.json({}, 200, NO_STORE)
}

async function recover(c: AppContext): Promise<Response> {
  const body = await readBody(c, recoverBody)
  const email = emailOf(body.email, 'Password recovery requires an email')
  const challenge = challengeOf(body)
  await takeMail(c, 'recovery', email, { asksHuman: true })
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.sendRecovery(context, { email, challenge }))
  return c.json({}, 200, NO_STORE)
}

async function resend(c: AppContext): Promise<Response> {
  const body = await readBody(c, resendBody)
  const { type } = body
  if (type === 'sms' || type === 'phone_change') throw invalid('Type provided requires a phone number')
  if (type !== 'signup' && type !== 'email_change') throw invalid('Missing one of these types: signup, email_change, sms, phone_change')
  const email = emailOf(body.email, 'Type provided requires an email address')
  const challenge = challengeOf(body)
  await takeMail(c, type, email, { asksHuman: true })
  const context = await contextOf(c)
  const input = { email, challenge }
  await callAuthentication(c, (service) =>
    type === 'signup' ? service.resendConfirmation(context, input) : service.resendEmailChange(context, input),
  )
  return c.json({}, 200, NO_STORE)
}

async function reauthenticate(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  await takeMail(c, 'reauthentication', caller.userId, { person: true })
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.sendReauthentication(context, caller))
  return c.json({}, 200, NO_STORE)
}

export const mail = new Hono<AppEnv>()
  .post('/otp', (c) => sendLink(c, codeBody))
  .post('/magiclink', (c) => sendLink(c, linkBody))
  .post('/recover', (c) => recover(c))
  .post('/resend', (c) => resend(c))
  .get('/reauthenticate', (c) => reauthenticate(c))
