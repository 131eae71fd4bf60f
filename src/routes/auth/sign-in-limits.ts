// Who may try a password how often, so that nobody guesses one and nobody keeps its owner out by guessing (docs/auth-sessions.md).
import { getCookie, setCookie } from 'hono/cookie'
import { DEVICE_KEY_DAYS, readDeviceKey, refreshTokenContent, writeDeviceKey, type DeviceKey } from '../../auth'
import { addressOf, networkOf, toBase64Url, utf8 } from '../../core'
import { takeRate, tryRate, type AppContext } from '../../middleware'
import { keysOf, type SessionAnswer } from '../../platform'
import { callAuthentication } from './call'
import { requireHuman } from './human'

const HEADER = 'x-device-key'
/** A header may hold the keys of several accounts. */
const MAX_KEYS = 8
/** A key is made anew once it is so old. */
const RENEW_DAYS = 30

/** A cookie an account, for phones whose HTTP client keeps them; its name doesn't tell the account. */
async function cookieOf(account: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(`perigee/device/${account}`))
  return `perigee-device-${toBase64Url(new Uint8Array(digest).subarray(0, 9))}`
}

/** The device whose key the request shows, if somebody signed in to the account on it; null for a stranger. */
export async function knownDevice(c: AppContext, account: string): Promise<DeviceKey | null> {
  const sent = [getCookie(c, await cookieOf(account)), ...(c.req.header(HEADER) ?? '').split(/[\s,]+/, MAX_KEYS)]
  const { deviceMac } = await keysOf(c.env)
  for (const text of sent) {
    const key = text === undefined || text === '' ? null : await readDeviceKey(text, account, deviceMac, Date.now())
    if (key !== null) return key
  }
  return null
}

/** What a person names themselves by when they sign in. */
function accountsOf({ user }: SessionAnswer): readonly string[] {
  return [user['email'], user['phone']].filter((name) => typeof name === 'string' && name !== '') as string[]
}

/** Gives a device whose person has a session what it shows at the next sign-in, in a header and in a cookie. */
export async function noteDevice(c: AppContext, session: SessionAnswer): Promise<void> {
  const keys = await keysOf(c.env)
  const content = await refreshTokenContent(keys, session.refresh_token)
  if (content === null) return
  const made: string[] = []
  for (const account of accountsOf(session)) {
    const held = await knownDevice(c, account)
    if (held !== null && held.age < RENEW_DAYS) continue
    const key = await writeDeviceKey(account, content.sessionId, keys.deviceMac, Date.now())
    const secure = new URL(c.req.url).protocol === 'https:'
    // Without SameSite: it carries no right, and HTTP clients of phones have no site to be the same as.
    const kept = { path: '/auth/v1', httpOnly: true, secure, maxAge: DEVICE_KEY_DAYS * 86_400 }
    setCookie(c, await cookieOf(account), key, kept)
    made.push(key)
  }
  if (made.length > 0) c.header(HEADER, made.join(' '))
}

/**
 * Counts one try of an account's password, an e-mail address or phone number as it is kept, and asks for a human where the app does.
 * A device that shows its key is counted by itself and never by what others do. A stranger is counted by address, by network, by account and
 * network, and with all other strangers by account; when those have used that up, an address from which somebody signed in to the account
 * before is counted by itself. Errors: `over_request_rate_limit` (429), `captcha_failed`.
 */
export async function takeSignIn(c: AppContext, account: string): Promise<void> {
  const ip = c.req.header('cf-connecting-ip')
  const network = networkOf(ip)
  const known = await knownDevice(c, account)
  if (known !== null) {
    await takeRate(c, [{ class: 'device', subject: `${account} ${known.device}` }])
    await takeRate(c, [{ class: 'password', subject: `known ${network}` }])
    return requireHuman(c)
  }
  await takeRate(c, [
    { class: 'token', subject: addressOf(ip) },
    { class: 'guess', subject: `${account} ${network}` },
  ])
  // Afterwards, so that one address can't use up the network's share with tries that are refused.
  await takeRate(c, [{ class: 'password', subject: network }])
  await requireHuman(c)
  // Afterwards, so that whoever is refused already can't use up somebody's tries as well.
  const refusal = await tryRate(c, [{ class: 'account', subject: account }])
  if (refusal === null) return
  if (ip === undefined || !(await callAuthentication(c, (service) => service.knowsAddress(account, ip)))) throw refusal
  await takeRate(c, [{ class: 'device', subject: `${account} at ${addressOf(ip)}` }])
}
