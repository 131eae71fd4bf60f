// The kinds of second factors that there are, by the `factor_type` of requests.
import { AppError, type ErrorDefinition } from '../core'
import { authErrors } from './errors'
import type { FactorKind } from './factor-kind'
import { phoneFactor } from './phone-factor'
import { totpFactor } from './totp-factor'
import { webauthnFactor } from './webauthn-factor'
import type { Workshop } from './workshop'

const KINDS: ReadonlyMap<string, FactorKind> = new Map([
  ['totp', totpFactor],
  ['phone', phoneFactor],
  ['webauthn', webauthnFactor],
])

/** What says that a kind isn't to be had, by what was asked of it. */
const OFF: Readonly<Record<string, { readonly enroll: ErrorDefinition; readonly verify: ErrorDefinition; readonly title: string }>> = {
  totp: { enroll: authErrors.mfa_totp_enroll_not_enabled, verify: authErrors.mfa_totp_verify_not_enabled, title: 'TOTP' },
  phone: { enroll: authErrors.mfa_phone_enroll_not_enabled, verify: authErrors.mfa_phone_verify_not_enabled, title: 'Phone' },
  webauthn: { enroll: authErrors.mfa_webauthn_enroll_not_enabled, verify: authErrors.mfa_webauthn_verify_not_enabled, title: 'WebAuthn' },
}

/** A kind that the app has. Errors: `validation_failed` for one that nobody has, `mfa_…_not_enabled` for one that is off. */
export function factorKind(workshop: Workshop, type: string, what: 'enroll' | 'verify'): FactorKind {
  const off = Object.hasOwn(OFF, type) ? OFF[type] : undefined
  if (off === undefined) {
    throw new AppError(authErrors.validation_failed, { message: 'factor_type needs to be totp, phone, or webauthn' })
  }
  const kind = KINDS.get(type)
  if (kind?.enabled(workshop)) return kind
  throw new AppError(off[what], { message: `MFA ${what === 'enroll' ? 'enroll' : 'verification'} is disabled for ${off.title}` })
}
