// Asks Turnstile or hCaptcha whether a token shows a human. Closed: what can't be asked isn't let in.
import * as z from 'zod'
import { AppError } from '../core'
import { isDevelopment, type AuthenticationContext, type Env } from '../platform'
import { authErrors } from './errors'
import type { Workshop } from './workshop'

type Provider = 'turnstile' | 'hcaptcha'

/** Both answer alike: developers.cloudflare.com/turnstile/get-started/server-side-validation, docs.hcaptcha.com/#verify-the-user-response-server-side. */
const ADDRESSES: Readonly<Record<Provider, string>> = {
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
  hcaptcha: 'https://api.hcaptcha.com/siteverify',
}
const TIMEOUT_MS = 3_000
/** Turnstile's are 2,048 characters at most; hCaptcha's stay well under this. */
const MAX_TOKEN_LENGTH = 8_192
const answered = z.object({ success: z.boolean(), 'error-codes': z.array(z.string()).optional() })
/** Codes that say something of us, not of the token: nobody is told apart from an outage. */
const OURS = new Set(['missing-input-secret', 'invalid-input-secret', 'internal-error', 'bad-request', 'sitekey-secret-mismatch'])

/** The provider's address; another one only on a developer's machine. */
function addressOf(provider: Provider, env: Env): string {
  const other = isDevelopment(env) ? env.PERIGEE_CAPTCHA_URL : undefined
  return other === undefined || other === '' ? ADDRESSES[provider] : other
}

function unavailable(cause: unknown): AppError {
  return new AppError(authErrors.captcha_unavailable, { headers: { 'retry-after': '5' }, cause })
}

/** One request to the provider. Errors: `captcha_failed` (400) with the provider's reasons, `captcha_unavailable` (503). */
export async function proveHuman({ app, env }: Workshop, { address }: AuthenticationContext, token: string): Promise<void> {
  const provider = app.auth?.captcha?.provider
  if (provider === undefined) return
  const secret = env.PERIGEE_CAPTCHA_SECRET
  if (secret === undefined || secret === '') throw unavailable(new Error('PERIGEE_CAPTCHA_SECRET is not set.'))
  if (token === '' || token.length > MAX_TOKEN_LENGTH) throw refused(token === '' ? 'no captcha_token found' : 'invalid-input-response')

  const form = new URLSearchParams({ secret, response: token, ...(address === null ? {} : { remoteip: address }) })
  let answer: z.infer<typeof answered>
  try {
    const response = await fetch(addressOf(provider, env), { method: 'POST', body: form, signal: AbortSignal.timeout(TIMEOUT_MS) })
    answer = answered.parse(await response.json())
  } catch (cause) {
    throw unavailable(cause)
  }
  if (answer.success) return
  const reasons = answer['error-codes'] ?? []
  if (reasons.some((reason) => OURS.has(reason))) throw unavailable(new Error(`${provider}: ${reasons.join(', ')}`))
  throw refused(reasons.join(', ').slice(0, 200))
}

/** In GoTrue's words. */
export function refused(reason: string): AppError {
  return new AppError(authErrors.captcha_failed, { message: `captcha protection: request disallowed (${reason})` })
}
