// supabase-js reads and writes rows under policies.
import { describe, beforeAll, expect, test } from 'vitest'
import type { Server } from '../support/server'
import { person, phone, type Person } from './people'

export function data(server: () => Server): void {
  describe('data', () => {
    let ada: Person
    let bo: Person
    let teamId: string

    beforeAll(async () => {
      ada = await person(server(), 'ada')
      bo = await person(server(), 'bo')
      const team = await ada.phone.from('teams').insert({ name: 'Pass Hoppers' }).select('id').single()
      teamId = String(team.data?.id)
      await ada.phone.from('memberships').insert({ team_id: teamId, user_id: ada.id, role: 'owner' }).throwOnError()
    })

    const write = (who: Person, values: Record<string, unknown>) =>
      who.phone
        .from('trips')
        .insert({ title: 'Over the pass', ...values })
        .select()
        .single()

    test('an insert answers nothing unless asked, and the row with its defaults when asked', async () => {
      const silent = await ada.phone.from('trips').insert({ title: 'Silent' })
      expect([silent.status, silent.data, silent.error]).toEqual([201, null, null])
      const told = await write(ada, { tags: ['snow'] })
      expect(told.data).toMatchObject({ title: 'Over the pass', visibility: 'private', owner_id: ada.id, tags: ['snow'] })
      expect(Date.parse(told.data.created_at)).toBeGreaterThan(Date.now() - 60_000)
      expect(Object.keys(told.data)).not.toContain('_version')
    })

    test('a private trip does not exist for anybody else: not to read, count, change or delete', async () => {
      const id = (await write(ada, {})).data.id
      for (const other of [bo.phone, phone(server())]) {
        expect((await other.from('trips').select().eq('id', id)).data).toEqual([])
        expect((await other.from('trips').select('*', { count: 'exact', head: true }).eq('id', id)).count).toBe(0)
      }
      expect((await bo.phone.from('trips').update({ title: 'Mine' }).eq('id', id).select()).data).toEqual([])
      expect((await bo.phone.from('trips').delete().eq('id', id).select()).data).toEqual([])
      expect((await ada.phone.from('trips').select('title').eq('id', id).single()).data?.title).toBe('Over the pass')
    })

    test('a row in another’s name is refused with 42501, and nothing of a bulk remains', async () => {
      const { error, status } = await bo.phone.from('trips').insert([
        { title: 'Bulk one', owner_id: bo.id },
        { title: 'Bulk two', owner_id: ada.id },
      ])
      expect([status, error?.code]).toEqual([403, '42501'])
      expect((await bo.phone.from('trips').select('id').like('title', 'Bulk%')).data).toEqual([])
      const stranger = await phone(server()).from('trips').insert({ title: 'Bulk three', owner_id: ada.id })
      expect([stranger.status, stranger.error?.code]).toEqual([401, '42501'])
    })

    test('a trip shared with the team is seen by who joins, and no longer by who leaves', async () => {
      const id = (await write(ada, { visibility: 'team', team_id: teamId })).data.id
      const seen = async () => (await bo.phone.from('trips').select('id').eq('id', id)).data?.length
      expect(await seen()).toBe(0)
      expect((await ada.phone.from('memberships').insert({ team_id: teamId, user_id: bo.id })).error).toBeNull()
      expect(await seen()).toBe(1)
      await ada.phone.from('memberships').delete().match({ team_id: teamId, user_id: bo.id }).throwOnError()
      expect(await seen()).toBe(0)
    })

    test('embeds to one, to many and many to many, each under its own policy', async () => {
      const id = (await write(ada, { visibility: 'public' })).data.id
      await ada.phone
        .from('waypoints')
        .insert([1, 2, 3].map((n) => ({ trip_id: id, lat: n, lon: n, label: `stop ${n}` })))
        .throwOnError()
      const { data: trip, error } = await bo.phone
        .from('trips')
        .select('title, owner:profiles(display_name, home_town), waypoints(label), team:teams(name)')
        .eq('id', id)
        .order('label', { referencedTable: 'waypoints', ascending: false })
        .limit(2, { referencedTable: 'waypoints' })
        .single()
      expect(error).toBeNull()
      expect(trip).toEqual({
        title: 'Over the pass',
        owner: { display_name: 'ada', home_town: null },
        waypoints: [{ label: 'stop 3' }, { label: 'stop 2' }],
        team: null,
      })
      const teams = await ada.phone.from('teams').select('name, profiles(display_name)').eq('id', teamId).single()
      expect(teams.data).toEqual({ name: 'Pass Hoppers', profiles: [{ display_name: 'ada' }] })
    })

    test('an inner embed drops the rows that have none', async () => {
      const name = `inner ${ada.id}`
      const id = (await write(ada, { title: name })).data.id
      const ask = () => ada.phone.from('trips').select('id, waypoints!inner(id)').eq('title', name)
      expect((await ask()).data).toEqual([])
      await ada.phone.from('waypoints').insert({ trip_id: id, lat: 0, lon: 0 }).throwOnError()
      expect((await ask()).data).toHaveLength(1)
    })

    test('single and maybeSingle', async () => {
      const none = '00000000-0000-7000-8000-000000000000'
      expect((await ada.phone.from('trips').select().eq('id', none).maybeSingle()).data).toBeNull()
      const single = await ada.phone.from('trips').select().eq('id', none).single()
      expect([single.status, single.error?.code]).toEqual([406, 'PGRST116'])
      expect(single.error?.details).toContain('0 rows')
      const two = await ada.phone.from('trips').select('id').single()
      expect(two.error?.code).toBe('PGRST116')
    })

    test('count, range and order page through', async () => {
      const title = `page ${ada.id}`
      await ada.phone
        .from('trips')
        .insert(Array.from({ length: 25 }, (_, n) => ({ title, distance_m: n })))
        .throwOnError()
      const ask = (from: number, to: number) =>
        ada.phone.from('trips').select('distance_m', { count: 'exact' }).eq('title', title).order('distance_m').range(from, to)
      const first = await ask(0, 9)
      expect([first.status, first.count, first.data?.map((row) => row.distance_m)]).toEqual([206, 25, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
      expect((await ask(20, 29)).data).toHaveLength(5)
      const beyond = await ask(30, 39)
      expect([beyond.status, beyond.error?.code]).toEqual([416, 'PGRST103'])
      expect((await ada.phone.from('trips').select('*', { count: 'exact', head: true }).eq('title', title)).count).toBe(25)
    })

    test('filters', async () => {
      const title = `filter ${ada.id}`
      await ada.phone
        .from('trips')
        .insert([
          { title, distance_m: 1, notes: 'Snow', started_at: '2026-01-02T03:04:05Z', tags: ['a'] },
          { title, distance_m: 2, notes: 'sun', tags: ['b'] },
          { title, distance_m: null, notes: null, tags: [] },
        ])
        .throwOnError()
      const ask = () => ada.phone.from('trips').select('distance_m').eq('title', title).order('distance_m')
      const found = async (query: ReturnType<typeof ask>) => {
        const answer = await query
        expect(answer.error).toBeNull()
        return answer.data?.map((row) => row.distance_m)
      }
      expect(await found(ask().gt('distance_m', 1))).toEqual([2])
      expect(await found(ask().neq('distance_m', 1))).toEqual([2])
      expect(await found(ask().in('distance_m', [1, 2, 99]))).toEqual([1, 2])
      expect(await found(ask().is('notes', null))).toEqual([null])
      expect(await found(ask().not('notes', 'is', null))).toEqual([1, 2])
      expect(await found(ask().like('notes', 's%'))).toEqual([2])
      expect(await found(ask().ilike('notes', 's%'))).toEqual([1, 2])
      expect(await found(ask().or('distance_m.eq.1,and(notes.is.null,distance_m.is.null)'))).toEqual([1, null])
      expect(await found(ask().gte('started_at', '2026-01-02T03:04:05+00:00'))).toEqual([1])
      expect(await found(ask().match({ notes: 'sun', distance_m: 2 }))).toEqual([2])
      expect(await found(ask().eq('tags->>0', 'b'))).toEqual([2])
    })

    test('upsert merges, ignores, and never passes a policy by', async () => {
      const id = (await write(ada, {})).data.id
      const merged = await ada.phone.from('trips').upsert({ id, title: 'Renamed' }).select('title, visibility').single()
      expect(merged.data).toEqual({ title: 'Renamed', visibility: 'private' })
      const ignored = await ada.phone.from('trips').upsert({ id, title: 'Ignored' }, { ignoreDuplicates: true }).select()
      expect(ignored.data).toEqual([])
      const foreign = await bo.phone.from('trips').upsert({ id, title: 'Taken over' })
      expect([foreign.status, foreign.error?.code]).toEqual([403, '42501'])
      expect((await ada.phone.from('trips').select('title').eq('id', id).single()).data?.title).toBe('Renamed')
    })

    test('a unique value that is taken says 23505, a missing parent 23503, a missing value 23502, a failed check 23514', async () => {
      const { data: own } = await ada.phone.from('profiles').select('handle').eq('id', ada.id).single()
      const taken = await bo.phone.from('profiles').update({ handle: own?.handle }).eq('id', bo.id)
      expect([taken.status, taken.error?.code]).toEqual([409, '23505'])
      const orphan = await ada.phone.from('waypoints').insert({ trip_id: null, lat: 1, lon: 1 })
      expect(orphan.error?.code).toMatch(/^(23502|42501)$/)
      expect((await ada.phone.from('trips').insert({ title: null })).error?.code).toBe('23502')
      expect((await ada.phone.from('trips').insert({ title: 'Backwards', distance_m: -1 })).error?.code).toBe('23514')
      const follow = await ada.phone.from('follows').insert({ followee_id: '00000000-0000-7000-8000-000000000000' })
      expect([follow.status, follow.error?.code]).toEqual([409, '23503'])
    })

    test('what does not exist, or must not be known, is named as PostgREST names it', async () => {
      expect((await ada.phone.from('nothing').select()).error?.code).toBe('PGRST205')
      expect((await ada.phone.from('trips').select('nothing')).error?.code).toBe('42703')
      expect((await ada.phone.from('profiles').select('moderation_notes')).error?.code).toBe('42703')
      expect((await ada.phone.from('trips').insert({ nothing: 1 })).error?.code).toBe('PGRST204')
      expect((await ada.phone.from('trips').select('waypoints(nothing)')).error?.code).toBe('42703')
      expect((await ada.phone.from('trips').select('id, follows(*)')).error?.code).toBe('PGRST200')
      expect((await ada.phone.from('trips').select().eq('distance_m', 'abc')).error?.code).toBe('22P02')
    })

    test('the secret key passes every policy, and stays out of tables that are not served', async () => {
      const service = phone(server(), server().keys.secretKey)
      expect((await service.from('trips').select('*', { count: 'exact', head: true })).count).toBeGreaterThan(25)
      expect((await service.from('auth_users').select()).error?.code).toBe('PGRST205')
    })
  })
}
