import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ANONYMOUS, SERVICE, type Principal } from '../core'
import { anyone, app, buildModel, nobody, table, type Expression, type Policy } from '../define'
import { compileContext } from './context'
import { decided, foldPolicy } from './fold'
import { compilePolicy } from './policy'
import { render } from './sql'

const rows = sqliteTable('rows', {
  id: text('id').primaryKey(),
  owner: text('owner'),
  team: text('team'),
  at: integer('at', { mode: 'timestamp' }),
  flag: integer('flag', { mode: 'boolean' }),
  points: integer('points'),
  data: text('data', { mode: 'json' }),
})
const members = sqliteTable('members', { team: text('team').notNull(), person: text('person').notNull(), role: text('role') }, (t) => [
  primaryKey({ columns: [t.team, t.person] }),
  index('members_person').on(t.person),
])
const closed = { insert: nobody(), update: nobody(), delete: nobody() }

const ann: Principal = {
  role: 'authenticated',
  uid: 'ann',
  sessionId: 's',
  claims: { app_metadata: { roles: ['moderator'], teams: ['x', 'y'], level: 3, plan: null } },
  aal: 'aal1',
  attested: false,
}

function compiled(read: Policy<typeof rows>, principal: Principal): { sql: string; params: readonly unknown[]; folded: Expression } {
  const model = buildModel(app({ name: 'x', tables: [table(rows, { ...closed, read }), table(members, { ...closed, read: anyone() })] }))
  const context = compileContext(model, { principal, now: 1_000_500 })
  const declared = model.tables.get('rows')!
  return { ...render(compilePolicy(context, declared, declared.policies.read, 'r')), folded: foldPolicy(context, declared.policies.read) }
}
const sqlOf = (read: Policy<typeof rows>, principal: Principal = ann) => compiled(read, principal).sql

describe('what the caller decides is decided before SQL', () => {
  test('for a stranger neither a comparison with uid nor its negation admits', () => {
    expect(sqlOf(({ row, auth, eq }) => eq(row.owner, auth.uid), ANONYMOUS)).toBe('0')
    expect(sqlOf(({ row, auth, ne }) => ne(row.owner, auth.uid), ANONYMOUS)).toBe('0')
    expect(sqlOf(({ row, auth, eq, not }) => not(eq(row.owner, auth.uid)), ANONYMOUS)).toBe('0')
    expect(sqlOf(({ row, auth, eq, not, or, isNull }) => not(or(eq(row.owner, auth.uid), isNull(row.team))), ANONYMOUS)).not.toBe('1')
  })

  test('NULL under not stays NULL until the top', () => {
    const fold = (read: Policy<typeof rows>) => decided(compiled(read, ANONYMOUS).folded)
    expect(fold(({ auth, eq, not, or, always }) => not(or(eq(auth.uid, 'a'), always)))).toBe(false)
    expect(fold(({ auth, eq, not, and, never }) => not(and(eq(auth.uid, 'a'), never)))).toBe(true)
    expect(fold(({ auth, eq, not, and, always }) => not(and(eq(auth.uid, 'a'), always)))).toBe(false)
    expect(fold(({ auth, notInArray }) => notInArray(auth.uid, []))).toBe(true)
    expect(fold(({ auth, notInArray }) => notInArray(auth.role, ['service_role', null]))).toBe(false)
    expect(fold(({ auth, isNull }) => isNull(auth.uid))).toBe(true)
  })

  test('roles, claims and attestation are facts', () => {
    expect(sqlOf(({ auth }) => auth.hasRole('moderator'))).toBe('1')
    expect(sqlOf(({ auth }) => auth.hasRole('admin'))).toBe('0')
    expect(sqlOf(({ auth }) => auth.attested)).toBe('0')
    expect(sqlOf(({ auth, gte }) => gte(auth.claim<number>('app_metadata.level'), 3))).toBe('1')
    expect(sqlOf(({ auth, ne }) => ne(auth.claim('app_metadata.level'), 'three'))).toBe('0')
    expect(sqlOf(({ auth, ne }) => ne(auth.claim('app_metadata.plan'), 'free'))).toBe('0')
    expect(sqlOf(({ auth, isNull }) => isNull(auth.claim('constructor.name')))).toBe('1')
  })

  test('the service passes any policy', () => {
    expect(sqlOf(nobody() as Policy<typeof rows>, SERVICE)).toBe('1')
  })
})

