// What a write costs is told by its statements: how many, which roles, and that nothing of the request becomes SQL.
import { describe, expect, test } from 'vitest'
import clubhouse from '../../tests/apps/clubhouse'
import { ANONYMOUS, SERVICE, type Principal } from '../core'
import { buildModel, type Relationship } from '../define'
import { compile } from './compile'
import type { Insert, Operation } from './query'

const model = buildModel(clubhouse)
const ann: Principal = { role: 'authenticated', uid: 'ann', sessionId: 's', claims: {}, aal: 'aal1', attested: false }
const NOW = 1_780_000_000_000
const compiled = (operations: readonly Operation[], principal = ann) =>
  compile(model, { operations, shape: { form: 'list' } }, { principal, now: NOW }).statements
const roles = (operation: Operation, principal = ann) => compiled([operation], principal).map(({ role }) => role)
const insert = (table: string, row: Record<string, unknown>, more: Partial<Insert> = {}): Insert => ({
  kind: 'insert',
  table,
  rows: [row],
  missing: 'default',
  ...more,
})
const id = { kind: 'column' as const, target: { column: 'id' }, as: 'id' }

describe('statements', () => {
  test('an ordinary write of a person is a key probe and itself, of a stranger or the service itself', () => {
    const letter = insert('letters', { from_id: 'ann', to_id: 'bob', text: 'dear' })
    expect(roles(letter)).toEqual(['guard', 'write'])
    expect(roles(letter, ANONYMOUS)).toEqual(['write'])
    expect(roles(letter, SERVICE)).toEqual(['write'])
    expect(roles(insert('letters', {}, { conflict: { action: 'merge' }, returning: { select: [id] } }))).toEqual(['guard', 'write'])
    expect(roles({ kind: 'update', table: 'letters', set: { text: 'x' }, returning: { select: [id] } })).toEqual(['guard', 'write'])
    expect(roles({ kind: 'delete', table: 'letters', returning: { select: [id] } })).toEqual(['guard', 'write'])
  })

  test('a check over the written table follows the write, and the log is marked before', () => {
    expect(roles(insert('desks', { person_id: 'ann', place: 1 }))).toEqual(['guard', 'write', 'check', 'check'])
    const [mark, write, logged, check] = compiled([insert('desks', { person_id: 'ann', place: 1 })])
    expect(mark!.sql).toMatch(/^insert into `sys_statement`/)
    expect(write!.sql).not.toContain('PERIGEE|rls')
    expect(logged!.sql).toContain('PERIGEE|log|desks|')
    expect(check!.sql).toContain('PERIGEE|rls|desks|')
    // The service is under no policy.
    expect(roles(insert('desks', { person_id: 'ann', place: 1 }), SERVICE)).toEqual(['write'])
  })

  test('an audited table is written under a name, which is taken off again', () => {
    expect(roles(insert('notes', { title: 'x' }))).toEqual(['guard', 'write', 'check'])
    // Deleting a club deletes its members, and notes hold on to it; neither carries the name further than it must.
    expect(roles({ kind: 'delete', table: 'clubs' })).toEqual(['guard', 'write'])
  })

  test('embeds are read after a write, before a delete', () => {
    const relationship = model.tables.get('notes')!.relationships.find(({ to }) => to === 'clubs') as Relationship
    const select = [
      id,
      {
        kind: 'embed' as const,
        relationship,
        as: 'club',
        join: 'left' as const,
        spread: false,
        silent: false,
        select: [{ kind: 'all' as const }],
      },
    ]
    expect(roles(insert('notes', { title: 'x' }, { returning: { select } }))).toEqual(['guard', 'write', 'check', 'returned', 'check'])
    expect(roles({ kind: 'delete', table: 'notes', returning: { select } })).toEqual(['guard', 'returned', 'write', 'check'])
  })

  test('an update of nothing asks for the session and changes nothing', () => {
    expect(roles({ kind: 'update', table: 'letters', set: {} })).toEqual(['guard'])
  })
})

