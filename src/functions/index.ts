// The door of the room: calling the app's functions.
export { callFunction, type FunctionCall } from './call'
export { collectWrites, databaseOf, type Handle, type WrittenOperation } from './database'
export { readPayload } from './enqueue'
export { functionErrors } from './errors'
export type { Given } from './result'
export { parseRows } from './json'
