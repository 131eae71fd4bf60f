// The tables of a harbour: what ships are like, where they berth, who sails them. One of each thing that a client's method asks about.
import { index, integer, numeric, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const ships = sqliteTable('ships', {
  name: text('name').primaryKey(),
  status: text('status', { enum: ['AT_SEA', 'IN_PORT'] }).default('AT_SEA'),
  log: text('log', { mode: 'json' }),
  /** Depths that the ship needs, in metres. */
  draught: text('draught'),
  motto: text('motto'),
  flags: text('flags', { mode: 'json' }).$type<readonly string[]>(),
})

export const berths = sqliteTable('berths', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  slug: text('slug'),
  place: text('place', { mode: 'json' }),
  /** A berth may be a part of another. */
  partOf: integer('part_of').references((): never => berths.id as never),
})

/** At most one to a berth. */
export const berthDetails = sqliteTable('berth_details', {
  id: integer('id')
    .primaryKey()
    .references(() => berths.id),
  details: text('details'),
})

export const calls = sqliteTable(
  'calls',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    remark: text('remark'),
    ship: text('ship')
      .notNull()
      .references(() => ships.name),
    berthId: integer('berth_id')
      .notNull()
      .references(() => berths.id),
    fee: numeric('fee'),
    hours: real('hours'),
    arrivedAt: integer('arrived_at', { mode: 'timestamp_ms' }),
  },
  (t) => [index('calls_ship').on(t.ship), index('calls_berth').on(t.berthId)],
)

/** Two ways to the same table. */
export const convoys = sqliteTable(
  'convoys',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    leader: text('leader')
      .notNull()
      .references(() => ships.name),
    follower: text('follower')
      .notNull()
      .references(() => ships.name),
  },
  (t) => [index('convoys_leader').on(t.leader), index('convoys_follower').on(t.follower)],
)

export const goods = sqliteTable('goods', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  price: numeric('price').notNull(),
})

export const cargoes = sqliteTable(
  'cargoes',
  {
    ship: text('ship')
      .notNull()
      .references(() => ships.name, { onDelete: 'cascade' }),
    goodId: integer('good_id')
      .notNull()
      .references(() => goods.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.ship, t.goodId] }), index('cargoes_good').on(t.goodId)],
)

/** What clients find as `ships` in the schema `navy`. */
export const navyShips = sqliteTable('navy_ships', { name: text('name').primaryKey(), status: text('status') })
