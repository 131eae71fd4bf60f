// Methods that say what the answer is like, and what is done on the way.
import type { SupabaseClient } from '@supabase/supabase-js'
import { describe, expect, test } from 'vitest'
import { EVERY, names, rowsOf, type Phone } from './ask'

type Explained = PromiseLike<{ readonly data: unknown; readonly error: unknown }>

/** The types offer it only to clients that name a server version; the method is there all the same. */
interface Capped {
  maxAffected(rows: number): PromiseLike<{ readonly status: number; readonly error: { readonly code: string } | null }>
}

export function answers(phone: Phone): void {
  const ships = () => phone().from('ships').select('name')

  describe('transforms', () => {
    test('order', async () => {
      const rows = await rowsOf(
        phone().from('calls').select('id, hours').order('hours', { ascending: false, nullsFirst: false }).order('id'),
      )
      expect(rows.map(({ id }) => id)).toEqual([2, 1, 4, 3])
      const inner = await rowsOf(
        phone().from('ships').select('name, calls(id)').eq('name', 'Albatros').order('id', { referencedTable: 'calls', ascending: false }),
      )
      expect(inner).toEqual([{ name: 'Albatros', calls: [{ id: 3 }, { id: 2 }, { id: 1 }] }])
      const outer = await rowsOf(phone().from('calls').select('id, berths(slug)').order('berths(slug)').order('id'))
      expect(outer.map(({ id }) => id)).toEqual([1, 3, 4, 2])
    })
    test('limit', async () => {
      expect(await names(ships().order('name').limit(2))).toEqual(['Albatros', 'Brigg'])
      const rows = await rowsOf(
        phone()
          .from('ships')
          .select('calls(id)')
          .eq('name', 'Albatros')
          .order('id', { referencedTable: 'calls' })
          .limit(1, { referencedTable: 'calls' }),
      )
      expect(rows).toEqual([{ calls: [{ id: 1 }] }])
    })
    test('range', async () => {
      const { data, status, count } = await phone().from('ships').select('name', { count: 'exact' }).order('name').range(1, 3)
      expect([status, count, data?.map(({ name }) => name)]).toEqual([206, 5, ['Brigg', 'Corvette', 'Dinghy']])
    })
    test('single', async () => {
      expect(await rowsOf(ships().eq('name', 'Brigg').single())).toEqual({ name: 'Brigg' })
      const { status, error } = await ships().single()
      expect([status, error?.code, error?.details]).toEqual([
        406,
        'PGRST116',
        'Results contain 5 rows, application/vnd.pgrst.object+json requires 1 row',
      ])
    })
    test('maybeSingle', async () => {
      expect((await ships().eq('name', 'None').maybeSingle()).data).toBeNull()
      expect((await ships().eq('name', 'Brigg').maybeSingle()).data).toEqual({ name: 'Brigg' })
      expect((await ships().maybeSingle()).error?.code).toBe('PGRST116')
    })
  })

  describe('embedding', () => {
    test('foreign-key join', async () => {
      const rows = await rowsOf(
        phone().from('calls').select('id, ships(name), berth:berths!berth_id(slug, berth_details(details))').order('id'),
      )
      expect(rows[0]).toEqual({ id: 1, ships: { name: 'Albatros' }, berth: { slug: 'north', berth_details: { details: 'deep' } } })
      expect(rows[2]).toEqual({ id: 3, ships: { name: 'Albatros' }, berth: { slug: 'outer', berth_details: null } })
      const two = await rowsOf(
        phone().from('convoys').select('ahead:ships!convoys_leader_fkey(name), behind:ships!follower(name)').order('id'),
      )
      expect(two[0]).toEqual({ ahead: { name: 'Albatros' }, behind: { name: 'Brigg' } })
      const ambiguous = await phone().from('convoys').select('ships(name)')
      expect([ambiguous.status, ambiguous.error?.code]).toEqual([300, 'PGRST201'])
      const many = await rowsOf(
        phone().from('ships').select('name, goods(name)').order('name', { referencedTable: 'goods' }).eq('name', 'Albatros'),
      )
      expect(many).toEqual([{ name: 'Albatros', goods: [{ name: 'salt' }, { name: 'tar' }] }])
      const parts = await rowsOf(
        phone().from('berths').select('slug, parts:berths!part_of(slug), whole:part_of(slug)').order('id').limit(2),
      )
      expect(parts).toEqual([
        { slug: 'north', parts: [{ slug: 'south' }, { slug: 'outer' }], whole: null },
        { slug: 'south', parts: [], whole: { slug: 'north' } },
      ])
    })
    test('spread', async () => {
      expect(await rowsOf(phone().from('calls').select('id, ...berths(slug, ...berth_details(details))').order('id').limit(1))).toEqual([
        { id: 1, slug: 'north', details: 'deep' },
      ])
      expect(
        await rowsOf(
          phone().from('ships').select('name, ...calls(call:id)').eq('name', 'Albatros').order('id', { referencedTable: 'calls' }),
        ),
      ).toEqual([{ name: 'Albatros', call: [1, 2, 3] }])
    })
    test('!inner', async () => {
      expect(await names(phone().from('ships').select('name, calls!inner(id)').eq('calls.berth_id', 3))).toEqual(['Albatros', 'Brigg'])
    })
    test('nested, with filters on embedded columns', async () => {
      const rows = await rowsOf(
        phone()
          .from('berths')
          .select('slug, calls(id, ships(name, goods(name)))')
          .eq('calls.ships.name', 'Albatros')
          .gte('calls.hours', 1)
          .eq('calls.ships.goods.name', 'salt')
          .lte('id', 2)
          .order('id'),
      )
      const ship = { name: 'Albatros', goods: [{ name: 'salt' }] }
      expect(rows).toEqual([
        { slug: 'north', calls: [{ id: 1, ships: ship }] },
        { slug: 'south', calls: [{ id: 2, ships: ship }] },
      ])
      expect(await names(phone().from('ships').select('name, calls()').is('calls', null))).toEqual(['Corvette', 'Dinghy', 'Esker'])
    })
    test('aggregates', async () => {
      expect(
        await rowsOf(phone().from('calls').select('ship, fee.sum(), hours.avg(), hours.max(), first:id.min(), count()').order('ship')),
      ).toEqual([
        { ship: 'Albatros', sum: 19.75, avg: 2.25, max: 3, first: 1, count: 3 },
        { ship: 'Brigg', sum: 1, avg: 0.5, max: 0.5, first: 4, count: 1 },
      ])
      expect(await rowsOf(phone().from('ships').select('name, calls(count)').eq('name', 'Albatros'))).toEqual([
        { name: 'Albatros', calls: [{ count: 3 }] },
      ])
      expect(await rowsOf(phone().from('calls').select('...ships(status), hours.sum()').order('ships(status)'))).toEqual([
        { status: 'AT_SEA', sum: 4.5 },
        { status: 'IN_PORT', sum: 0.5 },
      ])
    })
  })

  describe('answers', () => {
    test('csv', async () => {
      const text = await rowsOf(
        phone().from('ships').select('name, status, draught, log').in('name', ['Albatros', 'Esker']).order('name').csv(),
      )
      const [head, first, second] = text.split('\n')
      expect([head, first]).toEqual(['name,status,draught,log', 'Albatros,AT_SEA,"[1,2)",'])
      expect(second).toContain('""mate""')
    })
    test('geojson', async () => {
      const found = await rowsOf(phone().from('berths').select('id, slug, place').eq('id', 1).geojson())
      expect(found).toEqual({
        type: 'FeatureCollection',
        features: [{ type: 'Feature', geometry: { type: 'Point', coordinates: [10.7, 59.9] }, properties: { id: 1, slug: 'north' } }],
      })
    })
    test('explain', async () => {
      const json = await rowsOf(phone().from('ships').select().eq('name', 'Brigg').explain({ format: 'json', verbose: true }) as Explained)
      expect(json).toMatchObject([{ Plan: expect.any(Object) }])
      const text = await rowsOf(phone().from('ships').select().eq('name', 'Brigg').explain() as Explained)
      expect(text).toMatch(/ships.*INDEX/s)
    })
    test('abortSignal', async () => {
      const cut = new AbortController()
      cut.abort()
      const { error, status } = await ships().abortSignal(cut.signal)
      expect([status, error?.message]).toEqual([0, expect.stringContaining('AbortError')])
      expect(await names(ships().abortSignal(AbortSignal.timeout(20_000)))).toEqual(EVERY)
    })
    test('setHeader', async () => {
      expect(await names(ships().order('name').setHeader('range', '0-1'))).toEqual(['Albatros', 'Brigg'])
    })
    test('throwOnError', async () => {
      await expect(phone().from('nothing').select().throwOnError()).rejects.toMatchObject({ code: 'PGRST205' })
      expect((await ships().throwOnError()).data).toHaveLength(5)
    })
    test('maxAffected', async () => {
      const capped = phone() as unknown as SupabaseClient<{ PostgrestVersion: '13' }>
      const refused = await (
        capped
          .from('calls')
          .update({ remark: 'x' } as never)
          .gt('id', 0) as unknown as Capped
      ).maxAffected(2)
      expect([refused.status, refused.error?.code]).toEqual([400, 'PGRST124'])
      const allowed = await (
        capped
          .from('calls')
          .update({ remark: 'Hello harbour 👋' } as never)
          .eq('id', 1) as unknown as Capped
      ).maxAffected(1)
      expect(allowed.error).toBeNull()
      expect(await rowsOf(phone().from('calls').select('id').eq('remark', 'x'))).toEqual([])
    })
    test('stripNulls', async () => {
      expect(await rowsOf(phone().from('berths').select('slug, place, part_of').eq('id', 1).stripNulls())).toEqual([
        { slug: 'north', place: { type: 'Point', coordinates: [10.7, 59.9] } },
      ])
    })
  })

  describe('control', () => {
    test('rpc', async () => {
      expect(await rowsOf(phone().rpc('status_of', { ship: 'Brigg' }))).toBe('IN_PORT')
      expect((await phone().rpc('status_of', { ship: 'none' })).data).toBeNull()
      expect(await rowsOf(phone().rpc('tally', { numbers: [1, 2] }, { get: true }))).toEqual([2, 3])
      const { data, status, error } = await phone().rpc('ring')
      expect([data, status, error]).toEqual([null, 204, null])
      const rows = await rowsOf(
        phone().rpc('ships_like', { start: '' }).select('name, calls(id)').neq('status', 'IN_PORT').order('name').limit(1),
      )
      expect(rows).toEqual([{ name: 'Albatros', calls: [{ id: 1 }, { id: 2 }, { id: 3 }] }])
      const counted = await phone().rpc('ships_like', { start: 'B' }, { head: true, count: 'exact' })
      expect([counted.count, counted.data]).toEqual([1, null])
      expect(await rowsOf(phone().rpc('ships_like', { start: 'B' }).select('name').single())).toEqual({ name: 'Brigg' })
      const unknown = await phone().rpc('ship_like', { start: 'B' })
      expect([unknown.status, unknown.error?.code]).toEqual([404, 'PGRST202'])
      const read = await phone().rpc('lay_up', { ship: 'Dinghy' }, { get: true })
      expect([read.status, read.error?.code]).toEqual([405, 'PGRST101'])
      expect(await rowsOf(phone().rpc('lay_up', { ship: 'Dinghy' }))).toBe('IN_PORT')
      await phone().from('ships').update({ status: 'AT_SEA' }).eq('name', 'Dinghy').throwOnError()
    })
    test('schema', async () => {
      const navy = phone().schema('navy')
      expect(await rowsOf(navy.from('ships').select('name, status').order('name'))).toEqual([
        { name: 'Albatros', status: 'LAID_UP' },
        { name: 'Zephyr', status: 'AT_SEA' },
      ])
      const made = await navy.from('ships').insert({ name: 'Yawl' }).select().single()
      expect([made.status, made.data]).toEqual([201, { name: 'Yawl', status: null }])
      await navy.from('ships').delete().eq('name', 'Yawl').throwOnError()
      const unknown = await phone().schema('none').from('ships').select()
      expect([unknown.status, unknown.error?.code]).toEqual([406, 'PGRST106'])
    })
    test('rollback', async () => {
      const tried = await phone()
        .from('ships')
        .insert({ name: 'Xebec', draught: '[1,4)' })
        .select('name, status, draught')
        .rollback()
        .single()
      expect([tried.status, tried.data]).toEqual([201, { name: 'Xebec', status: 'AT_SEA', draught: '[1,4)' }])
      const changed = await phone().from('ships').update({ status: 'IN_PORT' }).eq('name', 'Dinghy').select('status').rollback().single()
      expect(changed.data).toEqual({ status: 'IN_PORT' })
      const gone = await phone().from('convoys').delete().eq('id', 1).select('id').rollback()
      expect(gone.data).toEqual([{ id: 1 }])
      expect(await names(ships().in('name', ['Xebec', 'Dinghy']).eq('status', 'AT_SEA'))).toEqual(['Dinghy'])
      expect(await rowsOf(phone().from('convoys').select('id').order('id'))).toEqual([{ id: 1 }, { id: 2 }])
    })
    test('returns', async () => {
      expect(await rowsOf(ships().eq('name', 'Brigg').returns<{ name: string }[]>())).toEqual([{ name: 'Brigg' }])
    })
    test('overrideTypes', async () => {
      expect(await rowsOf(ships().eq('name', 'Brigg').overrideTypes<{ name: string }[], { merge: false }>())).toEqual([{ name: 'Brigg' }])
    })
    test('retry', async () => {
      expect(await names(ships().retry(false))).toEqual(EVERY)
    })
  })
}
