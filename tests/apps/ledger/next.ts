// The ledger a version later: a column more, one less, one computed by default, one with another name.
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, app, table } from '../../../src/define'
import { stewards, tables } from './index'

const categories = sqliteTable('categories', {
  id: text('id').primaryKey(),
  above: text('above').references((): never => categories.id as never, { onDelete: 'set null' }),
  made: integer('made').default(sql`(unixepoch())`),
  colour: text('colour').notNull().default('it\'s "green"; END;'),
})

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export default app({ name: 'Ledger', tables: Object.values({ ...tables, categories: table(categories, open) }), internal: [stewards] })
