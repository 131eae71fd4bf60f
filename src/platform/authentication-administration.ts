// What the holder of the secret key asks of sign-in: plain data in, plain data out. Who calls was checked where the request arrived.
import type { AuthenticationContext, Caller, PersonAnswer } from './authentication'
import type { Outcome } from './services'

/** A page, from 1 on. */
export interface PageAsked {
  readonly page: number
  readonly perPage: number
}

export interface PeopleAsked extends PageAsked {
  /** Stands in the address, the number, the id or the name, whatever the case of its letters; '' finds all. */
  readonly filter: string
  /** By when they were made; the newest first unless true. */
  readonly oldestFirst: boolean
}

/** What an administrator gives a new person or changes about one; what is undefined stays as it is. */
export interface PersonGiven {
  readonly email?: string | undefined
  /** E.164 without the plus. */
  readonly phone?: string | undefined
  readonly password?: string | undefined
  readonly emailConfirm: boolean
  readonly phoneConfirm: boolean
  /** Merged key by key; null removes a key. */
  readonly userMetadata?: Readonly<Record<string, unknown>> | undefined
  /** The same; `roles` are ones that the app declares. */
  readonly appMetadata?: Readonly<Record<string, unknown>> | undefined
  /** A Go duration, or `none`. */
  readonly banDuration?: string | undefined
}

export interface PersonMade extends PersonGiven {
  readonly id?: string | undefined
  /** Of another system, instead of a password. */
  readonly passwordHash?: string | undefined
}

export interface RolesChange {
  readonly grant: readonly string[]
  readonly remove: readonly string[]
}

export interface AuditAsked extends PageAsked {
  /** `author` is the actor's address or number, `type` GoTrue's kind of action; null finds all. */
  readonly scope: 'author' | 'action' | 'type' | 'user' | null
  readonly text: string
}

/** An entry as GoTrue shows it. */
export interface AuditAnswer {
  readonly id: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly created_at: string
  readonly ip_address: string
}

export type LinkType = 'signup' | 'magiclink' | 'recovery' | 'invite' | 'email_change_current' | 'email_change_new'

export interface LinkAsked {
  readonly type: LinkType
  /** As it is kept. */
  readonly email: string
  readonly newEmail?: string | undefined
  readonly password?: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** The person, and beside them the link, as GoTrue answers both in one object. */
export type GeneratedLink = PersonAnswer & {
  readonly action_link: string
  readonly email_otp: string
  readonly hashed_token: string
  readonly verification_type: LinkType
  readonly redirect_to: string
}

/** Errors of all that name a person: `user_unknown` (404). */
export interface AdministrationOperations {
  people(asked: PeopleAsked): Promise<Outcome<{ readonly users: readonly PersonAnswer[]; readonly total: number }>>
  personById(userId: string): Promise<Outcome<PersonAnswer>>
  /** Errors: `email_exists`, `phone_exists`, `user_already_exists`, `validation_failed`. */
  createPerson(context: AuthenticationContext, given: PersonMade): Promise<Outcome<PersonAnswer>>
  /** A new password ends all sessions. Errors: `email_exists`, `phone_exists`, `weak_password`, `validation_failed`. */
  changePerson(context: AuthenticationContext, userId: string, given: PersonGiven): Promise<Outcome<PersonAnswer>>
  /** `soft` keeps the row, emptied. */
  deletePerson(context: AuthenticationContext, userId: string, soft: boolean): Promise<Outcome<null>>
  endSessions(context: AuthenticationContext, userId: string): Promise<Outcome<null>>
  roles(userId: string): Promise<Outcome<readonly string[]>>
  /** The roles that the person has then. Errors: `validation_failed` for one that the app doesn't declare. */
  changeRoles(context: AuthenticationContext, userId: string, change: RolesChange): Promise<Outcome<readonly string[]>>
  /** Nobody is sent anything. Errors: `user_not_found` (404), `email_exists` (422), `weak_password`, `validation_failed`. */
  generateLink(context: AuthenticationContext, asked: LinkAsked): Promise<Outcome<GeneratedLink>>
  /** By mail; again as long as they haven't come. Errors: `email_exists` (422), `email_transport_missing`. */
  invite(context: AuthenticationContext, email: string, data: Readonly<Record<string, unknown>>): Promise<Outcome<PersonAnswer>>
  auditLog(asked: AuditAsked): Promise<Outcome<{ readonly entries: readonly AuditAnswer[]; readonly total: number }>>
  /** A person deletes their own account; `nonce` in the place of a new sign-in. Errors: `session_not_found`, `reauthentication_needed`, `reauthentication_not_valid`, `insufficient_aal`. */
  deleteOwn(context: AuthenticationContext, caller: Caller, nonce: string | undefined): Promise<Outcome<null>>
  /** All that sign-in holds of the person who asks. Errors: `session_not_found`. */
  exportOwn(context: AuthenticationContext, caller: Caller): Promise<Outcome<Readonly<Record<string, unknown>>>>
}
