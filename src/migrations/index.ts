// From a declared app to a database and back: DDL, the difference between two schemas, and whether a database is the one implied.
export { migrationFile } from './ddl'
export { expectedSchema, engineSchema, SchemaError } from './expected'
export { findTable, TRIGGER_PREFIX, type DatabaseSchema, type TableSchema } from './schema'
export { createAll } from './plan'
