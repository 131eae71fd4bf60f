// The door of the room, and what `import … from 'perigee'` gives an app.
export { adviseApp } from './advice'
export { app, type AppDefinition, type Audience, type RestRules } from './app'
export {
  HOOK_SECONDS,
  type AccessTokenInput,
  type AfterUserCreatedArgument,
  type AfterUserCreatedInput,
  type AfterUserDeletedInput,
  type AuthHooks,
  type BeforeUserCreatedInput,
  type HookAnswer,
  type HookArgument,
  type HookDecision,
  type HookMetadata,
  type HookRefusal,
  type HookUser,
  type MfaVerificationInput,
  type PasswordVerificationInput,
  type SendEmailInput,
  type SendHookAnswer,
  type SendHookArgument,
  type SendSmsInput,
  type TokenClaims,
  type WaitedHook,
} from './auth-hooks'
export type { AuthRules, CaptchaRules, CharacterSet, FactorRules, PasswordRules, PhoneRules, SessionRules } from './auth-rules'
export {
  apple,
  github,
  google,
  openid,
  plainName,
  settingName,
  type AppleRules,
  type CustomRules,
  type GithubRules,
  type OpenIdRules,
  type ProviderDeclaration,
  type ProviderRules,
} from './auth-providers'
export { buildModel, checkApp, ModelError } from './build'
export {
  onChange,
  type ChangeArgument,
  type ChangeOp,
  type ChangeRules,
  type ConsumerDatabase,
  type ConsumerDeclaration,
  type Interruption,
  type RowChange,
} from './consumer'
export { DEFAULT_ATTEMPTS } from './consumer-model'
export { describeExpression, describeValue } from './describe'
export { COMPUTED_TYPES, type ComputedRule, type ComputedType } from './computed'
export { getTableName, type SQLiteTableLike, type SQLiteViewLike } from './drizzle'
export type { Auth, CallName, CompareOperator, Expression, Literal, Operand, OperandNode, PolicyArgument } from './expression'
export {
  fn,
  isConflict,
  nothing,
  one,
  raise,
  setOf,
  value,
  type FunctionArgument,
  type FunctionCaller,
  type FunctionDeclaration,
  type FunctionRules,
  type Raised,
  type Returns,
} from './function'
export type {
  BatchBuilder,
  ChangeOptions,
  Clause,
  Conflict,
  Database,
  Given,
  GivenRow,
  InsertOptions,
  Place,
  QueryOptions,
  ReadDatabase,
  Rows,
  RowsOptions,
  Step,
  StepReference,
  Versioned,
  Where,
  WhereArgument,
  Wire,
  WireRow,
} from './function-database'
export {
  job,
  type Backoff,
  type CronRule,
  type Enqueued,
  type EnqueueOptions,
  type Finish,
  type JobArgument,
  type JobDeclaration,
  type JobRules,
  type RetryDecision,
  type WithReferences,
} from './job'
export { escapeHtml, html, isHtml, trustedHtml, type Html } from './html'
export type {
  Channel,
  MailKind,
  MailTemplate,
  MailWords,
  MessageKind,
  MessageRules,
  MessageTemplates,
  MessageVariables,
  SmsKind,
  SmsTemplate,
  TemplateArgument,
  WrittenMail,
} from './messages'
export { POSITION_COLUMN, unwrap } from './function-model'
export type { AndroidApp, PasskeyRules } from './passkey-rules'
export {
  DEFAULT_MAX_ROWS,
  DEFAULT_SCHEMA,
  knownColumn,
  MAX_EXISTS_DEPTH,
  UPDATED_AT_COLUMN,
  VERSION_COLUMN,
  type ColumnDefault,
  type ColumnModel,
  type ColumnType,
  type ConsumerModel,
  type ForeignKey,
  type FunctionModel,
  type FunctionResult,
  type Index,
  type JobModel,
  type Model,
  type Problem,
  type Relationship,
  type TableModel,
  type Unique,
  type RangeKind,
} from './model'
export { searchIndexName, SEARCH_LANGUAGES, searchTermsName, type Searchable, type SearchLanguage, type SearchModel } from './searchable'
export { ROLE_NAME } from './role-problems'
export type { Relation, Relations } from './relation'
export {
  anyone,
  nobody,
  owner,
  signedIn,
  table,
  type ColumnRule,
  type Policy,
  type TableDeclaration,
  type TableRules,
  type UpdatePolicy,
} from './table'
export { classOf, isWhole, operandClass, type TypeOf, type ValueClass } from './value-class'
export { view, type ViewDeclaration, type ViewRules } from './view'
export { isTimed, tablesRead, walkExpression, walkOperand } from './walk'
