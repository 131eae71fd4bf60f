// How people sign in to an app, as its developer declares it: `app({ auth: … })`. What is left out has the safest sensible value.

import type { AuthHooks } from './auth-hooks'
import type { ProviderDeclaration } from './auth-providers'
import type { MessageRules } from './messages'
import type { PasskeyRules } from './passkey-rules'

/** Second factors. */
export interface FactorRules {
  /** Codes of an authenticator app; on when absent. */
  readonly totp?: boolean
  /** Security keys and phones; when absent, on where `passkeys` are declared, which also say whose the credentials are. */
  readonly webauthn?: boolean
  /** Codes by text message: each costs you money; off when absent. */
  readonly phone?: boolean
  /** Ten codes for who lost the others; on when absent. */
  readonly recoveryCodes?: boolean
  /** Of one person, with those that wait to be verified; 10 when absent. */
  readonly maxFactors?: number
}

export interface AuthRules {
  /** Refuse new people; those who are known still sign in. */
  readonly disableSignup?: boolean
  readonly anonymousUsers?: boolean
  /** Characters, 6 or more; 6 when absent. */
  readonly minPasswordLength?: number
  /** Seconds a person's token is good for; 3600 when absent, 300 at least. */
  readonly tokenLifetime?: number
  /** Whether phone numbers are a way in: with a password, or with a code by text message. Off when absent. */
  readonly phone?: boolean | PhoneRules
  /** Mails and text messages: from whom, how they look, how they leave. */
  readonly messages?: MessageRules
  /** The app's own code at set moments. */
  readonly hooks?: AuthHooks
  /** Whether an address counts only once its owner has opened a mail. Absent: yes in production, no in development. */
  readonly confirmEmail?: boolean
  /** `https://…`: where links in mails and sign-ins at a provider end that name no other place. PERIGEE_SITE_URL, else the server itself, when absent. */
  readonly siteUrl?: string
  /**
   * Where else they may end, as globs: `myapp://**`, `https://*.example.com/welcome`. `*` stays between dots and slashes, `**` crosses them,
   * `?` is one character. What isn't listed becomes the site.
   */
  readonly redirectUrls?: readonly string[]
  /** Of codes: digits, 6 to 10 (6); how long a mail's code and link live in seconds, up to a day (3600), and a text message's (60). */
  readonly codes?: { readonly length?: number; readonly emailSeconds?: number; readonly smsSeconds?: number }
  /** Whether a change of address has to be confirmed at the old one as well; true when absent. */
  readonly secureEmailChange?: boolean
  /** Whether a new password needs a code out of a mail (`reauthenticate()`) when the session is older than a day. */
  readonly reauthenticate?: boolean
  /** Whether a new password needs the old one (`current_password`), except in a session that a code or link opened. */
  readonly requireCurrentPassword?: boolean
  /** Passkeys, as a way in and as a second factor; absent, they are off. `{}` is enough to begin with. */
  readonly passkeys?: PasskeyRules
  /** How long sessions last; without it until somebody ends them. */
  readonly sessions?: SessionRules
  /** What a new password must have, beside `minPasswordLength`. */
  readonly passwords?: PasswordRules
  /** Who asks for a session, a message or a new account shows that they are human. Needs the secret PERIGEE_CAPTCHA_SECRET. */
  readonly captcha?: CaptchaRules
  /** With whom people may sign in: `apple(…)`, `google(…)`, `github(…)`, `openid('name', …)`. */
  readonly providers?: readonly ProviderDeclaration[]
  /** Whether people who are signed in may add and remove ways to sign in; true when absent. */
  readonly manualLinking?: boolean
  readonly mfa?: FactorRules
  /** The roles that administrators can give people, and that policies may name; any when absent. */
  readonly roles?: readonly string[]
}

/** Seconds, 300 or more each. */
export interface SessionRules {
  /** From sign-in to the end, whatever happens. */
  readonly timebox?: number
  /** From the last refresh to the end. */
  readonly inactivity?: number
  /** A new sign-in ends the person's other sessions. */
  readonly singlePerPerson?: boolean
}

/** A set of characters of which a password must have one: a name, or the characters themselves. */
export type CharacterSet = 'lower' | 'upper' | 'letters' | 'digits' | 'symbols' | { readonly of: string }

export interface PasswordRules {
  /** One character of each set. */
  readonly require?: readonly CharacterSet[]
  /** Refuse passwords that are in Have I Been Pwned's lists. Five digits of the password's SHA-1 leave the Worker. */
  readonly refuseLeaked?: boolean
}

export interface CaptchaRules {
  readonly provider: 'turnstile' | 'hcaptcha'
}

export interface PhoneRules {
  /** Beginnings of the numbers that are written to, without the plus: `['41', '49', '1415']`. All when absent; name them, and nobody sends messages at your cost to where you have no customers. */
  readonly prefixes?: readonly string[]
  /** In development only: numbers (without the plus) whose code is always this one. */
  readonly testNumbers?: Readonly<Record<string, string>>
}
