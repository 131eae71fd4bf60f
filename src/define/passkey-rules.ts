// What an app says of its passkeys: whose they are, from where they may be used, and which of its apps on phones may use them.

/** An Android app that uses the backend's passkeys. */
export interface AndroidApp {
  /** `com.example.trailhead`. */
  readonly package: string
  /** SHA-256 of the certificates it is signed with, as `keytool` and the Play Console write them: 32 bytes in hex, colons between. */
  readonly fingerprints: readonly string[]
}

/** Passkeys (WebAuthn), as a way in and as a second factor. */
export interface PasskeyRules {
  /**
   * The domain that passkeys belong to, without scheme or port: `example.com`. They can never move to another. When absent, the host that
   * phones call; on a developer's machine that is `localhost`, whatever stands here.
   */
  readonly rpId?: string
  /** Shown while a passkey is made; the app's name when absent. */
  readonly rpName?: string
  /** Where passkeys may be used, beside `https://<rpId>`: `https://app.example.com`, `android:apk-key-hash:…`. */
  readonly origins?: readonly string[]
  /** iOS and macOS apps, as `<team id>.<bundle id>`: served as the domain's `apple-app-site-association`. */
  readonly appleApps?: readonly string[]
  /** Android apps: served as the domain's `assetlinks.json`, and their origins are allowed. */
  readonly androidApps?: readonly AndroidApp[]
}

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const ANDROID_ORIGIN = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/
const APPLE_APP = /^[A-Z0-9]{10}\.[A-Za-z0-9.-]+$/
const PACKAGE = /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)+$/
const FINGERPRINT = /^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}$/

function isWebOrigin(text: string): boolean {
  try {
    const { origin, protocol, hostname } = new URL(text)
    return origin === text && (protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost'))
  } catch {
    return false
  }
}

/** Reports every member that can't work. */
export function checkPasskeys(
  { rpId, origins = [], appleApps = [], androidApps = [] }: PasskeyRules,
  report: (message: string) => void,
): void {
  if (rpId !== undefined && !DOMAIN.test(rpId))
    report(`rpId "${rpId}" is no domain. Write it as "example.com", lower case, without https://.`)
  for (const origin of origins) {
    if (!isWebOrigin(origin) && !ANDROID_ORIGIN.test(origin)) {
      report(`origin "${origin}" is neither "https://host" without a path nor "android:apk-key-hash:" with 43 characters of base64url.`)
    }
  }
  for (const id of appleApps) if (!APPLE_APP.test(id)) report(`"${id}" is no app id of Apple's. Write it as "TEAMID1234.com.example.app".`)
  for (const { package: name, fingerprints } of androidApps) {
    if (!PACKAGE.test(name)) report(`"${name}" is no package name. Write it as "com.example.app".`)
    if (fingerprints.length === 0) report(`Android app "${name}" has no fingerprint of the certificate it is signed with.`)
    for (const text of fingerprints) {
      if (!FINGERPRINT.test(text)) report(`fingerprint "${text}" of "${name}" isn't SHA-256: 32 bytes in hex, colons between.`)
    }
  }
}
