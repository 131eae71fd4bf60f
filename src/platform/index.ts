export {
  isLive,
  laterMark,
  newLocation,
  proveLive,
  readCarried,
  RECENT_MS,
  writeCarried,
  type Carried,
  type Location,
  type Reading,
  type Written,
} from './bookmarks'
export { parseConfig, runtimeConfig, type RuntimeConfig, type RuntimeRate } from './config'
export { readFault, type DatabaseFault } from './d1-errors'
export { metered, run, type DatabaseCall, type DatabaseObserver, type SqlValue, type Statement } from './database'
export { isDevelopment, settingOf, type Env } from './env'
export { asUnavailable, platformErrors } from './errors'
export { isOurHost, publicOrigin } from './hosts'
export { deriveApiKeys, deriveKeys, keysOf, knownKeys, type ApiKeys, type Keys } from './keys'
export type {
  AdministrationOperations,
  AuditAnswer,
  AuditAsked,
  GeneratedLink,
  LinkAsked,
  PageAsked,
  PeopleAsked,
  PersonGiven,
  PersonMade,
  RolesChange,
} from './authentication-administration'
export type {
  AuthenticationContext,
  AuthenticationService,
  Caller,
  Device,
  EffectiveAuthRules,
  PersonAnswer,
  PersonChanges,
  Place,
  RefreshAnswer,
  SessionAnswer,
  SessionOperations,
  SignOutScope,
  SignUpInput,
  WeakPasswordAnswer,
} from './authentication'
export type { DeviceAnswer, DeviceOperations } from './authentication-devices'
export type {
  IdTokenInput,
  OAuthEnd,
  OAuthRequest,
  OAuthReturn,
  ProviderOperations,
  ProviderSessionAnswer,
} from './authentication-providers'
export type {
  ChallengeFactorInput,
  EnrollFactorInput,
  FactorAnswer,
  FactorChange,
  FactorOperations,
  VerifyFactorInput,
} from './authentication-factors'
export type { AssertionAnswer, AttestationAnswer, PasskeyAnswer, PasskeyChallenge, PasskeyOperations } from './authentication-passkeys'
export type { MailAnswer, MailChallenge, MailInput, MailOperations, MailProof, MailToken, OtpInput } from './authentication-mail'
export type { PhoneChannel, PhoneCodeInput, PhoneOperations, PhoneProof, PhoneSignUpInput } from './authentication-phone'
export type { ImportAnswer, ImportedPerson, InstallationOperations, SigningKeyAnswer } from './authentication-installation'
export { authenticationService, settle, type Outcome } from './services'
export { openOutbox, sendMessages, wakeAlarm, type JobMessage, type Outbox, type QueueMessage } from './outbox'
export { openStores, type SessionStart, type Store, type Stores, type StoreSession } from './stores'
