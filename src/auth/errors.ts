// What can go wrong in sign-in, under the names that the SDKs' enumerations know, and how GoTrue writes an error down.
import { AppError, defineErrors } from '../core'

export const authErrors = defineErrors({
  // Of the request
  bad_json: { status: 400, title: 'The request body is not a JSON object.', retry: false },
  validation_failed: { status: 400, title: 'The request has a value that is not allowed.', retry: false },
  over_request_rate_limit: { status: 429, title: 'Request rate limit reached', retry: true },
  /** Phones sign people out on a 429 to a refresh; a 503 makes them wait and ask again. */
  refresh_rate_limit: { status: 503, title: 'Too many refreshes of this session. Try again shortly.', retry: true },
  feature_disabled: { status: 501, title: 'This part of sign-in is not built yet.', retry: false },
  method_not_allowed: { status: 405, title: 'This address does not take this method.', retry: false },
  path_unknown: { status: 404, title: 'There is nothing at this address.', retry: false },
  unexpected_failure: { status: 500, title: 'Something went wrong on our side.', retry: true },

  // Of the API key
  api_key_missing: { status: 401, title: 'No API key found in request', retry: false, postgrest: 'PGRST302' },
  api_key_invalid: { status: 401, title: 'Invalid API key', retry: false, postgrest: 'PGRST301' },
  secret_key_in_browser: { status: 401, title: 'Forbidden use of secret API key in browser', retry: false, postgrest: 'PGRST301' },

  // Of the person's token
  no_authorization: { status: 401, title: 'This endpoint requires a valid Bearer token', retry: false },
  bad_jwt: { status: 403, title: 'Invalid token', retry: false },
  /** `bad_jwt` on the data paths, which speak PostgREST. */
  jwt_invalid: { status: 401, title: 'The token could not be verified', retry: false, postgrest: 'PGRST301' },
  jwt_claims: { status: 401, title: 'The token is not valid here or not valid any more', retry: false, postgrest: 'PGRST303' },
  session_not_found: { status: 403, title: 'Session from session_id claim in JWT does not exist', retry: false },
  user_not_found: { status: 403, title: 'User from sub claim in JWT does not exist', retry: false },
  user_banned: { status: 403, title: 'User is banned', retry: false },
  not_admin: { status: 403, title: 'Only administrators may change this', retry: false },

  // Of devices and of who is at one
  device_not_found: { status: 404, title: 'Session not found', retry: false },
  captcha_failed: { status: 400, title: 'captcha protection: request disallowed', retry: false },
  /** Not the phone's fault: the provider doesn't answer, or our secret is missing or wrong. */
  captcha_unavailable: { status: 503, title: 'The captcha could not be checked. Try again in a moment.', retry: true },

  // Of sign-up and sign-in
  signup_disabled: { status: 422, title: 'Signups not allowed for this instance', retry: false },
  anonymous_provider_disabled: { status: 422, title: 'Anonymous sign-ins are disabled', retry: false },
  phone_provider_disabled: { status: 400, title: 'Phone sign-ins are disabled', retry: false },
  web3_provider_disabled: { status: 422, title: 'Web3 provider is disabled', retry: false },
  saml_provider_disabled: { status: 404, title: 'SAML 2.0 is disabled', retry: false },
  user_already_exists: { status: 422, title: 'User already registered', retry: false },
  weak_password: { status: 422, title: 'Password is too weak', retry: false },
  /** An import says so, before anybody signs in with it. */
  password_hash_unsupported: { status: 400, title: 'The password hash cannot be used here.', retry: false },
  invalid_credentials: { status: 400, title: 'Invalid login credentials', retry: false },

  email_not_confirmed: { status: 400, title: 'Email not confirmed', retry: false },
  phone_not_confirmed: { status: 400, title: 'Phone not confirmed', retry: false },

  // Of codes and links
  otp_expired: { status: 403, title: 'Token has expired or is invalid', retry: false },
  otp_disabled: { status: 422, title: 'Signups not allowed for otp', retry: false },
  over_sms_send_rate_limit: { status: 429, title: 'sms rate limit exceeded', retry: true },
  over_email_send_rate_limit: { status: 429, title: 'email rate limit exceeded', retry: true },
  flow_state_not_found: { status: 404, title: 'invalid flow state, no valid flow state found', retry: false },
  flow_state_expired: { status: 422, title: 'invalid flow state, flow state has expired', retry: false },
  bad_code_verifier: { status: 400, title: 'code challenge does not match previously saved code verifier', retry: false },

  // Of providers and identities
  /** The form of RFC 6749 §5.2: `error` and `error_description` in the occurrence's body, and nothing else. */
  oauth_error: { status: 400, title: 'invalid request', retry: false },
  provider_disabled: { status: 400, title: 'Provider is not enabled', retry: false },
  provider_email_needs_verification: { status: 422, title: 'Unverified email with the provider', retry: false },
  bad_oauth_state: { status: 400, title: 'OAuth state not found or expired', retry: false },
  bad_oauth_callback: { status: 400, title: 'OAuth callback with invalid parameters', retry: false },
  flow_state_already_used: { status: 400, title: 'OAuth state has been used already', retry: false },
  manual_linking_disabled: { status: 404, title: 'Manual linking is disabled', retry: false },
  identity_already_exists: { status: 422, title: 'Identity is already linked', retry: false },
  identity_not_found: { status: 422, title: "Identity doesn't exist", retry: false },
  single_identity_not_deletable: { status: 422, title: 'User must have at least 1 identity after unlinking', retry: false },
  email_conflict_identity_not_deletable: { status: 422, title: 'Unable to unlink identity due to email conflict', retry: false },

  // Of the installation
  too_many_signing_keys: {
    status: 409,
    title: 'Eight signing keys are in use. The oldest has to retire before another is made.',
    retry: false,
  },

  // Of the refresh token
  refresh_token_not_found: { status: 400, title: 'Invalid Refresh Token: Refresh Token Not Found', retry: false },
  session_expired: { status: 400, title: 'Invalid Refresh Token: Session Expired', retry: false },
  refresh_token_already_used: { status: 400, title: 'Invalid Refresh Token: Already Used', retry: false },

  // Of second factors
  insufficient_aal: { status: 403, title: 'AAL2 session is required', retry: false },
  mfa_factor_not_found: { status: 422, title: 'Factor not found', retry: false },
  mfa_factor_name_conflict: { status: 422, title: 'A factor with this friendly name already exists', retry: false },
  mfa_verified_factor_exists: { status: 422, title: 'A verified factor already exists', retry: false },
  too_many_enrolled_mfa_factors: { status: 422, title: 'Maximum number of factors reached, unenroll to continue', retry: false },
  mfa_challenge_expired: { status: 422, title: 'MFA challenge has expired', retry: false },
  mfa_verification_failed: { status: 422, title: 'Invalid code entered', retry: false },
  mfa_totp_enroll_not_enabled: { status: 422, title: 'MFA enroll is disabled for TOTP', retry: false },
  mfa_totp_verify_not_enabled: { status: 422, title: 'MFA verification is disabled for TOTP', retry: false },
  mfa_phone_enroll_not_enabled: { status: 422, title: 'MFA enroll is disabled for Phone', retry: false },
  mfa_phone_verify_not_enabled: { status: 422, title: 'MFA verification is disabled for Phone', retry: false },
  mfa_webauthn_enroll_not_enabled: { status: 422, title: 'MFA enroll is disabled for WebAuthn', retry: false },
  mfa_webauthn_verify_not_enabled: { status: 422, title: 'MFA verification is disabled for WebAuthn', retry: false },
  mfa_recovery_codes_enroll_not_enabled: { status: 422, title: 'MFA enroll is disabled for recovery codes', retry: false },
  mfa_recovery_codes_verify_not_enabled: { status: 422, title: 'MFA verification is disabled for recovery codes', retry: false },
  mfa_recovery_codes_locked: { status: 429, title: 'Too many failed verification attempts, try again later', retry: true },
  mfa_recovery_codes_sole_factor: { status: 422, title: 'Recovery codes cannot be the only verified factor', retry: false },

  mfa_verification_rejected: { status: 403, title: 'Further MFA verification attempts will be rejected.', retry: false },

  // Of the app's hooks
  hook_timeout: { status: 422, title: 'A hook took longer than it may', retry: false },
  hook_failed: { status: 500, title: 'A hook failed', retry: true },
  /** On a refresh, at whose refusal phones sign people out: they are to come again. */
  hook_unavailable: { status: 503, title: 'A hook failed. Try again in a moment.', retry: true },
  hook_rejected: { status: 403, title: 'A hook refused it', retry: false },

  // Of changes to a person
  email_exists: { status: 422, title: 'A user with this email address has already been registered', retry: false },
  reauthentication_needed: { status: 400, title: 'Password update requires reauthentication', retry: false },
  reauthentication_not_valid: { status: 422, title: 'Nonce has expired or is invalid', retry: false },
  current_password_required: { status: 400, title: 'Current password required when setting new password.', retry: false },
  current_password_invalid: { status: 400, title: 'Current password required when setting new password.', retry: false },
  phone_exists: { status: 422, title: 'A user with this phone number has already been registered', retry: false },
  same_password: { status: 422, title: 'New password should be different from the old password.', retry: false },

  // Of passkeys
  passkey_disabled: { status: 404, title: 'Passkeys are disabled', retry: false },
  too_many_passkeys: { status: 422, title: 'Maximum number of passkeys reached', retry: false },
  webauthn_challenge_not_found: { status: 400, title: 'Challenge not found or already used', retry: false },
  webauthn_challenge_expired: { status: 400, title: 'Challenge has expired', retry: false },
  webauthn_verification_failed: { status: 400, title: 'Credential verification failed', retry: false },
  webauthn_credential_exists: { status: 422, title: 'This credential is already registered', retry: false },
})