describe('what is left', () => {
  test('the caller’s values are bound, the app’s own are written out', () => {
    const { sql, params } = compiled(({ row, auth, or, eq }) => or(eq(row.owner, auth.uid), eq(row.team, "it's"), eq(row.flag, true)), ann)
    expect(sql).toBe("((`r`.`owner` = ?1 or `r`.`team` = 'it''s') or `r`.`flag` = 1)")
    expect(params).toEqual(['ann'])
  })

  test('moments are in the column’s unit', () => {
    expect(compiled(({ row, now, gt }) => gt(row.at, now), ann)).toMatchObject({ sql: '`r`.`at` > ?1', params: [1000.5] })
    expect(compiled(({ row, lt }) => lt(row.at, new Date(5000)), ann)).toMatchObject({ params: [5] })
    // Where no column is, they are their milliseconds, as they are to SQLite in whatever is computed.
    expect(sqlOf(({ now, gt }) => gt(now, 1_000_499 as never))).toBe('1')
    expect(sqlOf(({ now, gt }) => gt(now, 1_000_500 as never))).toBe('0')
    expect(sqlOf(({ lt }) => lt(5000 as never, new Date(5001) as never))).toBe('1')
    expect(sqlOf(({ now, ne }) => ne(now, '1000500' as never))).toBe('0')
  })

  test('what a coalesce or a when comes to for the caller is compared as where a row decides it', () => {
    // Times in milliseconds, numbers with numbers, texts with texts: no column lends its unit or its type.
    const sql = '(`r`.`at` * 1000)'
    expect(sqlOf(({ row, auth, gt, when }) => gt(when(auth.hasRole('moderator'), 2000, 0) as never, row.at))).toBe(`2000 > ${sql}`)
    expect(sqlOf(({ row, isNull, gt, when }) => gt(when(isNull(row.team), 2000, 0) as never, row.at))).toContain(`> ${sql}`)
    expect(sqlOf(({ row, auth, lt, coalesce }) => lt(coalesce(auth.claim<Date>('none'), row.at), 2000 as never))).toBe(`${sql} < 2000`)
    expect(
      compiled(({ row, auth, lt, coalesce }) => lt(row.at, coalesce(auth.claim<number>('app_metadata.level'), 0) as never), ann),
    ).toMatchObject({
      sql: `${sql} < cast(?1 as integer)`,
      params: [3],
    })
    expect(compiled(({ row, now, ne, coalesce }) => ne(coalesce(now, row.at) as never, row.points), ann)).toMatchObject({
      sql: 'cast(?1 as integer) <> `r`.`points`',
      params: [1_000_500],
    })
    expect(sqlOf(({ row, auth, eq, coalesce }) => eq(coalesce(auth.uid, row.team) as never, row.points))).toBe('?1 = null')
    // Still a caller's own value that an index finds.
    expect(sqlOf(({ row, auth, eq, coalesce }) => eq(row.owner, coalesce(auth.uid, 'nobody')))).toBe('`r`.`owner` = ?1')
  })

  test('a JSON value of another type than what it is compared with is NULL', () => {
    expect(sqlOf(({ row, json, gt }) => gt(json<number>(row.data, 'a.0'), 3))).toBe(
      `case when json_type(\`r\`.\`data\`, '$."a"[0]') in ('integer', 'real') then json_extract(\`r\`.\`data\`, '$."a"[0]') end > 3`,
    )
  })

  test('membership becomes a set of keys, and stays a lookup under not', () => {
    const member: Policy<typeof rows> = ({ row, auth, and, eq, exists }) =>
      exists(members, (m) => and(eq(m.team, row.team), eq(m.person, auth.uid)))
    expect(sqlOf(member)).toBe('`r`.`team` in (select `p0`.`team` from `members` as `p0` where `p0`.`person` = ?1)')
    expect(sqlOf(({ row, auth, and, eq, notExists }) => notExists(members, (m) => and(eq(m.team, row.team), eq(m.person, auth.uid))))).toBe(
      'not (exists(select 1 from `members` as `p0` where (`p0`.`team` = `r`.`team` and `p0`.`person` = ?1)))',
    )
    expect(sqlOf(member, ANONYMOUS)).toBe('0')
  })

  test('a set that nothing of the caller narrows isn’t made', () => {
    expect(sqlOf(({ row, and, eq, exists }) => exists(members, (m) => and(eq(m.team, row.team), eq(m.role, 'public'))))).toMatch(
      /^exists\(/,
    )
  })

  test('a list in the token is one parameter, or a short choice', () => {
    const { sql, params } = compiled(({ row, inArray, claimList }) => inArray(row.team, claimList('app_metadata.teams')), ann)
    expect(sql).toBe('(`r`.`team` = ?1 or `r`.`team` = ?2)')
    expect(params).toEqual(['x', 'y'])
    const long = { ...ann, claims: { app_metadata: { teams: Array.from({ length: 50 }, (_, i) => `t${i}`) } } }
    expect(compiled(({ row, inArray, claimList }) => inArray(row.team, claimList('app_metadata.teams')), long).params).toHaveLength(1)
    expect(sqlOf(({ row, inArray, claimList }) => inArray(row.team, claimList('app_metadata.nowhere')))).toBe('0')
    expect(sqlOf(({ row, inArray, claimList }) => inArray(row.team, claimList('app_metadata.level')))).toBe('0')
  })
})
