import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { app, buildModel, describeExpression, nobody, table, type Policy } from './index'

const members = sqliteTable('members', { teamId: text('team_id').notNull(), userId: text('user_id').primaryKey() })
const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  teamId: text('team_id'),
  ownerId: text('owner_id'),
  state: text('state'),
  meta: text('meta', { mode: 'json' }),
  until: integer('until', { mode: 'timestamp_ms' }),
})

const described = (read: Policy<typeof notes>): string => {
  const model = buildModel(
    app({ name: 'x', internal: [members], tables: [table(notes, { read, insert: nobody(), update: nobody(), delete: nobody() })] }),
  )
  return describeExpression(model, model.tables.get('notes')!.policies.read)
}

test('a short policy stands on one line, with the names of its declaration', () => {
  expect(described(({ row, auth, eq }) => eq(row.ownerId, auth.uid))).toBe('eq(row.ownerId, auth.uid)')
})

test('a long policy breaks one term a line, and inside an exists', () => {
  expect(
    described(({ row, auth, or, and, eq, exists }) =>
      or(
        eq(row.state, 'public'),
        eq(row.ownerId, auth.uid),
        exists(members, (m) => and(eq(m.teamId, row.teamId), eq(m.userId, auth.uid))),
      ),
    ),
  ).toBe(
    [
      'or(',
      "  eq(row.state, 'public'),",
      '  eq(row.ownerId, auth.uid),',
      '  exists(members, (m) => and(',
      '    eq(m.teamId, row.teamId),',
      '    eq(m.userId, auth.uid),',
      '  )),',
      ')',
    ].join('\n'),
  )
})

test('an exists inside an exists of the same table gets another name', () => {
  expect(described(({ exists, eq }) => exists(members, (a) => exists(members, (b) => eq(a.userId, b.userId))))).toBe(
    'exists(members, (m) => exists(members, (me) => eq(m.userId, me.userId)))',
  )
})

test('every word has its text', () => {
  expect(
    described(({ row, auth, and, not, isNull, inArray, claimList, json, lower, now, fromNow, gt, eq, always, like }) =>
      and(
        not(isNull(row.until)),
        inArray(row.state, ["it's", 'b']),
        inArray(row.teamId, claimList('app_metadata.teams')),
        eq(json(row.meta, 'a.0'), auth.claim('app_metadata.plan')),
        like(lower(row.state), 'a%'),
        gt(row.until, now),
        gt(row.until, fromNow(-1000)),
        auth.hasRole('moderator'),
        auth.attested,
        always,
      ),
    ),
  ).toBe(
    [
      'and(',
      '  not(isNull(row.until)),',
      String.raw`  inArray(row.state, ['it\'s', 'b']),`,
      "  inArray(row.teamId, claimList('app_metadata.teams')),",
      "  eq(json(row.meta, 'a.0'), auth.claim('app_metadata.plan')),",
      "  like(lower(row.state), 'a%'),",
      '  gt(row.until, now),',
      '  gt(row.until, fromNow(-1000)),',
      "  auth.hasRole('moderator'),",
      '  auth.attested,',
      '  always,',
      ')',
    ].join('\n'),
  )
})
