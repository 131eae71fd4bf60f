// From a declared app to a database and back: DDL, the difference between two schemas, and whether a database is the one implied.
export { migrationFile } from './ddl'
export { engineSchema, expectedSchema, SchemaError } from './expected'
export { planMigration, type Intents, type Plan } from './plan'
export { parseRename, type Rename } from './rename'
export { findTable, type DatabaseSchema, type TableSchema, type ViewSchema } from './schema'
export { LOGGED_ROW_BYTES } from './triggers'
export { SCHEMA_QUERY, verifySchema, type Difference, type SchemaRow } from './verify'
