// What a device keeps to show that somebody signed in to an account on it before. It opens nothing: it only says whose tries are counted apart.
import { equalConstantTime, fromBase64Url, toBase64Url, toHex, utf8 } from '../core'
import type { Mac } from './refresh-token'

/** After so many days without a sign-in or a refresh a device is a stranger again. */
export const DEVICE_KEY_DAYS = 180
const DAY_MS = 86_400_000
const VERSION = 1
const SESSION_BYTES = 16
const MAC_BYTES = 16
const LENGTH = 1 + SESSION_BYTES + 2 + MAC_BYTES

async function sign(payload: Uint8Array, account: string, mac: Mac): Promise<Uint8Array> {
  return (await mac(Uint8Array.from([...payload, ...utf8(account)]))).subarray(0, MAC_BYTES)
}

/**
 * The key of the device where `sessionId` was opened, for one account: base64url of `0x01 | session (16) | day (2) | MAC (16)`. The account, as
 * people type it, is under the MAC alone, so that a key is of no use for another and tells nobody whose it is.
 */
export async function writeDeviceKey(account: string, sessionId: string, mac: Mac, now: number): Promise<string> {
  const day = Math.floor(now / DAY_MS)
  const session = (sessionId.replaceAll('-', '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
  const payload = Uint8Array.from([VERSION, ...session, (day >> 8) & 0xff, day & 0xff])
  return toBase64Url(Uint8Array.from([...payload, ...(await sign(payload, account, mac))]))
}

export interface DeviceKey {
  /** What to count by: the same for one session. */
  readonly device: string
  /** Days since it was made. */
  readonly age: number
}

/** Null when it isn't ours, of another account, or too old. */
export async function readDeviceKey(text: string, account: string, mac: Mac, now: number): Promise<DeviceKey | null> {
  const bytes = text.length > 2 * LENGTH ? null : fromBase64Url(text)
  if (bytes?.length !== LENGTH || bytes[0] !== VERSION) return null
  const payload = bytes.slice(0, LENGTH - MAC_BYTES)
  if (!equalConstantTime(await sign(payload, account, mac), bytes.subarray(-MAC_BYTES))) return null
  const age = Math.floor(now / DAY_MS) - (payload.at(-2)! * 256 + payload.at(-1)!)
  return age > DEVICE_KEY_DAYS || age < 0 ? null : { device: toHex(payload.subarray(1, 1 + SESSION_BYTES)), age }
}
