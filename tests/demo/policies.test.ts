// Trailhead's rules, each tried by those who may and by those who may not.
import { beforeAll, describe, expect, test } from 'vitest'
import { done, hiker, phone, refusal, team, type Hiker } from './people'

let ada: Hiker
let bo: Hiker
let cy: Hiker
let mo: Hiker

beforeAll(async () => {
  ada = await hiker('ada', { homeTown: 'Keswick' })
  bo = await hiker('bo')
  cy = await hiker('cy')
  mo = await hiker('mo', { roles: ['moderator'] })
})

const trip = async (by: Hiker, row: object = {}) =>
  String(
    (
      await done(
        by.phone
          .from('trips')
          .insert({ title: 'Over the pass', ...row })
          .select('id')
          .single(),
      )
    ).id,
  )
const count = async (by: Hiker, table: string, column: string, value: string) =>
  (await done(by.phone.from(table).select(column).eq(column, value))).length

describe('profiles', () => {
  test('everyone reads them, and nobody learns what moderators note', async () => {
    const [row] = await done(phone().from('profiles').select().eq('id', ada.id))
    expect(row).toMatchObject({ display_name: 'ada', home_town: null })
    expect(Object.keys(row!)).not.toContain('moderation_notes')
    expect(await refusal(ada.phone.from('profiles').select('moderation_notes'))).toBe('42703')
    expect(await refusal(ada.phone.from('profiles').update({ moderation_notes: 'x' }).eq('id', ada.id))).not.toBeNull()
  })

  test('a home town is for oneself and for those whom one follows, in filters too', async () => {
    const [own] = await done(ada.phone.from('profiles').select('home_town').eq('id', ada.id))
    expect(own).toEqual({ home_town: 'Keswick' })
    // To follow somebody is not enough: they must follow you.
    await done(bo.phone.from('follows').insert({ followee_id: ada.id }))
    expect(await done(bo.phone.from('profiles').select('home_town').eq('id', ada.id))).toEqual([{ home_town: null }])
    expect(await done(bo.phone.from('profiles').select('id').eq('home_town', 'Keswick'))).toEqual([])
    await done(ada.phone.from('follows').insert({ followee_id: bo.id }))
    expect(await done(bo.phone.from('profiles').select('id').eq('home_town', 'Keswick'))).toEqual([{ id: ada.id }])
  })

  test('nobody writes somebody else’s', async () => {
    expect(await refusal(bo.phone.from('profiles').insert({ id: crypto.randomUUID(), handle: 'nobody', display_name: 'Nobody' }))).toBe(
      '42501',
    )
    expect(await done(bo.phone.from('profiles').update({ bio: 'Mine' }).eq('id', ada.id).select())).toEqual([])
  })
})

describe('memberships', () => {
  let id: string

  beforeAll(async () => {
    id = await team(ada, { admin: [bo], member: [cy] })
  })

  const self = (by: Hiker, role: string) => ({ team_id: id, user_id: by.id, role })

  test('nobody lets themselves in, not even among others', async () => {
    const stranger = await hiker('dee')
    const friend = await hiker('eli')
    for (const role of ['member', 'admin', 'owner'])
      expect(await refusal(stranger.phone.from('memberships').insert(self(stranger, role)))).toBe('42501')
    for (const rows of [
      [self(stranger, 'admin'), self(friend, 'member')],
      [self(friend, 'member'), self(stranger, 'admin')],
    ]) {
      expect(await refusal(stranger.phone.from('memberships').insert(rows))).toBe('42501')
    }
    expect(await count(ada, 'memberships', 'team_id', id)).toBe(3)
  })

  test('a member promotes nobody, and an admin not themselves', async () => {
    expect(await done(cy.phone.from('memberships').update({ role: 'admin' }).eq('user_id', cy.id).select())).toEqual([])
    expect(await done(bo.phone.from('memberships').update({ role: 'owner' }).match({ team_id: id, user_id: bo.id }).select())).toEqual([])
    expect(await refusal(bo.phone.from('memberships').update({ role: 'owner' }).match({ team_id: id, user_id: cy.id }))).toBe('42501')
  })

  test('nobody gets a role by upsert or by renaming a row into theirs', async () => {
    const upsert = (by: Hiker, role: string) => refusal(by.phone.from('memberships').upsert(self(by, role)))
    const eve = await hiker('eve')
    expect([await upsert(cy, 'admin'), await upsert(bo, 'owner'), await upsert(eve, 'member')]).toEqual(['42501', '42501', '42501'])
    const rename = (to: string) => refusal(bo.phone.from('memberships').update({ user_id: to }).match({ team_id: id, user_id: cy.id }))
    expect(await rename(bo.id)).not.toBeNull()
    expect(await done(ada.phone.from('memberships').select('role').eq('team_id', id).order('role'))).toEqual([
      { role: 'admin' },
      { role: 'member' },
      { role: 'owner' },
    ])
  })

  test('an admin of one team doesn’t carry a row into another', async () => {
    const other = await team(mo, { admin: [], member: [] })
    expect(await refusal(bo.phone.from('memberships').update({ team_id: other }).match({ team_id: id, user_id: cy.id }))).toBe('42501')
    expect(await done(bo.phone.from('memberships').update({ team_id: other }).match({ team_id: id, user_id: bo.id }).select())).toEqual([])
    expect(await count(mo, 'memberships', 'team_id', other)).toBe(1)
  })

  test('an admin doesn’t remove the owner; a member may leave', async () => {
    expect(await done(bo.phone.from('memberships').delete().match({ team_id: id, user_id: ada.id }).select())).toEqual([])
    expect(await done(cy.phone.from('memberships').delete().match({ team_id: id, user_id: cy.id }).select('role'))).toEqual([
      { role: 'member' },
    ])
    expect(await count(ada, 'memberships', 'user_id', cy.id)).toBe(0)
  })

  test('who isn’t in a team sees neither it nor who is', async () => {
    const outsider = await hiker('fay')
    expect(await count(outsider, 'teams', 'id', id)).toBe(0)
    expect(await count(outsider, 'memberships', 'team_id', id)).toBe(0)
  })
})

