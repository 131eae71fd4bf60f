// The door of the room: running queries, and following what they changed.
export { MAX_PAGE, pruneChanges, readChanges, renewEpoch, RETENTION_MS, RETENTION_ROWS, type Change, type ChangePage } from './changes'
export { dataErrors } from './errors'
export { checkSession, execute, type ExecuteRequest, type Page, type Result } from './execute'
export { IDEMPOTENCY_MS } from '../query'
export { reindex } from './reindex'
export { readShapes, recordShape, type QueryShape } from './shapes'
export { sweep, type Swept } from './sweep'
export { planQuery, type PlanStep, type StatementPlan } from './query-plan'
