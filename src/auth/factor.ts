// A second factor as the database keeps it and as GoTrue shows it. Its secret is read only where a code is judged.
import { AppError } from '../core'
import { authErrors } from './errors'

export type FactorType = 'totp' | 'phone' | 'webauthn' | 'recovery_code'

/** Times are UTC ms. */
export interface Factor {
  readonly id: string
  readonly type: FactorType
  readonly status: 'verified' | 'unverified'
  readonly friendlyName: string
  readonly phone: string | null
  readonly aaguid: string | null
  readonly lastChallengedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** A person's factors in one value, of `auth_users u`; for `readFactors`. */
export const FACTORS_SQL = `(select json_group_array(json_object('id', f.id, 'type', f.type, 'status', f.status, 'friendlyName', f.friendly_name,
    'phone', f.phone, 'aaguid', f.aaguid, 'lastChallengedAt', f.last_challenged_at, 'createdAt', f.created_at, 'updatedAt', f.updated_at))
   from auth_factors f where f.user_id = u.id)`

/** Oldest first. */
export function readFactors(json: unknown): Factor[] {
  const factors = JSON.parse(typeof json === 'string' ? json : '[]') as Factor[]
  return factors.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

export function hasSecondFactor({ factors }: { readonly factors: readonly Factor[] }): boolean {
  return factors.some(({ status }) => status === 'verified')
}

/** Of who changes what they sign in with: a person with a second factor shows it first (pitfall P20). */
export function needsSecondFactor(): AppError {
  return new AppError(
    { ...authErrors.insufficient_aal, status: 401 },
    { message: 'AAL2 session is required to update email or password when MFA is enabled.' },
  )
}

/** Somebody else's factor, or none: a stranger can't tell which. */
export function factorNotFound(): AppError {
  return new AppError({ ...authErrors.mfa_factor_not_found, status: 404 }, { message: 'Factor not found' })
}

/** As it stands in `user.factors`. */
export function showFactor(factor: Factor): Record<string, unknown> {
  return {
    id: factor.id,
    created_at: new Date(factor.createdAt).toISOString(),
    updated_at: new Date(factor.updatedAt).toISOString(),
    status: factor.status,
    ...(factor.friendlyName === '' ? {} : { friendly_name: factor.friendlyName }),
    factor_type: factor.type,
    phone: factor.phone ?? '',
    last_challenged_at: factor.lastChallengedAt === null ? null : new Date(factor.lastChallengedAt).toISOString(),
    ...(factor.aaguid === null ? {} : { web_authn_aaguid: factor.aaguid }),
  }
}
