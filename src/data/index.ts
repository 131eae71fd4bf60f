// The door of the room: running queries, and following what they changed.
export {
  MAX_PAGE,
  pruneChanges,
  readChanges,
  renewEpoch,
  RETENTION_MS,
  RETENTION_ROWS,
  toChange,
  type Change,
  type ChangePage,
  type LogRow,
} from './changes'
export { dataErrors, notSingle } from './errors'
export { checkSession, execute, type ExecuteRequest, type Page, type Result } from './execute'
export { IDEMPOTENCY_MS } from '../query'
export { changesBetween, readExtent, seqAt, type LogExtent } from './replay'
export { reindex } from './reindex'
export { MAX_PAYLOAD, MAX_ROW_PAYLOAD, PAYLOAD_PREFIX } from './outbox'
export { readShapes, recordShape, type QueryShape } from './shapes'
export { sweep, type Swept } from './sweep'
export { planQuery, type PlanStep, type StatementPlan } from './query-plan'
