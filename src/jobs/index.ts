// The door of the room: work that happens later.
export { consume, type ConsumeContext } from './consume'
export { jobErrors } from './errors'
export { sendDue } from './due'