describe('trips', () => {
  test('a team’s trip is seen as long as one is in the team', async () => {
    const id = await team(ada, { admin: [], member: [bo] })
    const shared = await trip(ada, { visibility: 'team', team_id: id })
    expect(await count(bo, 'trips', 'id', shared)).toBe(1)
    expect(await count(cy, 'trips', 'id', shared)).toBe(0)
    await done(ada.phone.from('memberships').delete().match({ team_id: id, user_id: bo.id }))
    expect(await count(bo, 'trips', 'id', shared)).toBe(0)
  })

  test('nobody shares with a team they aren’t in, nor gives a trip away', async () => {
    const id = await team(ada, { admin: [], member: [] })
    expect(await refusal(bo.phone.from('trips').insert({ title: 'In', team_id: id }))).toBe('42501')
    const own = await trip(bo)
    expect(await refusal(bo.phone.from('trips').update({ team_id: id }).eq('id', own))).toBe('42501')
    expect(await refusal(bo.phone.from('trips').update({ owner_id: ada.id }).eq('id', own))).toBe('42501')
  })

  test('who has left a team may still take their trip out of it', async () => {
    const id = await team(ada, { admin: [], member: [bo] })
    const shared = await trip(bo, { visibility: 'team', team_id: id })
    await done(ada.phone.from('memberships').delete().match({ team_id: id, user_id: bo.id }))
    expect(
      await done(bo.phone.from('trips').update({ team_id: null, visibility: 'private' }).eq('id', shared).select('visibility')),
    ).toEqual([{ visibility: 'private' }])
  })

  test('a private journal’s words find it for its owner alone', async () => {
    const id = await trip(ada, { notes: 'We camped under gritstone', visibility: 'private' })
    const search = (by: Pick<Hiker, 'phone'>) =>
      done(by.phone.from('trips').select('id').textSearch('notes', '"camping under gritstone" -hut', { type: 'websearch' }))
    expect(await search(ada)).toEqual([{ id }])
    expect(await search(bo)).toEqual([])
    expect(await search({ phone: phone() })).toEqual([])
    await done(ada.phone.from('trips').update({ visibility: 'public' }).eq('id', id).select())
    expect(await search({ phone: phone() })).toEqual([{ id }])
  })

  test('a moderator doesn’t read private journals', async () => {
    expect(await count(mo, 'trips', 'id', await trip(ada))).toBe(0)
  })
})

