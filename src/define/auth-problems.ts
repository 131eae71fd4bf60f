// What can be wrong with the rules of sign-in; every bound with both its sides.
import type { AuthRules } from './auth-rules'
import type { Problem } from './model'

/** A token lives no shorter, so neither does a session. */
const MIN_SESSION_SECONDS = 300
const MAX_SESSION_SECONDS = 10 * 366 * 86_400

/** Everything wrong with them; empty when sign-in can go by them. */
export function checkAuthRules({ sessions = {}, passwords = {}, captcha }: AuthRules): Problem[] {
  const problems: Problem[] = []
  const report = (message: string) => problems.push({ of: 'sign-in', table: 'auth', file: null, message })
  for (const name of ['timebox', 'inactivity'] as const) {
    const seconds = sessions[name]
    if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= MIN_SESSION_SECONDS && seconds <= MAX_SESSION_SECONDS))
      report(`sessions.${name} is a whole number of seconds, from ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS}.`)
  }
  for (const set of passwords.require ?? []) {
    if (typeof set === 'string' ? !['lower', 'upper', 'letters', 'digits', 'symbols'].includes(set) : !set.of)
      report("passwords.require lists 'lower', 'upper', 'letters', 'digits', 'symbols' or { of: 'characters' }.")
  }
  if (captcha !== undefined && !['turnstile', 'hcaptcha'].includes(captcha.provider))
    report("captcha.provider is 'turnstile' or 'hcaptcha'.")
  return problems
}
