// What passkeys are refused with, beside the catalog.
import { AppError } from '../core'
import { isDevelopment, type Env } from '../platform'
import { authErrors } from './errors'
import type { Workshop } from './workshop'

/** Errors: `passkey_disabled` (404), when the app declares no passkeys. */
export function requirePasskeys({ app }: Pick<Workshop, 'app'>): void {
  if (app.auth?.passkeys === undefined) throw new AppError(authErrors.passkey_disabled)
}

/** An answer that doesn't hold; why is told to developers only. */
export function verificationFailed(env: Env, reason: string): AppError {
  return new AppError(authErrors.webauthn_verification_failed, isDevelopment(env) ? { hint: reason } : {})
}
