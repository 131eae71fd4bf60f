// What sign-in can be asked about a person's devices, and about who is at one: plain data in, plain data out.
import type { AuthenticationContext, Caller } from './authentication'
import type { Outcome } from './services'

/** A session as its own person sees it. Never holds a token or an address. Times are RFC 3339. */
export interface DeviceAnswer {
  readonly id: string
  /** Whether it is the session that asks. */
  readonly current: boolean
  readonly aal: 'aal1' | 'aal2'
  readonly device: {
    readonly id: string | null
    readonly model: string | null
    readonly platform: string | null
    readonly app_version: string | null
    readonly app_build: string | null
  }
  readonly place: { readonly country: string | null; readonly city: string | null }
  readonly user_agent: string | null
  readonly created_at: string
  /** The last refresh; of the session that asks, now. */
  readonly last_used_at: string
  readonly expires_at: string | null
}

export interface DeviceOperations {
  /** The person's live sessions, the one used last first, 100 at most. Errors: `session_not_found`. */
  sessions(caller: Caller): Promise<Outcome<readonly DeviceAnswer[]>>
  /** Ends one of the person's sessions. Errors: `session_not_found` when the caller's has ended, `device_not_found`. */
  endSession(context: AuthenticationContext, caller: Caller, sessionId: string): Promise<Outcome<null>>
  /** Whether somebody signed in to the account, an e-mail address or phone number, from the same subscriber's address in the last 90 days. */
  knowsAddress(account: string, address: string): Promise<Outcome<boolean>>
  /** Asks the provider about a captcha's token; null: the app asks for none. Errors: `captcha_failed`, `captcha_unavailable`. */
  proveHuman(context: AuthenticationContext, token: string): Promise<Outcome<null>>
}
