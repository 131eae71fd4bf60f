import { expect, test } from 'vitest'
import type { WrittenOperation } from '../functions'
import { joined } from './app-consumer'

const reference = { reference: { operation: 0, column: 'id' } }
const insert = (row: Readonly<Record<string, unknown>>) => ({ kind: 'insert', table: 't', rows: [row] }) as unknown as WrittenOperation

test('references mean the step that they meant, and data that looks like one is data', () => {
  const update = {
    kind: 'update',
    table: 't',
    set: { a: reference },
    where: { kind: 'compare', target: { column: 'id' }, operator: 'eq', value: reference },
  } as unknown as WrittenOperation
  const enqueue = {
    kind: 'enqueue',
    table: 'sys_jobs',
    payload: reference,
    references: [{ path: ['id'], reference: reference.reference }],
  } as unknown as WrittenOperation
  const first = [insert({ n: 1 }), insert({ of: reference })]
  const moved = { reference: { operation: 2, column: 'id' } }
  expect(joined([{ operations: first }, { operations: [insert({ n: 2 }), update, enqueue] }])).toEqual([
    ...first,
    insert({ n: 2 }),
    { ...update, set: { a: moved }, where: { kind: 'compare', target: { column: 'id' }, operator: 'eq', value: moved } },
    { ...enqueue, payload: reference, references: [{ path: ['id'], reference: moved.reference }] },
  ])
})
