// What every handler finds in Hono's context.
import type { Context } from 'hono'
import type { Principal } from '../core'
import type { AppDefinition, Model } from '../define'
import type { Cost } from '../observability'
import type { Env, Location, Reading, Stores } from '../platform'

export interface Variables {
  readonly app: AppDefinition
  readonly model: Model
  /** Databases of this request, metered into `cost`. */
  readonly stores: Stores
  readonly cost: Cost
  /** What this isolate remembers, and the location's cache. */
  readonly location: Location
  /** Where reads begin, for `execute`. */
  readonly reading: Reading
  /** UUIDv7; in the answer's `x-request-id`, in the log and in audited changes. */
  readonly requestId: string
  /** Set by `authenticate`; routes outside its reach see the anonymous principal. */
  principal: Principal
}

export type AppEnv = { Bindings: Env; Variables: Variables }
export type AppContext = Context<AppEnv>
