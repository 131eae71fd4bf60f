// The door of the room: the question's shape, its compiler, and the reading of single values.
export { parseArrayLiteral, parseFlatArrayLiteral } from './array-literal'
export { compile, compileQuestion, ofOperation, type Question } from './compile'
export type { CompiledQuery, CompiledStatement, Execution, SqlValue } from './compiled'
export { queryErrors, undefinedColumn, undefinedOperator } from './errors'
export type {
  AggregateFunction,
  Cancel,
  Cast,
  Comparison,
  Condition,
  Delete,
  Embed,
  Enqueue,
  Expectation,
  Input,
  Insert,
  JsonStep,
  Operation,
  OrderTerm,
  PayloadReference,
  Precondition,
  Query,
  Read,
  Reference,
  Returning,
  RowSource,
  SelectItem,
  Shape,
  StoredValue,
  TableOperation,
  Target,
  Update,
} from './query'
export { DELAY_LIMIT_MS, GRACE_MS, lookAtOf } from './enqueue'
export { findsOneRow } from './page'
export { reindexAll, type Reindex } from './reindex'
export { MAX_EMBED_DEPTH } from './select'
export { presentRightsStatement, sessionStatement, tokenRoles } from './session'
export { admits } from './fold'
export { tablesOf } from './tables'
export { encodeValue } from './value'
export { isReference, sourcesOf } from './reference'
export { refuseView, writeErrors } from './write-errors'
export { IDEMPOTENCY_MS } from './write-keep'
export {
  foreignKeyCandidates,
  foreignKeyQuestion,
  policyQuestion,
  takenKeyQuestion,
  type Candidate as ForeignKeyCandidate,
} from './write-probe'