describe('text', () => {
  test('rows are one parameter, however many', () => {
    const many: Insert = {
      kind: 'insert',
      table: 'letters',
      missing: 'default',
      rows: Array.from({ length: 5000 }, (_, n) => ({ id: `l${n}`, from_id: 'ann', to_id: 'bob', text: `${n}` })),
    }
    const [, write] = compiled([many])
    expect(write!.params.length).toBeLessThan(5)
    expect(write!.sql.length).toBeLessThan(2000)
  })

  test('no value of the request stands in the SQL, nor one of the caller', () => {
    const evil = "x'); drop table letters; --"
    const statements = [
      ...compiled([insert('letters', { id: evil, from_id: evil, to_id: evil, text: evil }, { conflict: { action: 'merge' } })], {
        ...ann,
        uid: evil,
      }),
      ...compiled(
        [
          {
            kind: 'update',
            table: 'letters',
            set: { text: evil },
            where: { kind: 'compare', target: { column: 'text' }, operator: 'eq', value: evil },
          },
        ],
        { ...ann, uid: evil },
      ),
    ]
    for (const { sql } of statements) expect(sql).not.toContain('drop table')
  })

  test('a name that is no column is no SQL either', () => {
    expect(() => compiled([insert('letters', { '`id`) --': 1 })])).toThrow(
      "Could not find the '`id`) --' column of 'letters' in the schema cache",
    )
    expect(() => compiled([{ kind: 'update', table: 'letters', set: { __proto__x: 1 } }])).toThrow('Could not find')
    expect(() => compiled([{ kind: 'delete', table: 'sys_changes' }])).toThrow("Could not find the table 'public.sys_changes'")
    expect(() =>
      compiled([insert('letters', { text: 'x' }, { conflict: { action: 'merge', columns: ['id', 'id) do nothing --'] } })]),
    ).toThrow('column "id) do nothing --" does not exist')
  })
})

describe('references', () => {
  test('a made id is one id', () => {
    const reference = { reference: { operation: 0, column: 'id' } }
    const statements = compiled([
      insert('clubs', { name: 'x', founder_id: 'ann' }),
      insert('notes', { title: 'x', club_id: reference }),
      { kind: 'delete', table: 'notes', where: { kind: 'compare', target: { column: 'club_id' }, operator: 'eq', value: reference } },
    ])
    const made = /"([0-9a-f-]{36})"/.exec(String(statements.find(({ sql }) => sql.startsWith('insert into `clubs`'))!.params[0]))![1]!
    expect(String(statements.find(({ sql }) => sql.startsWith('insert into `notes`'))!.params[0])).toContain(made)
    expect(statements.find(({ sql }) => sql.startsWith('delete from'))!.params).toContain(made)
  })

  test('a JSON column may hold what looks like one', () => {
    const tags = { reference: { operation: 0, column: 'id' } }
    const statements = compiled([insert('clubs', { name: 'x', founder_id: 'ann' }), insert('notes', { title: 'x', tags })])
    expect(String(statements.find(({ sql }) => sql.startsWith('insert into `notes`'))!.params[0])).toContain('reference')
  })

  test('to itself or to a later operation there is none', () => {
    const to = (operation: number, column = 'id') => ({ reference: { operation, column } })
    for (const operations of [
      [insert('notes', { title: to(0) }), insert('notes', { title: 'x' })],
      [insert('notes', { title: to(1) }), insert('notes', { title: 'x' })],
      [insert('notes', { title: to(0) })],
    ]) {
      expect(() => compiled(operations)).toThrow('A reference must be to a value of an earlier operation')
    }
  })

  test('what the database numbers is left where the batch finds it, and taken away', () => {
    const statements = compiled([
      insert('entries', { text: 'x' }),
      insert('notes', { title: { reference: { operation: 0, column: 'id' } } }),
    ])
    const texts = statements.map(({ sql }) => sql)
    expect(texts.filter((sql) => sql.includes('`sys_statement` (`id`, `start_seq`, `context`) values (100')).length).toBe(1)
    expect(texts.find((sql) => sql.startsWith('insert into `notes`'))).toContain("`context` ->> '$[0][0]'")
    expect(texts.at(-1)).toBe('delete from `sys_statement` where `id` >= 100')
  })
})
