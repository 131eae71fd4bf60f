// How strong a password must be: its length, its characters, and that nobody has leaked it.
import { AppError, toHex, utf8 } from '../core'
import type { CharacterSet } from '../define'
import { isDevelopment, type EffectiveAuthRules, type Env, type WeakPasswordAnswer } from '../platform'
import { authErrors } from './errors'
import { isTooLong, MAX_PASSWORD_BYTES } from './password'
import type { Workshop } from './workshop'

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
/** GoTrue's sets. */
const SETS: Readonly<Record<Exclude<CharacterSet, object>, string>> = {
  lower: LOWER,
  upper: LOWER.toUpperCase(),
  letters: LOWER + LOWER.toUpperCase(),
  digits: '0123456789',
  symbols: '!@#$%^&*()_+-=[]{};\':"|<>?,./`~\\',
}

/** haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange: five hex digits go out, all hashes that begin so come back, padded. */
const PWNED = 'https://api.pwnedpasswords.com/range/'
const TIMEOUT_MS = 2_000
/** Padded answers have up to 1,000 lines of 40 characters; more isn't theirs. */
const MAX_ANSWER = 200_000

/** Whether a list of leaked passwords has it. False when nobody answers in time: sign-in doesn't stand and fall with them. */
async function isLeaked(password: string, env: Env): Promise<boolean> {
  const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-1', utf8(password)))).toUpperCase()
  const other = isDevelopment(env) ? env.PERIGEE_PWNED_URL : undefined
  const address = other === undefined || other === '' ? PWNED : other
  try {
    const answer = await fetch(`${address}${digest.slice(0, 5)}`, {
      headers: { 'add-padding': 'true', 'user-agent': 'Perigee' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!answer.ok) return false
    const lines = (await answer.text()).slice(0, MAX_ANSWER).split('\n')
    // Padding has the count 0.
    return lines.some((line) => line.startsWith(digest.slice(5)) && /^:0*[1-9]/.test(line.slice(35)))
  } catch {
    return false
  }
}

/** Why the rules in force would refuse it, in GoTrue's words; null when they wouldn't. */
export async function weaknessOf({ app, env }: Workshop, rules: EffectiveAuthRules, password: string): Promise<WeakPasswordAnswer | null> {
  const { require = [], refuseLeaked = false } = app.auth?.passwords ?? {}
  const sets = require.map((set) => (typeof set === 'string' ? SETS[set] : set.of))
  const found: { reason: WeakPasswordAnswer['reasons'][number]; message: string }[] = []
  if ([...password].length < rules.minPasswordLength) {
    found.push({ reason: 'length', message: `Password should be at least ${rules.minPasswordLength} characters.` })
  }
  if (!sets.every((set) => [...set].some((character) => password.includes(character)))) {
    found.push({ reason: 'characters', message: `Password should contain at least one character of each: ${sets.join(', ')}.` })
  }
  if (refuseLeaked && (await isLeaked(password, env))) {
    found.push({ reason: 'pwned', message: 'Password is known to be weak and easy to guess, please choose a different one.' })
  }
  if (found.length === 0) return null
  return { message: found.map(({ message }) => message).join(' '), reasons: found.map(({ reason }) => reason) }
}

/** Errors: `validation_failed` over 72 bytes (cutting it would weaken it silently), `weak_password` with every reason. */
export async function checkPassword(workshop: Workshop, rules: EffectiveAuthRules, password: string): Promise<void> {
  if (isTooLong(password)) {
    throw new AppError(authErrors.validation_failed, { message: `Password cannot be longer than ${MAX_PASSWORD_BYTES} bytes` })
  }
  const weakness = await weaknessOf(workshop, rules, password)
  if (weakness === null) return
  throw new AppError(authErrors.weak_password, { message: weakness.message, body: { weak_password: weakness } })
}
