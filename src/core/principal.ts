// Who asks. Made once a request by middleware/authenticate.ts, never by a dialect.

export type Role = 'anon' | 'authenticated' | 'service_role'

/** The caller as policies see them. */
export interface Principal {
  readonly role: Role
  /** The person's id; `null` for anyone who isn't signed in, and for the service. */
  readonly uid: string | null
  /** The session the token belongs to; every statement made for a person asks that it still lives. */
  readonly sessionId: string | null
  /** The token's verified payload, `{}` without one. */
  readonly claims: Readonly<Record<string, unknown>>
  /** How strongly the session was authenticated. */
  readonly aal: 'aal1' | 'aal2'
  /** Whether the device proved that it runs the genuine app. */
  readonly attested: boolean
}

/** Somebody with an API key and no token. */
export const ANONYMOUS: Principal = { role: 'anon', uid: null, sessionId: null, claims: {}, aal: 'aal1', attested: false }

/** The holder of the secret key: policies don't apply, constraints do. */
export const SERVICE: Principal = { ...ANONYMOUS, role: 'service_role' }