describe('what hangs on a trip', () => {
  test('waypoints are seen with the trip and written by its owner', async () => {
    const own = await trip(ada)
    const point = { trip_id: own, lat: 54.46, lon: -3.1 }
    await done(ada.phone.from('waypoints').insert([point, point]))
    expect(await refusal(bo.phone.from('waypoints').insert(point))).toBe('42501')
    expect(await count(bo, 'waypoints', 'trip_id', own)).toBe(0)
    await done(ada.phone.from('trips').update({ visibility: 'public' }).eq('id', own))
    expect(await count(bo, 'waypoints', 'trip_id', own)).toBe(2)
    expect(await refusal(bo.phone.from('waypoints').insert(point))).toBe('42501')
  })

  test('comments are a tree that stays on its trip', async () => {
    const [here, there] = [await trip(ada, { visibility: 'public' }), await trip(ada, { visibility: 'public' })]
    const root = await done(bo.phone.from('comments').insert({ trip_id: here, body: 'How was the river?' }).select('id').single())
    await done(ada.phone.from('comments').insert({ trip_id: here, parent_id: root.id, body: 'Low.' }))
    expect(await refusal(ada.phone.from('comments').insert({ trip_id: there, parent_id: root.id, body: 'Lost' }))).toBe('42501')
    // An answer outlives what it answers.
    await done(bo.phone.from('comments').delete().eq('id', root.id))
    expect(await done(ada.phone.from('comments').select('body, parent_id').eq('trip_id', here))).toEqual([
      { body: 'Low.', parent_id: null },
    ])
  })

  test('a comment is removed by its author, the trip’s owner and a moderator, and nobody else', async () => {
    const open = await trip(ada, { visibility: 'public' })
    const said = async () => String((await done(bo.phone.from('comments').insert({ trip_id: open, body: 'Hm' }).select('id').single())).id)
    const removedBy = async (who: Hiker) => {
      const id = await said()
      return (await done(who.phone.from('comments').delete().eq('id', id).select('id'))).length
    }
    expect([await removedBy(bo), await removedBy(ada), await removedBy(mo), await removedBy(cy)]).toEqual([1, 1, 1, 0])
  })

  test('nobody comments on what they can’t see, or in another’s name', async () => {
    const [closed, open] = [await trip(ada), await trip(ada, { visibility: 'public' })]
    expect(await refusal(bo.phone.from('comments').insert({ trip_id: closed, body: 'Hello?' }))).toBe('42501')
    expect(await refusal(bo.phone.from('comments').insert({ trip_id: open, author_id: ada.id, body: 'I was wrong' }))).toBe('42501')
    expect(await refusal(phone().from('comments').insert({ trip_id: open, body: 'Me too' }))).not.toBeNull()
  })

  test('a trip goes with all that hangs on it, however long the talk', async () => {
    const own = await trip(ada, { visibility: 'public' })
    let parent: string | null = null
    for (let depth = 0; depth < 20; depth++) {
      const row: { id: string } = await done(
        ada.phone
          .from('comments')
          .insert({ trip_id: own, parent_id: parent, body: `${depth}` })
          .select('id')
          .single(),
      )
      parent = row.id
    }
    expect(await done(ada.phone.from('trips').delete().eq('id', own).select('id'))).toHaveLength(1)
    expect(await count(ada, 'comments', 'trip_id', own)).toBe(0)
  })
})

test('members come with their teams, and teams with their members', async () => {
  const id = await team(ada, { admin: [], member: [bo] })
  const rows = await done(bo.phone.from('teams').select('name, profiles(display_name)').eq('id', id))
  expect(rows).toMatchObject([{ name: 'Pass Hoppers' }])
  expect((rows[0] as { profiles: { display_name: string }[] }).profiles.map((profile) => profile.display_name).toSorted()).toEqual([
    'ada',
    'bo',
  ])
})

describe('trip_stats', () => {
  test('tells of a trip what is written of it, to those who see the trip', async () => {
    const [open, hidden] = [await trip(ada, { visibility: 'public', distance_m: 12_340 }), await trip(ada)]
    await done(ada.phone.from('waypoints').insert([1, 2].map((n) => ({ id: crypto.randomUUID(), trip_id: open, lat: n, lon: n }))))
    const select = 'title,distance_km,is_mine,trip_stats(waypoints,comments)'
    const own = (id: string) => done(ada.phone.from('trips').select(select).eq('id', id))
    expect(await own(open)).toEqual([
      { title: 'Over the pass', distance_km: 12.3, is_mine: true, trip_stats: { waypoints: 2, comments: 0 } },
    ])
    expect(await own(hidden)).toMatchObject([{ distance_km: null, trip_stats: { waypoints: 0 } }])
    expect(await done(bo.phone.from('trip_stats').select('waypoints').in('trip_id', [open, hidden]))).toEqual([{ waypoints: 2 }])
    expect(await done(phone().from('trips').select('is_mine').eq('id', open))).toEqual([{ is_mine: false }])
    expect(await refusal(ada.phone.from('trip_stats').delete().eq('trip_id', open))).toBe('55000')
  })
})
