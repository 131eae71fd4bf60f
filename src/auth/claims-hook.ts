// The app's say in what tokens say: `auth.hooks.accessToken`. It adds, blanks and leaves out; who it is, for how long and how strong stays ours.
import { utf8 } from '../core'
import type { AuthenticationContext } from '../platform'
import type { AllClaims } from './access-token'
import { authErrors } from './errors'
import { callHook, hookFailure } from './hook'
import type { Workshop } from './workshop'

/** Must come back as they were. */
const FIXED = ['iss', 'sub', 'aud', 'iat', 'exp', 'session_id', 'role', 'aal', 'amr', 'is_anonymous'] as const
/** Must come back, whatever they say: SDKs read them. */
const REQUIRED = ['email', 'phone'] as const
/** Of the JSON, in bytes: it stands in every request's header. */
const MAX_CLAIMS_BYTES = 16_384

/** What is wrong with a hook's claims; null when nothing is. */
export function claimsProblem(before: AllClaims, after: unknown): string | null {
  if (typeof after !== 'object' || after === null || Array.isArray(after)) return '`claims` is no object'
  const claims = after as Readonly<Record<string, unknown>>
  const changed = FIXED.filter((name) => JSON.stringify(claims[name]) !== JSON.stringify(before[name]))
  if (changed.length > 0) return `it changed or left out what it can't: ${changed.join(', ')}`
  const missing = REQUIRED.filter((name) => typeof claims[name] !== 'string')
  if (missing.length > 0) return `it left out ${missing.join(', ')}, which may be empty but must be there`
  if ('nbf' in claims || 'jti' in claims) return 'it set nbf or jti, which tokens here have not'
  return utf8(JSON.stringify(claims)).length > MAX_CLAIMS_BYTES ? `they are larger than ${MAX_CLAIMS_BYTES} bytes of JSON` : null
}

/** The claims of a token as the app wants them. Errors: those of `callHook`; `hook_failed` when they can't be a token's. */
export async function reviseClaims(
  workshop: Workshop,
  context: AuthenticationContext,
  claims: AllClaims,
  grant: 'sign-in' | 'refresh',
): Promise<Readonly<Record<string, unknown>>> {
  const hook = workshop.app.auth?.hooks?.accessToken
  if (hook === undefined) return { ...claims }
  const method = claims.amr[0]?.['method']
  const authenticationMethod = grant === 'refresh' ? 'token_refresh' : typeof method === 'string' ? method : ''
  const input = { user_id: claims.sub, claims: { ...structuredClone(claims) }, authentication_method: authenticationMethod }
  const answer = await callHook(workshop, context, 'accessToken', hook, input, grant)
  if (answer['claims'] === undefined) return { ...claims }
  const failed = (why: string, cause?: unknown) =>
    hookFailure(grant, authErrors.hook_failed, 'The hook accessToken failed', cause ?? new Error(`Its claims can't be a token's: ${why}.`))
  let revised: unknown
  try {
    // As the token will have them: what JSON can't say isn't there.
    revised = JSON.parse(JSON.stringify(answer['claims']))
  } catch (error) {
    throw failed('they are no JSON', error)
  }
  const problem = claimsProblem(claims, revised)
  if (problem !== null) throw failed(problem)
  return revised as Readonly<Record<string, unknown>>
}
