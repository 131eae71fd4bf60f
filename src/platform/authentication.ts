// What sign-in can be asked, wherever it runs: plain data in, plain data out. A family of questions is an interface of its own.
import type { AdministrationOperations } from './authentication-administration'
import type { DeviceOperations } from './authentication-devices'
import type { PasskeyOperations } from './authentication-passkeys'
import type { MailOperations } from './authentication-mail'
import type { PhoneOperations } from './authentication-phone'
import type { InstallationOperations } from './authentication-installation'
import type { ProviderOperations } from './authentication-providers'
import type { FactorOperations } from './authentication-factors'
import type { Outcome } from './services'

/** A user as GoTrue shows it (shared protocol notes: gotrue §2). */
export type PersonAnswer = Readonly<Record<string, unknown>> & { readonly id: string }

/** A session as GoTrue shows it. */
export interface SessionAnswer {
  readonly access_token: string
  readonly token_type: 'bearer'
  /** Seconds. */
  readonly expires_in: number
  /** UTC seconds. */
  readonly expires_at: number
  readonly refresh_token: string
  readonly user: PersonAnswer
  /** Of a sign-in with a password that the rules of today would refuse. */
  readonly weak_password?: WeakPasswordAnswer
}

/** Why a password is too weak, as GoTrue says it. */
export interface WeakPasswordAnswer {
  readonly message: string
  readonly reasons: readonly ('length' | 'characters' | 'pwned')[]
}

/** A session after a refresh, and why a token that had been used already was answered, if it was. */
export interface RefreshAnswer {
  readonly session: SessionAnswer
  /** `fail-to-save`: the phone lost an answer; `concurrent-refresh`: several of its processes came at once. */
  readonly reuse: 'fail-to-save' | 'concurrent-refresh' | null
}

/** The rules in force for one call: the app's, under the operator's. */
export interface EffectiveAuthRules {
  readonly disableSignup: boolean
  readonly anonymousUsers: boolean
  /** Characters. */
  readonly minPasswordLength: number
  /** Seconds. */
  readonly tokenLifetime: number
  readonly confirmEmail: boolean
  /** Digits of a code. */
  readonly codeLength: number
  /** How long a mail's code and link live, seconds. */
  readonly emailSeconds: number
  /** Whether phone numbers are a way in. */
  readonly phone: boolean
  /** How long a text message's code lives, seconds. */
  readonly smsSeconds: number
  readonly secureEmailChange: boolean
  readonly reauthenticate: boolean
  readonly requireCurrentPassword: boolean
}

/** What a phone says of itself. None of it proves anything. */
export interface Device {
  /** An id that the app gives its installation. */
  readonly id: string | null
  readonly model: string | null
  /** `ios`, `android`, `macos`, `windows`, `linux`, `web`, or what the app calls it. */
  readonly platform: string | null
  readonly appVersion: string | null
  readonly appBuild: string | null
}

/** Where Cloudflare saw the request: ISO 3166-1 country and city. */
export interface Place {
  readonly country: string | null
  readonly city: string | null
}

/** What the service must know of the request, and can't see from where it stands. */
export interface AuthenticationContext {
  /** `iss` of the tokens that it makes. */
  readonly issuer: string
  readonly rules: EffectiveAuthRules
  /** The address that Cloudflare saw. */
  readonly address: string | null
  readonly userAgent: string | null
  /** `Accept-Language`, for mails to people whose own language isn't known. */
  readonly acceptLanguage: string | null
  readonly device: Device
  readonly place: Place
  /** Of the request, for the audit log. */
  readonly requestId: string
  /** Where a link or a sign-in at a provider ends that this request begins: allowed, or the site. */
  readonly redirectTo: string
  readonly siteUrl: string
}

/** Who a verified token says is calling. */
export interface Caller {
  readonly userId: string
  readonly sessionId: string
  /** As their token says. One of before the session's second factor stays weak, whoever holds it; without it the session alone decides. */
  readonly aal?: 'aal1' | 'aal2'
}

export interface SignUpInput {
  /** Without it, the person is anonymous. */
  readonly credentials: { readonly email: string; readonly password: string } | null
  readonly data: Readonly<Record<string, unknown>>
}

export interface PersonChanges {
  readonly email?: string
  /** A number that is asked for beside: it changes nothing here, but lets an anonymous person take a password. */
  readonly phone?: string
  readonly password?: string
  /** Merged into `user_metadata` key by key; null removes a key. */
  readonly data?: Readonly<Record<string, unknown>>
  /** An address that is asked for besides, and waits to be confirmed: an anonymous person may take a password with it. */
  readonly newEmail?: string
  /** Out of a mail or a message, where a new password takes one. */
  readonly nonce?: string
  readonly currentPassword?: string
}

export type SignOutScope = 'global' | 'local' | 'others'

/** Sessions and the person behind them. */
export interface SessionOperations {
  health(): Promise<Outcome<{ readonly version: string; readonly name: string; readonly description: string }>>
  /** The public keys that tokens may be signed with, as a JWK set (RFC 7517). */
  publicKeys(): Promise<Outcome<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>>
  signUp(context: AuthenticationContext, input: SignUpInput): Promise<Outcome<SessionAnswer>>
  signInWithPassword(context: AuthenticationContext, email: string, password: string): Promise<Outcome<SessionAnswer>>
  refresh(context: AuthenticationContext, refreshToken: string): Promise<Outcome<RefreshAnswer>>
  person(caller: Caller): Promise<Outcome<PersonAnswer>>
  updatePerson(context: AuthenticationContext, caller: Caller, changes: PersonChanges): Promise<Outcome<PersonAnswer>>
  signOut(context: AuthenticationContext, caller: Caller, scope: SignOutScope): Promise<Outcome<null>>
}

/** Sign-in. Verifying a token isn't here: that happens where the request arrives, without asking anybody. */
export interface AuthenticationService
  extends
    SessionOperations,
    DeviceOperations,
    FactorOperations,
    PasskeyOperations,
    ProviderOperations,
    PhoneOperations,
    InstallationOperations,
    AdministrationOperations,
    MailOperations {}
