// What the three mobile SDKs ask of sign-in and how strictly they read the answers, from their sources. A member that is null is not in that SDK.
import type { Shape } from '../decode'
import { flutter } from './flutter'
import { kotlin } from './kotlin'
import { swift } from './swift'

/** A request as the SDK builds it; `body` absent: it sends none. */
export interface Asked {
  readonly method: string
  /** Below /auth/v1. */
  readonly path: string
  readonly body?: unknown
}

export interface Pkce {
  readonly challenge: string
}

export interface Sdk {
  readonly name: string
  /** Of every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether it puts the API key into Authorization while nobody is signed in. */
  readonly keyAsBearer: boolean

  // What its decoders take.
  readonly session: Shape
  readonly user: Shape
  readonly factor: Shape
  readonly enrolledTotp: Shape
  readonly enrolledPhone: Shape
  readonly challenge: Shape
  readonly error: Shape
  /** The member of an error that names it. */
  readonly code: string

  // Ways in.
  signUp(email: string, password: string, options?: { data?: object; redirectTo?: string; pkce?: Pkce }): Asked
  signUpWithPhone(phone: string, password: string): Asked
  signUpAnonymously(): Asked
  signIn(by: { email: string } | { phone: string }, password: string): Asked
  otp(email: string, options?: { redirectTo?: string; pkce?: Pkce; createUser?: boolean }): Asked
  otpByPhone(phone: string): Asked
  verify(type: string, email: string, token: string): Asked
  verifyPhone(type: string, phone: string, token: string): Asked
  verifyHash(type: string, hash: string): Asked
  recover(email: string, pkce?: Pkce): Asked
  resend(type: string, email: string): Asked
  resendToPhone(type: string, phone: string): Asked
  idToken(token: string, provider: string, nonce: string): Asked
  authorize(provider: string, redirectTo: string | null, challenge: string): string
  exchange(code: string, verifier: string): Asked
  refresh(token: string): Asked

  // Account.
  update(changes: object): Asked
  readonly reauthenticate: Asked
  link(provider: string, redirectTo: string, challenge: string): Asked
  unlink(identityId: string): Asked
  signOut(scope: string): Asked

  // Second factors and passkeys.
  enrollTotp(name: string): Asked
  enrollPhone(name: string, phone: string): Asked
  challengeFactor(id: string): Asked
  verifyFactor(id: string, challengeId: string, code: string): Asked
  unenroll(id: string): Asked
  readonly recoveryCodes: { readonly generate: Asked; readonly status: Asked; verify(code: string): Asked; readonly remove: Asked } | null
  readonly passkeys: {
    readonly registration: Asked
    readonly authentication: Asked
    readonly list: Asked
    rename(id: string, name: string): Asked
    remove(id: string): Asked
  } | null

  // Administration.
  createUser(attributes: object): Asked
  users(page: number, perPage: number): Asked
  userById(id: string): Asked
  updateUser(id: string, attributes: object): Asked
  deleteUser(id: string): Asked
  invite(email: string): Asked
  generateLink(type: string, email: string): Asked
}

export const SDKS: readonly Sdk[] = [swift, kotlin, flutter]
