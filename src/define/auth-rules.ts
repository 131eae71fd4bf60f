// How people sign in to an app, as its developer declares it: `app({ auth: … })`. What is left out has the safest sensible value.

import type { MessageRules } from './messages'

export interface AuthRules {
  /** Refuse new people; those who are known still sign in. */
  readonly disableSignup?: boolean
  readonly anonymousUsers?: boolean
  /** Characters, 6 or more; 6 when absent. */
  readonly minPasswordLength?: number
  /** Seconds a person's token is good for; 3600 when absent, 300 at least. */
  readonly tokenLifetime?: number
  /** Mails and text messages: from whom, how they look, how they leave. */
  readonly messages?: MessageRules
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
}
