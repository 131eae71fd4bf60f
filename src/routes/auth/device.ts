// What a request says of the phone it comes from and where that is: kept with its session, shown to its person, trusted by nothing.
import type { Device, Place } from '../../platform'

/** Reads one header; undefined when it isn't there. */
export type ReadHeader = (name: string) => string | undefined

const MAX_LENGTH = 100

/** One line of text that can be shown; null when nothing is left. */
function line(text: string | undefined): string | null {
  const clean = text?.slice(0, 4 * MAX_LENGTH).replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ').trim().slice(0, MAX_LENGTH) // prettier-ignore
  return clean === undefined || clean === '' ? null : clean
}

/** By what stands in a User-Agent, or in `platform=…` of X-Client-Info; the first that fits. */
const PLATFORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:iPhone|iPad|iPod|iOS|iPadOS)\b/i, 'ios'],
  [/\b(?:Android|Dalvik|okhttp)\b/i, 'android'],
  [/\bMac ?OS ?X?\b|\bMacintosh\b/i, 'macos'],
  [/\bWindows\b/i, 'windows'],
  [/\b(?:Linux|X11|CrOS)\b/i, 'linux'],
  // Apple's own networking names neither; phones are more than desktops.
  [/\bCFNetwork\b/i, 'ios'],
]

function platformOf(text: string): string | null {
  return PLATFORMS.find(([pattern]) => pattern.test(text))?.[1] ?? null
}

function modelOf(userAgent: string): string | null {
  // `(Linux; U; Android 14; Pixel 8 Build/UD1A…)`: Android puts the model behind the version.
  const android = /\bAndroid [\d.]+; ([^;)]+?)(?: Build\/[^;)]*)?[;)]/.exec(userAgent)?.[1]
  if (android !== undefined && android !== 'K') return android
  return /\((iPhone|iPad|iPod touch)\b/.exec(userAgent)?.[1] ?? null
}

/**
 * The phone. The app's own headers count first (`X-App-Build`, `X-App-Version`, `X-Device-Model`, `X-Device-Id`), then what the SDKs send
 * (`X-Supabase-Client-Platform`, `X-Client-Info`), then the User-Agent.
 */
export function readDevice(header: ReadHeader): Device {
  const userAgent = (header('user-agent') ?? '').slice(0, 500)
  const clientInfo = (header('x-client-info') ?? '').slice(0, 500)
  const build = /^(?:([a-z]{1,20})\/)?(\d{1,9})$/.exec(header('x-app-build') ?? '')
  const said = header('x-supabase-client-platform') ?? /\bplatform=([^;]+)/.exec(clientInfo)?.[1] ?? ''
  const known = build?.[1] ?? platformOf(said) ?? line(said)?.toLowerCase() ?? platformOf(userAgent)
  const isPage = /\bMozilla\//.test(userAgent) && header('origin') !== undefined
  return {
    id: line(header('x-device-id')),
    model: line(header('x-device-model')) ?? line(modelOf(userAgent) ?? undefined),
    platform: known ?? (isPage ? 'web' : null),
    appVersion: line(header('x-app-version')),
    appBuild: build?.[2] ?? null,
  }
}

/** The place, of what Cloudflare adds to a request. */
export function readPlace(cf: unknown): Place {
  const { country, city } = (cf ?? {}) as { country?: unknown; city?: unknown }
  return {
    country: typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : null,
    city: typeof city === 'string' ? line(city) : null,
  }
}
