// What a developer exports from `app/index.ts`: the whole declaration of their backend, as one value.
import type { AuthRules } from './auth-rules'
import type { ConsumerDeclaration } from './consumer'
import type { SQLiteTableLike } from './drizzle'
import type { FunctionDeclaration } from './function'
import type { JobDeclaration } from './job'
import type { TableDeclaration } from './table'
import type { ViewDeclaration } from './view'

/** Who may: `service` is the holder of the secret key. */
export type Audience = 'anyone' | 'service' | 'off'

export interface RestRules {
  /** Who reads the description at `/rest/v1/` (Swagger 2.0); the service when absent. `/openapi.json` is for everyone. */
  readonly openapi?: Audience
  /** Who asks how a query would run (`Accept: application/vnd.pgrst.plan`); when absent anyone in development, nobody in production. */
  readonly plans?: Audience
  /** Honour `Prefer: tx=rollback` in production too: a write is answered and undone. In development it always is. */
  readonly allowRollback?: boolean
}

export interface AppDefinition {
  /** Shown on the start page, in docs and mails. */
  readonly name: string
  readonly description?: string
  readonly tables: readonly TableDeclaration[]
  /** What is read as a table and written as none; the migrations make them. */
  readonly views?: readonly ViewDeclaration[]
  /** Tables that policies and the app's own code use but no protocol serves. */
  readonly internal?: readonly SQLiteTableLike[]
  /** What clients call at `/rest/v1/rpc/{name}`. */
  readonly functions?: readonly FunctionDeclaration[]
  /** What happens later, and what the clock begins. */
  readonly jobs?: readonly JobDeclaration[]
  /** What the app does about changes after they were committed: `onChange`. */
  readonly consumers?: readonly ConsumerDeclaration[]
  readonly auth?: AuthRules
  readonly rest?: RestRules
}

/** Checks nothing yet: `buildModel` does, and says what to do. */
export function app(definition: AppDefinition): AppDefinition {
  return definition
}