/** An error of `POST /token?grant_type=id_token`: status 400, and a body that has `error` and `error_description` alone. */
export function oauthError(error: string, description: string, cause?: unknown): AppError {
  return new AppError(authErrors.oauth_error, { message: description, body: { error, error_description: description }, cause })
}

/** That there is nobody with that id, told to an administrator. */
export function unknownPerson(): AppError {
  return new AppError({ ...authErrors.user_not_found, status: 404 }, { message: 'User not found' })
}

/** From this date on, errors have a string `code` (GoTrue's API versions). */
const STRING_CODES_SINCE = '2024-01-01'

/** Errors of other rooms, under the names that GoTrue's clients know. */
const RENAMED: Readonly<Record<string, string>> = {
  body_too_large: 'request_entity_too_large',
  bad_request: 'validation_failed',
  not_implemented: 'feature_disabled',
  too_many_requests: 'over_request_rate_limit',
  internal: 'unexpected_failure',
  refresh_rate_limit: 'over_request_rate_limit',
  hook_failed: 'unexpected_failure',
  hook_unavailable: 'unexpected_failure',
  /** A name of its own would be no use: `session_not_found` at any address makes SDKs sign out. */
  device_not_found: 'validation_failed',
  password_hash_unsupported: 'validation_failed',
  captcha_unavailable: 'unexpected_failure',
}

