// The door of the room: who follows the change log, and what is done about each change, once.
export { consumerRows, failureRows, replayFailures, skipFailing, type ConsumerRow, type FailureRow } from './administration'
export { ChangeFailed, type Consumer, type ConsumerInterruption, type ConsumerPage, type Tools, type Wants, type Work } from './consumer'
export { changeErrors } from './errors'
export { createChanges, type Changes } from './service'
export { changeId } from './row-change'
export { planWakes, readWaiters, type Plan, type Waiter, type Woken } from './wake'
