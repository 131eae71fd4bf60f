// What lies in the harbour when a test begins, as a client would send it.
export const ROWS: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  ships: [
    { name: 'Albatros', status: 'AT_SEA', draught: '[1,2)', motto: 'swift sail', log: null, flags: ['A', 'B'] },
    { name: 'Brigg', status: 'IN_PORT', draught: '[25,35)', motto: 'sail storm', log: null, flags: ['C'] },
    { name: 'Corvette', status: 'AT_SEA', draught: '[25,35)', motto: 'storm gale', log: null, flags: [] },
    { name: 'Dinghy', status: 'AT_SEA', draught: '[20,30)', motto: 'gale swift', log: null, flags: null },
    {
      name: 'Esker',
      status: 'AT_SEA',
      draught: '[20,30)',
      motto: 'still water',
      log: { crew: 12, mate: { name: 'Ida', tags: ['old', 'sharp'] }, ports: [{ at: 'Oslo' }, { at: 'Riga' }] },
      flags: ['A', 'C', 'D E'],
    },
  ],
  berths: [
    { id: 1, slug: 'north', place: { type: 'Point', coordinates: [10.7, 59.9] }, part_of: null },
    { id: 2, slug: 'south', place: null, part_of: 1 },
    { id: 3, slug: 'outer', place: null, part_of: 1 },
  ],
  berth_details: [
    { id: 1, details: 'deep' },
    { id: 2, details: 'shallow' },
  ],
  calls: [
    { id: 1, remark: 'Hello harbour 👋', ship: 'Albatros', berth_id: 1, fee: '12.50', hours: 1.5, arrived_at: '2026-03-01T08:00:00Z' },
    { id: 2, remark: 'Took on water', ship: 'Albatros', berth_id: 2, fee: '7.25', hours: 3, arrived_at: '2026-03-02T08:00:00Z' },
    { id: 3, remark: 'Nothing to report', ship: 'Albatros', berth_id: 3, fee: null, hours: null, arrived_at: null },
    { id: 4, remark: 'Nothing to report', ship: 'Brigg', berth_id: 3, fee: '1', hours: 0.5, arrived_at: '2026-03-03T08:00:00Z' },
  ],
  convoys: [
    { id: 1, leader: 'Albatros', follower: 'Brigg' },
    { id: 2, leader: 'Albatros', follower: 'Corvette' },
  ],
  goods: [
    { id: 1, name: 'salt', price: '999.99' },
    { id: 2, name: 'tar', price: '699.99' },
    { id: 3, name: 'rope', price: '199.99' },
  ],
  cargoes: [
    { ship: 'Albatros', good_id: 1 },
    { ship: 'Albatros', good_id: 2 },
    { ship: 'Brigg', good_id: 1 },
  ],
}

export const NAVY_ROWS = [
  { name: 'Albatros', status: 'LAID_UP' },
  { name: 'Zephyr', status: 'AT_SEA' },
]
