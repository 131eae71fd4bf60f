// The family of phone numbers: signing up and in with a code by text message, and changing the number.
import type { AuthenticationContext, Caller, PersonAnswer, SessionAnswer } from './authentication'
import type { Outcome } from './services'

export type PhoneChannel = 'sms' | 'whatsapp'

export interface PhoneSignUpInput {
  /** E.164 without the plus, as everywhere here. */
  readonly phone: string
  readonly password: string
  readonly data: Readonly<Record<string, unknown>>
  readonly channel: PhoneChannel
}

export interface PhoneCodeInput {
  readonly phone: string
  readonly data: Readonly<Record<string, unknown>>
  /** Whether who isn't known becomes a person. */
  readonly createUser: boolean
  readonly channel: PhoneChannel
}

/** Of what a code is asked for again, or given: a number that is to be proved, or one that is to become somebody's. */
export type PhoneProof = 'sms' | 'phone_change'

export interface PhoneOperations {
  /** Answers the same user whether the number was new, waits or is somebody's. */
  signUpByPhone(context: AuthenticationContext, input: PhoneSignUpInput): Promise<Outcome<PersonAnswer>>
  signInWithPhone(context: AuthenticationContext, phone: string, password: string): Promise<Outcome<SessionAnswer>>
  /** Answers the id of the message, also where none was sent. */
  sendPhoneCode(context: AuthenticationContext, input: PhoneCodeInput): Promise<Outcome<string>>
  resendPhoneCode(context: AuthenticationContext, type: PhoneProof, phone: string): Promise<Outcome<string>>
  /** `known`: whether somebody with that number signed in on the device before. */
  verifyPhone(
    context: AuthenticationContext,
    type: PhoneProof,
    phone: string,
    code: string,
    known: boolean,
  ): Promise<Outcome<SessionAnswer>>
  /** Asks the new number for a code; answers the person with `new_phone`. */
  changePhone(context: AuthenticationContext, caller: Caller, phone: string, channel: PhoneChannel): Promise<Outcome<PersonAnswer>>
  /** A code that shows that whoever holds the session holds the person's phone; answers the id of the message. */
  reauthenticateByPhone(context: AuthenticationContext, caller: Caller): Promise<Outcome<string>>
}
