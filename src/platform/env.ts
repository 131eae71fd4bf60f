// What the runtime gives the Worker. The one place that names bindings.
import type { ChangeFeed } from '../durable-objects/change-feed'
import type { RateLimiter } from '../durable-objects/rate-limiter'
import type { Alarm } from '../durable-objects/alarm'
import type { QueueMessage } from './outbox'
import type { AuthenticationService } from './authentication'

export interface Env {
  readonly DB: D1Database
  readonly KV: KVNamespace
  readonly RATE_LIMITER: DurableObjectNamespace<RateLimiter>
  /** Carries the names of work that is done later; without it jobs wait for the minute's cron. */
  readonly JOBS?: Queue<QueueMessage>
  /** One object a store, which looks after jobs that are late or far off. */
  readonly ALARM?: DurableObjectNamespace<Alarm>
  /** Payloads of jobs that are too large for a row. */
  readonly MEDIA?: R2Bucket
  /** One object a store, which wakes who follows the change log; without it they wait for the minute's cron. */
  readonly CHANGE_FEED?: DurableObjectNamespace<ChangeFeed>
  /** Flood shield: per location, permissive; without the binding there is none. */
  readonly FLOOD?: RateLimit
  readonly ASSETS?: Fetcher
  /** Sign-in in a Worker of its own; absent when it runs in this one. */
  readonly AUTHENTICATION?: AuthenticationService
  /** 32 bytes or more, base64url. All other keys derive from it. */
  readonly PERIGEE_ROOT_KEY?: string
  /** `development` opens the start page and the tools under `/dev`; anything else is production. */
  readonly PERIGEE_ENV?: string
  /** Hosts, comma separated, that URLs we make may name; the first is the default. `*` in development only. */
  readonly PERIGEE_HOSTS?: string
  /** In development: by what to divide the waits before a webhook is tried again. */
  readonly PERIGEE_WEBHOOK_SPEED?: string
  /** The secret key of the captcha's provider, when the app asks for captchas. */
  readonly PERIGEE_CAPTCHA_SECRET?: string
  /** In development: where to ask about captchas and leaked passwords instead. */
  readonly PERIGEE_CAPTCHA_URL?: string
  readonly PERIGEE_PWNED_URL?: string
  /** Where mail links and sign-in redirects go when the app names no other place. */
  readonly PERIGEE_SITE_URL?: string
  /** `send` has mails and text messages leave a developer's machine too, instead of lying in its outbox. */
  readonly PERIGEE_MESSAGES?: string
  /** Of mails, over the app's: `Notes <notes@example.com>`. */
  readonly PERIGEE_MAIL_FROM?: string
  /** Cloudflare Email Service. */
  readonly EMAIL?: SendEmail
  /** API key of Resend; the other names another host than theirs. */
  readonly PERIGEE_RESEND_KEY?: string
  readonly PERIGEE_RESEND_URL?: string
  /** Twilio: the account (`AC…`), an API key (`SK…`) and its secret, or without a key the account's token; the number, sender or messaging service (`MG…`). */
  readonly PERIGEE_TWILIO_ACCOUNT?: string
  readonly PERIGEE_TWILIO_KEY?: string
  readonly PERIGEE_TWILIO_SECRET?: string
  readonly PERIGEE_TWILIO_FROM?: string
  /** For WhatsApp: the sender when it is another, and the content template (`HX…`) whose first variable is the code. */
  readonly PERIGEE_TWILIO_WHATSAPP_FROM?: string
  readonly PERIGEE_TWILIO_CONTENT?: string
  readonly PERIGEE_TWILIO_URL?: string
}

/** Whether this is somebody's own machine. */
export function isDevelopment(env: Env): boolean {
  return env.PERIGEE_ENV === 'development'
}

/** A setting of the Worker whose name an app decides, such as a provider's secret; null when it isn't there or empty. */
export function settingOf(env: Env, name: `PERIGEE_${string}`): string | null {
  const value = (env as unknown as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}
