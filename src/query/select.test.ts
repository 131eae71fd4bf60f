import { describe, expect, test } from 'vitest'
import { db, ann, column, read, get, compare, embed, refusal } from '../../tests/unit/journal'
import { ANONYMOUS } from '../core'
import type { SelectItem } from './query'

describe('embeds', () => {
  const byId = [{ target: { column: 'id' }, descending: false }]
  test('each table is read under its own policy, junctions too', () => {
    const select = [
      column('id'),
      embed('trips', 'notes', { select: [column('id')], order: byId }),
      embed('trips', 'people', { select: [column('name')], as: 'owner' }),
      embed('trips', 'people', { select: [column('name')], as: 'guests' }, ({ kind }) => kind === 'many-to-many'),
    ]
    expect(get(read('trips', { select, order: byId }), ANONYMOUS).rows).toEqual([
      { id: 't1', notes: [{ id: 1 }, { id: 2 }], owner: { name: 'Ann' }, guests: [{ name: 'bob' }] },
      { id: 't3', notes: [{ id: 4 }], owner: { name: 'bob' }, guests: [] },
    ])
  })

  test('a row that its own policy hides is null where there is one, and gone where there are many', () => {
    const select = [column('id'), embed('notes', 'trips', { select: [column('title')] })]
    db.exec("insert into notes (id, trip_id, body, private) values (9, 't2', 'of a closed trip', 0)")
    expect(get(read('notes', { select, where: compare('id', 'eq', '9') }), ANONYMOUS).rows).toEqual([{ id: 9, trips: null }])
    expect(get(read('notes', { select, where: compare('id', 'eq', '9') }), ann).rows).toEqual([{ id: 9, trips: { title: '100% sure' } }])
    db.exec('delete from notes where id = 9')
  })

  test('inner drops the parent, filters and pages stay inside', () => {
    const inner = embed('trips', 'notes', { join: 'inner', select: [column('id')], where: compare('body', 'eq', 'second') })
    expect(get(read('trips', { select: [column('id'), inner] })).rows).toEqual([{ id: 't1', notes: [{ id: 2 }] }])
    const paged = embed('trips', 'notes', {
      select: [column('id')],
      order: [{ target: { column: 'id' }, descending: true }],
      limit: 1,
      offset: 1,
    })
    expect(get(read('trips', { select: [column('id'), paged], where: compare('id', 'eq', 't1') }), ANONYMOUS).rows).toEqual([
      { id: 't1', notes: [{ id: 1 }] },
    ])
    expect(get(read('trips', { select: [column('id'), { ...inner, limit: 0 }] })).rows).toEqual([])
  })

  test('children and parent of the same table are told apart', () => {
    const children = embed('notes', 'notes', { as: 'replies', select: [column('id')], order: byId }, ({ kind }) => kind === 'to-many')
    const parent = embed('notes', 'notes', { as: 'parent', select: [column('id')] }, ({ kind }) => kind === 'to-one')
    expect(
      get(read('notes', { select: [column('id'), children, parent], where: compare('trip_id', 'eq', 't1'), order: byId }), ANONYMOUS).rows,
    ).toEqual([
      { id: 1, replies: [{ id: 2 }], parent: null },
      { id: 2, replies: [], parent: { id: 1 } },
    ])
  })

  test('spread lifts one value, or a list of them', () => {
    const lifted = embed('notes', 'trips', {
      spread: true,
      select: [column('title'), { kind: 'column', target: { column: 'open' }, as: 'open' }],
    })
    expect(get(read('notes', { select: [column('id'), lifted], where: compare('id', 'eq', '1') })).rows).toEqual([
      { id: 1, title: 'Alps', open: true },
    ])
    const lists = embed('trips', 'notes', {
      spread: true,
      select: [{ kind: 'column', target: { column: 'private' }, as: 'flags' }],
      order: byId,
    })
    expect(get(read('trips', { select: [lists], where: compare('id', 'eq', 't1') })).rows).toEqual([{ flags: [false, false, true] }])
  })

  test('silent ones filter and say nothing; the null filter asks whether one is there', () => {
    const silent = embed('trips', 'notes', { silent: true })
    expect(get(read('trips', { select: [column('id'), silent], where: { kind: 'related', embed: 'notes', present: false } })).rows).toEqual(
      [{ id: 't2' }],
    )
    expect(get(read('trips', { select: [column('id'), { ...silent, join: 'inner' }], order: byId })).rows).toEqual([
      { id: 't1' },
      { id: 't3' },
    ])
    expect(refusal(read('trips', { where: { kind: 'related', embed: 'notes', present: true } }))).toBe('PGRST108')
  })

  test('rows are ordered by a related row that there is one of', () => {
    const select = [column('id'), embed('notes', 'trips', { silent: true })]
    const order = [{ target: { column: 'title' }, descending: true, embed: 'trips' }, ...byId]
    expect((get(read('notes', { select, order })).rows as { id: number }[]).map(({ id }) => id)).toEqual([4, 1, 2, 3])
    const many = [embed('trips', 'notes', { silent: true })]
    expect(refusal(read('trips', { select: many, order: [{ target: { column: 'id' }, descending: true, embed: 'notes' }] }))).toBe(
      'PGRST118',
    )
  })

  test('ten levels run, eleven are refused by name', () => {
    const nest = (depth: number): SelectItem[] =>
      depth === 0
        ? [column('id')]
        : [
            column('id'),
            embed('notes', 'notes', { as: 'replies', select: nest(depth - 1), order: byId, limit: 5 }, ({ kind }) => kind === 'to-many'),
          ]
    expect(get(read('notes', { select: nest(10), limit: 5 })).rows).toHaveLength(4)
    expect(refusal(read('notes', { select: nest(11) }))).toBe('PGRST100')
  })

  test('lists that repeat the same rows beyond reason are refused, limits help, and a tree repeats none', () => {
    const many = ({ kind }: { kind: string }) => kind === 'to-many'
    const one = ({ kind }: { kind: string }) => kind === 'to-one'
    const tree = (depth: number): SelectItem[] =>
      depth === 0 ? [column('id')] : [column('id'), embed('notes', 'notes', { as: 'replies', select: tree(depth - 1) }, many)]
    const upAndDown = (depth: number, limit?: number): SelectItem[] => {
      if (depth === 0) return [column('id')]
      const replies = embed('notes', 'notes', { as: 'replies', select: upAndDown(depth - 1, limit), ...(limit ? { limit } : {}) }, many)
      return [column('id'), embed('notes', 'notes', { as: 'parent', select: [column('id'), replies] }, one)]
    }
    expect(get(read('notes', { select: tree(8) })).rows.length).toBeGreaterThan(0)
    expect(get(read('notes', { select: upAndDown(2) })).rows.length).toBeGreaterThan(0)
    expect(refusal(read('notes', { select: upAndDown(3) }))).toBe('PGRST100')
    expect(get(read('notes', { select: upAndDown(3), limit: 20 })).rows.length).toBeGreaterThan(0)
    expect(get(read('notes', { select: upAndDown(3, 5) })).rows.length).toBeGreaterThan(0)
  })

  test('five levels of inner embeds run', () => {
    const nest = (depth: number): SelectItem[] =>
      depth === 0
        ? [column('id')]
        : [column('id'), embed('notes', 'notes', { as: 'parent', join: 'inner', select: nest(depth - 1) }, ({ kind }) => kind === 'to-one')]
    expect(get(read('notes', { select: nest(1), where: compare('id', 'eq', '2') }), ANONYMOUS).rows).toEqual([{ id: 2, parent: { id: 1 } }])
    expect(get(read('notes', { select: nest(5) }), ANONYMOUS).rows).toEqual([])
  })

  test('a count of related rows needs no rows', () => {
    const count = embed('trips', 'notes', { select: [{ kind: 'aggregate', function: 'count', as: 'count' }] })
    expect(get(read('trips', { select: [column('id'), count], order: byId }), ANONYMOUS).rows).toEqual([
      { id: 't1', notes: [{ count: 2 }] },
      { id: 't3', notes: [{ count: 1 }] },
    ])
  })
})
