// Whose passkeys these are and from where they may be used (WebAuthn's relying party), by the app's rules and the host that was called.
import { toBase64Url } from '../core'
import type { PasskeyRules } from '../define'
import { isDevelopment, type AuthenticationContext } from '../platform'
import type { Workshop } from './workshop'

export interface RelyingParty {
  /** The domain that credentials are bound to. */
  readonly id: string
  readonly name: string
  /** The origins that an answer may come from, given the one that it names. */
  originsFor(claimed: string): string[]
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/
const LOCAL_ORIGIN = /^https?:\/\/localhost(?::\d{1,5})?$/

/** An Android app's origin: the hash of the certificate that it is signed with. */
function androidOrigin(fingerprint: string): string {
  const bytes = Uint8Array.from(fingerprint.split(':'), (pair) => Number.parseInt(pair, 16))
  return `android:apk-key-hash:${toBase64Url(bytes)}`
}

/** The relying party of a request. On a developer's machine that is `localhost`, at any port, because browsers take no other there. */
export function relyingPartyOf(
  { app, env }: Pick<Workshop, 'app' | 'env'>,
  { issuer }: Pick<AuthenticationContext, 'issuer'>,
): RelyingParty {
  const rules: PasskeyRules = app.auth?.passkeys ?? {}
  const called = new URL(issuer)
  const local = isDevelopment(env) && LOOPBACK.test(called.hostname)
  const id = local ? 'localhost' : (rules.rpId ?? called.hostname)
  const allowed = [
    `https://${id}`,
    ...(rules.origins ?? []),
    ...(rules.androidApps ?? []).flatMap(({ fingerprints }) => fingerprints.map(androidOrigin)),
    ...(isDevelopment(env) ? [called.origin] : []),
  ]
  return {
    id,
    name: rules.rpName ?? app.name,
    originsFor: (claimed) => (local && LOCAL_ORIGIN.test(claimed) ? [...allowed, claimed] : allowed),
  }
}
