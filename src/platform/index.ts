export { metered, run, type DatabaseCall, type DatabaseObserver, type SqlValue, type Statement } from './database'
export { isDevelopment, type Env } from './env'
export { openStores, type Store, type Stores } from './stores'
