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
}
