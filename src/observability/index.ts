export { addCall, newCost, type Cost } from './cost'
export { log, type LogLevel } from './log'
export { readTrace, recordTrace, type Trace } from './trace'
export { reasonOf } from './reason'