/**
 * An error as GoTrue writes it. `apiVersion` is the header X-Supabase-Api-Version: from 2024-01-01 on `code` is the error's name,
 * before (or without) it is the status. Both forms carry `error_code` and `msg`, so that every SDK reads either.
 */
export function renderAuthError(
  error: AppError,
  apiVersion: string | null,
): { status: number; headers: Record<string, string>; body: Record<string, unknown> } {
  const { definition, occurrence, message } = error
  if (definition.code === authErrors.oauth_error.code)
    return { status: 400, headers: { ...occurrence.headers }, body: { ...occurrence.body } }
  const code = RENAMED[definition.code] ?? definition.code
  const modern = apiVersion !== null && /^\d{4}-\d{2}-\d{2}$/.test(apiVersion) && apiVersion >= STRING_CODES_SINCE
  const hint = occurrence.hint === undefined ? {} : { hint: occurrence.hint }
  return {
    status: definition.status,
    headers: {
      ...occurrence.headers,
      'x-sb-error-code': code,
      ...(modern ? { 'x-supabase-api-version': STRING_CODES_SINCE } : {}),
    },
    body: {
      code: modern ? code : definition.status,
      error_code: code,
      ...(modern ? { message } : {}),
      msg: message,
      ...hint,
      ...occurrence.body,
    },
  }
}
