export { addCall, newCost, type Cost } from './cost'
export { log, type LogLevel } from './log'
