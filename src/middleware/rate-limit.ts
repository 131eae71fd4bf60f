// Exact limits for what is worth attacking, counted by Durable Objects. Counts by the address that Cloudflare saw, never by X-Forwarded-For.
import { authErrors } from '../auth'
import { AppError, toBase64Url, utf8 } from '../core'
import { log } from '../observability'
import { isDevelopment, platformErrors, runtimeConfig, type RuntimeConfig, type RuntimeRate } from '../platform'
import type { AppContext } from './context'

/** What is limited, and by what it is counted. */
export type RateClass =
  /** Sign-ups, by address. */
  | 'signup'
  /** Anonymous sign-ups, by address. */
  | 'anonymous'
  /** Sign-ins of strangers to an account, by address. */
  | 'token'
  /** The same by account and network: one guesser's share, small beside what all have. */
  | 'guess'
  /** The same by account: guessing one password from many places. */
  | 'account'
  /** Sign-ins on a device where somebody signed in to the account before, by account and device. */
  | 'device'
  /** Anything that hashes a password, by network: each costs 140 ms of CPU. */
  | 'password'
  /** Second factors, by session. */
  | 'factor'
  /** Codes that are tried, by address. */
  | 'code'
  /** Mails that are asked for, by address on the network. */
  | 'mail_address'
  /** The same by what is asked for and the mail address that is named: one a minute. */
  | 'mail_gap'
  /** The same by mail address and network: one asker's share, small beside what all have. */
  | 'mail_share'
  /** The same by mail address: so many an hour, whatever for. */
  | 'mailbox'
  /** Text messages, by address. */
  | 'sms_address'
  /** The same by network. */
  | 'sms_network'
  /** The same by number: one a minute, one network's share, and so many an hour. */
  | 'sms_gap'
  | 'sms_share'
  | 'sms_number'
  /** The same by where the number is called: messages are pumped to where somebody earns by them. */
  | 'sms_prefix'
  /** Refreshes, by session. */
  | 'refresh'
  /** Challenges of passkeys and the answers to them, by address: signing in takes two. */
  | 'passkey'
  /** Accounts that are given out whole or deleted, by session. */
  | 'leave'

/** In production; `rates` of the runtime configuration stands over them. */
const RATES: Readonly<Record<RateClass, RuntimeRate>> = {
  signup: { requests: 30, seconds: 300, burst: 30 },
  anonymous: { requests: 30, seconds: 3600, burst: 30 },
  token: { requests: 150, seconds: 300, burst: 30 },
  guess: { requests: 12, seconds: 3600, burst: 10 },
  account: { requests: 60, seconds: 3600, burst: 30 },
  device: { requests: 30, seconds: 3600, burst: 15 },
  password: { requests: 600, seconds: 300, burst: 120 },
  factor: { requests: 15, seconds: 60, burst: 30 },
  code: { requests: 30, seconds: 300, burst: 30 },
  mail_address: { requests: 30, seconds: 300, burst: 30 },
  mail_gap: { requests: 1, seconds: 60, burst: 1 },
  mail_share: { requests: 6, seconds: 3600, burst: 5 },
  mailbox: { requests: 15, seconds: 3600, burst: 10 },
  sms_address: { requests: 20, seconds: 3600, burst: 10 },
  sms_network: { requests: 60, seconds: 3600, burst: 20 },
  sms_gap: { requests: 1, seconds: 60, burst: 1 },
  sms_share: { requests: 4, seconds: 3600, burst: 3 },
  sms_number: { requests: 10, seconds: 3600, burst: 5 },
  sms_prefix: { requests: 300, seconds: 3600, burst: 100 },
  refresh: { requests: 60, seconds: 300, burst: 60 },
  passkey: { requests: 150, seconds: 300, burst: 60 },
  leave: { requests: 10, seconds: 3600, burst: 5 },
}

/** On a developer's machine everybody has one address, and tests come in crowds. */
const DEVELOPMENT: RuntimeRate = { requests: 10_000, seconds: 60, burst: 10_000 }

export interface RateSubject {
  readonly class: RateClass
  /** What is counted; hashed before it names anything. */
  readonly subject: string
}

/** Settings whose problem is in the log already: each is read once a minute, not once a request. */
const reported = new WeakSet<RuntimeConfig>()

async function nameOf({ class: kind, subject }: RateSubject): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(subject))
  return `${kind}:${toBase64Url(new Uint8Array(digest).subarray(0, 18))}`
}

/** Whether this is the first time in `seconds` that somebody comes with `text`: what may be used once. Errors: `service_unavailable`. */
export async function takeOnce(c: AppContext, kind: 'captcha', text: string, seconds: number): Promise<boolean> {
  try {
    const digest = await crypto.subtle.digest('SHA-256', utf8(text))
    const name = `${kind}:${toBase64Url(new Uint8Array(digest))}`
    return (await c.env.RATE_LIMITER.getByName(name).take({ requests: 1, seconds, burst: 1 })).allowed
  } catch (cause) {
    throw new AppError(platformErrors.service_unavailable, { headers: { 'retry-after': '2' }, cause })
  }
}

/**
 * Takes one request from each subject, or refuses. Errors: `over_request_rate_limit` (429) with Retry-After, for refreshes
 * `refresh_rate_limit` (503); `service_unavailable` (503) when a limiter doesn't answer: what can't be counted isn't let through.
 */
export async function takeRate(c: AppContext, subjects: readonly RateSubject[]): Promise<void> {
  const refusal = await tryRate(c, subjects)
  if (refusal !== null) throw refusal
}

/** The same, answering the refusal instead of throwing it. Errors: `service_unavailable`. */
export async function tryRate(c: AppContext, subjects: readonly RateSubject[]): Promise<AppError | null> {
  const config = await runtimeConfig(c.env)
  if (config.problem !== null && !reported.has(config)) {
    reported.add(config)
    log('warn', 'config.ignored', { problem: config.problem })
  }
  const rateOf = (kind: RateClass) => config.rates[kind] ?? (isDevelopment(c.env) ? DEVELOPMENT : RATES[kind])

  let decisions: readonly { allowed: boolean; retryAfter: number }[]
  try {
    decisions = await Promise.all(
      subjects.map(async (subject) => c.env.RATE_LIMITER.getByName(await nameOf(subject)).take(rateOf(subject.class))),
    )
  } catch (cause) {
    throw new AppError(platformErrors.service_unavailable, { headers: { 'retry-after': '2' }, cause })
  }
  const refused = decisions.filter(({ allowed }) => !allowed)
  if (refused.length === 0) return null
  const definition = subjects.some((subject) => subject.class === 'refresh')
    ? authErrors.refresh_rate_limit
    : authErrors.over_request_rate_limit
  return new AppError(definition, { headers: { 'retry-after': String(Math.max(...refused.map(({ retryAfter }) => retryAfter))) } })
}
