// A harbour that is open to all: for driving client libraries method by method, where policies would only stand in the way.
import { anyone, app, table } from '../../../src/define'
import { layUp, ring, shipsLike, statusOf, tally } from './functions'
import { berthDetails, berths, calls, cargoes, convoys, goods, navyShips, ships } from './tables'

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export default app({
  name: 'Harbour',
  description: 'Ships, berths, and who called where.',
  functions: [statusOf, shipsLike, tally, layUp, ring],
  tables: [
    table(ships, { ...open, searchable: ['motto'], columns: { draught: { format: 'int4range' } } }),
    table(berths, open),
    table(berthDetails, open),
    table(calls, open),
    table(convoys, open),
    table(goods, open),
    table(cargoes, open),
    table(navyShips, { ...open, exposed: { schema: 'navy', name: 'ships' } }),
  ],
})
