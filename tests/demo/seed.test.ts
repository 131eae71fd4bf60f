// The seed: the same hikers on every machine, in rows that the real tables take.
import { expect, test } from 'vitest'
import { demoAccounts, seed } from '../../app/seed'
import { database, phone } from './people'

const counts = (scale: number) => {
  const found: Record<string, number> = {}
  for (const { table, rows } of seed({ scale })) found[table] = (found[table] ?? 0) + rows.length
  return found
}

test('at scale 1 there are 500 people, 5,000 trips and 50,000 waypoints', () => {
  expect(counts(1)).toMatchObject({ auth_users: 500, profiles: 500, trips: 5000, waypoints: 50_000 })
})

test('it is the same each time', () => {
  const text = () => JSON.stringify([...seed({ scale: 0.02 })])
  expect(text()).toBe(text())
})

test('the real tables take it in its order, and demo accounts sign in and see their team', async () => {
  for (const { table, rows } of seed({ scale: 0.04 })) {
    const columns = Object.keys(rows[0] ?? {})
    if (columns.length === 0) continue
    const values = columns.map((column) => `value ->> '${column}'`)
    const sql = `INSERT INTO "${table}" (${columns.join(', ')}) SELECT ${values.join(', ')} FROM json_each(?)`
    await database.prepare(sql).bind(JSON.stringify(rows)).run()
  }
  for (const { id, email, password, roles } of demoAccounts) {
    const own = phone()
    const { data, error } = await own.auth.signInWithPassword({ email, password })
    expect(error).toBeNull()
    expect(data.user).toMatchObject({ id, email })
    expect(data.user?.app_metadata['roles'] ?? []).toEqual(roles)
    const { data: teams } = await own.from('teams').select('name').eq('name', 'Wednesday Walkers')
    expect(teams).toHaveLength(roles.length > 0 ? 0 : 1)
  }
}, 30_000)
