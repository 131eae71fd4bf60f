// Reads what phones send to sign-in, and puts together what the service must know of a request.
import { zValidator } from '@hono/zod-validator'
import * as z from 'zod'
import { authErrors, ISSUER_PATH, resolveRedirect, type RedirectRules } from '../../auth'
import { AppError, isEmail } from '../../core'
import type { AppContext } from '../../middleware'
import { readDevice, readPlace } from './device'
import { isDevelopment, publicOrigin, runtimeConfig, type AuthenticationContext, type EffectiveAuthRules } from '../../platform'

/** SDKs write null for what they don't have. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => (text === null || text === '' ? undefined : text))
/** A new password. An empty one is a password that is too weak, not none: whoever sends one isn't to think that it was changed. */
export const newPassword = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined)
export const data = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? undefined)

/** Of an app that gets a code when a link is opened (PKCE). */
export const challengeMembers = { code_challenge: optionalText, code_challenge_method: optionalText } as const

export const signUpBody = z.object({ email: optionalText, phone: optionalText, password: optionalText, data, ...challengeMembers })
export const passwordBody = z.object({ email: optionalText, phone: optionalText, password: optionalText })
export const refreshBody = z.object({ refresh_token: optionalText })
export const codeBody = z.object({ auth_code: optionalText, code_verifier: optionalText })
export const idTokenBody = z.object({
  provider: optionalText,
  id_token: optionalText,
  access_token: optionalText,
  nonce: optionalText,
  client_id: optionalText,
  issuer: optionalText,
  link_identity: z.boolean().nullish(),
  data,
})
export const personBody = z.object({
  email: optionalText,
  phone: optionalText,
  password: newPassword,
  current_password: optionalText,
  nonce: optionalText,
  data,
  app_metadata: z.unknown().optional(),
  ...challengeMembers,
})

export const leaveBody = z.object({ nonce: optionalText })

/** As it is kept and looked up. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase()
}

/** Errors: `validation_failed`. */
export function validEmail(email: string): string {
  const normal = normaliseEmail(email)
  if (!isEmail(normal)) {
    throw new AppError(authErrors.validation_failed, { message: 'Unable to validate email address: invalid format' })
  }
  return normal
}

/** The body as JSON of that shape, whatever its Content-Type says. Errors: `bad_json`, `validation_failed`. */
export async function readBody<T>(c: AppContext, schema: z.ZodType<T>): Promise<T> {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await c.req.arrayBuffer()))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError(authErrors.bad_json, { message: 'Could not parse request body as JSON' })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new AppError(authErrors.bad_json)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  // Names the field, never its value: it may be a password.
  throw new AppError(authErrors.validation_failed, { message: `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'not valid'}` })
}

/** The same, where no body and `null` are an empty one: SDKs differ in what they send. */
export async function readOptionalBody<T>(c: AppContext, schema: z.ZodType<T>): Promise<T> {
  return ['', 'null'].includes((await c.req.text()).trim()) ? schema.parse({}) : readBody(c, schema)
}

/** Checks the query of a route. Errors: `validation_failed`, naming the parameter and never its value. */
export function query<T extends z.ZodObject>(schema: T) {
  return zValidator('query', schema, (result) => {
    if (result.success) return
    const [issue] = result.error.issues
    throw new AppError(authErrors.validation_failed, {
      message: `${issue?.path.join('.') || 'The query'}: ${issue?.message ?? 'not valid'}`,
    })
  })
}

export const tokenQuery = z.object({ grant_type: z.string().max(60).default('') })
/** An empty scope is the default one, as in GoTrue. */
export const signOutQuery = z.object({
  scope: z
    .enum(['global', 'local', 'others', ''], { error: 'Unsupported logout scope' })
    .default('global')
    .transform((scope) => scope || 'global'),
})

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

/** The app's rules under the operator's. */
export async function rulesOf(c: AppContext): Promise<EffectiveAuthRules> {
  const rules = c.var.app.auth ?? {}
  const config = await runtimeConfig(c.env)
  return {
    disableSignup: (rules.disableSignup ?? false) || config.disableSignup,
    anonymousUsers: rules.anonymousUsers ?? true,
    minPasswordLength: Math.max(6, rules.minPasswordLength ?? 6),
    tokenLifetime: Math.floor(clamp(rules.tokenLifetime ?? 3600, 300, 7 * 86_400)),
    confirmEmail: config.confirmEmail ?? rules.confirmEmail ?? !isDevelopment(c.env),
    codeLength: Math.floor(clamp(rules.codes?.length ?? 6, 6, 10)),
    emailSeconds: Math.floor(clamp(rules.codes?.emailSeconds ?? 3600, 60, 86_400)),
    phone: rules.phone !== undefined && rules.phone !== false,
    smsSeconds: Math.floor(clamp(rules.codes?.smsSeconds ?? 60, 30, 3600)),
    secureEmailChange: rules.secureEmailChange ?? true,
    reauthenticate: rules.reauthenticate ?? false,
    requireCurrentPassword: rules.requireCurrentPassword ?? false,
  }
}

/** Where browsers may be sent. The site is the app's, else the operator's, else this server, under a name that is ours. */
export function redirectRules(c: AppContext): RedirectRules {
  const rules = c.var.app.auth ?? {}
  const siteUrl = rules.siteUrl ?? (c.env.PERIGEE_SITE_URL || publicOrigin(c.env, new URL(c.req.url)))
  return { siteUrl, redirectUrls: rules.redirectUrls ?? [] }
}

/** Where this request wants the browser to end; the site when it may not. */
function redirectOf(c: AppContext, rules: RedirectRules, first: string | undefined): string {
  return resolveRedirect([first, c.req.query('redirect_to'), c.req.header('redirect_to'), c.req.header('referer')], rules)
}

/** `redirectTo` is a place that stands in the body. */
export async function contextOf(c: AppContext, redirectTo?: string): Promise<AuthenticationContext> {
  const redirects = redirectRules(c)
  return {
    issuer: `${publicOrigin(c.env, new URL(c.req.url))}${ISSUER_PATH}`,
    rules: await rulesOf(c),
    address: c.req.header('cf-connecting-ip') ?? null,
    userAgent: c.req.header('user-agent') ?? null,
    acceptLanguage: c.req.header('accept-language') ?? null,
    device: readDevice((name) => c.req.header(name)),
    place: readPlace((c.req.raw as { readonly cf?: unknown }).cf),
    requestId: c.var.requestId,
    redirectTo: redirectOf(c, redirects, redirectTo),
    siteUrl: redirects.siteUrl,
  }
}
