export { equalConstantTime, fromBase64Url, toBase64Url, toHex, utf8 } from './encoding'
export { AppError, defineErrors, type ErrorDefinition, type ErrorOccurrence } from './errors'
export { isUuid, uuidv7 } from './id'
export { ANONYMOUS, SERVICE, type Principal, type Role } from './principal'
