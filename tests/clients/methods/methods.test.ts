// Every method of postgrest-js against the built Worker on a real port; README.md has the table. A method that isn't here fails the last test.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SupabaseClient } from '@supabase/supabase-js'
import { openHarbour, type Harbour } from './harbour'

let harbour: Harbour
let db: SupabaseClient

beforeAll(async () => {
  harbour = await openHarbour()
  db = harbour.client
}, 120_000)

afterAll(() => harbour?.close())

/** The answer's rows; fails on an error. */
async function rowsOf<T>(query: PromiseLike<{ readonly data: T; readonly error: unknown }>): Promise<NonNullable<T>> {
  const { data, error } = await query
  expect(error).toBeNull()
  return data as NonNullable<T>
}

/** The names of the ships that a filter keeps, in order. */
async function names(query: PromiseLike<{ readonly data: unknown; readonly error: unknown }>): Promise<string[]> {
  return ((await rowsOf(query)) as { name: string }[]).map(({ name }) => name).toSorted()
}

const ships = () => db.from('ships').select('name')
const EVERY = ['Albatros', 'Brigg', 'Corvette', 'Dinghy', 'Esker']

describe('core', () => {
  test('from', async () => {
    expect(await names(db.from('ships').select())).toEqual(EVERY)
  })
  test('select', async () => {
    const [first] = await rowsOf(db.from('ships').select('ship:name, status, log->mate->>name, crew:log->crew::text').eq('name', 'Esker'))
    expect(first).toEqual({ ship: 'Esker', status: 'AT_SEA', name: 'Ida', crew: '12' })
    const counted = await db.from('ships').select('*', { count: 'exact', head: true })
    expect([counted.count, counted.data]).toEqual([5, null])
  })
  test('insert', async () => {
    const { data, status } = await db.from('berths').insert({ slug: 'new' }).select().single()
    expect([status, data]).toMatchObject([201, { slug: 'new', place: null, part_of: null }])
    const many = await db
      .from('berths')
      .insert([{ slug: 'a' }, { part_of: 1 }], { count: 'exact' })
      .select('slug, part_of')
    expect([many.status, many.count, many.data]).toEqual([
      201,
      2,
      [
        { slug: 'a', part_of: null },
        { slug: null, part_of: 1 },
      ],
    ])
    await db.from('berths').delete().gt('id', 3).throwOnError()
  })
  test('update', async () => {
    const { data, status, count } = await db
      .from('calls')
      .update({ remark: 'Changed' }, { count: 'exact' })
      .eq('id', 4)
      .select('id, remark')
    expect([status, count, data]).toEqual([200, 1, [{ id: 4, remark: 'Changed' }]])
    const silent = await db.from('calls').update({ remark: 'Nothing to report' }).eq('id', 4)
    expect([silent.status, silent.data]).toEqual([204, null])
  })
  test('delete', async () => {
    await db.from('goods').insert({ id: 9, name: 'wax', price: 1 }).throwOnError()
    const { data, count, status } = await db.from('goods').delete({ count: 'exact' }).eq('id', 9).select()
    expect([status, count, data]).toEqual([200, 1, [{ id: 9, name: 'wax', price: 1 }]])
  })
  test('upsert', async () => {
    const merged = await db.from('ships').upsert({ name: 'Brigg', motto: 'storm sail' }).select('name, status, motto').single()
    expect([merged.status, merged.data]).toEqual([200, { name: 'Brigg', status: 'IN_PORT', motto: 'storm sail' }])
    const ignored = await db.from('ships').upsert({ name: 'Brigg', motto: 'no' }, { onConflict: 'name', ignoreDuplicates: true }).select()
    expect([ignored.status, ignored.data]).toEqual([201, []])
    await db.from('ships').update({ motto: 'sail storm' }).eq('name', 'Brigg').throwOnError()
  })
})

describe('comparison', () => {
  test('eq', async () => expect(await names(ships().eq('name', 'Brigg'))).toEqual(['Brigg']))
  test('neq', async () => expect(await names(ships().neq('status', 'AT_SEA'))).toEqual(['Brigg']))
  test('gt', async () => expect(await names(ships().gt('name', 'Corvette'))).toEqual(['Dinghy', 'Esker']))
  test('gte', async () => expect(await names(ships().gte('name', 'Dinghy'))).toEqual(['Dinghy', 'Esker']))
  test('lt', async () => expect(await names(ships().lt('name', 'Brigg'))).toEqual(['Albatros']))
  test('lte', async () => expect(await names(ships().lte('name', 'Brigg'))).toEqual(['Albatros', 'Brigg']))
  test('in', async () => {
    expect(await names(ships().in('name', ['Brigg', 'Esker', 'none, "such"']))).toEqual(['Brigg', 'Esker'])
    expect(await names(ships().in('name', []))).toEqual([])
  })
  test('notIn', async () => expect(await names(ships().notIn('name', ['Brigg', 'Esker']))).toEqual(['Albatros', 'Corvette', 'Dinghy']))
  test('is', async () => {
    expect(await names(ships().is('log', null))).toEqual(['Albatros', 'Brigg', 'Corvette', 'Dinghy'])
    expect(await names(ships().not('log', 'is', null))).toEqual(['Esker'])
  })
  test('isDistinct', async () => {
    expect(await rowsOf(db.from('calls').select('id').isDistinct('hours', 3).order('id'))).toEqual([{ id: 1 }, { id: 3 }, { id: 4 }])
  })
})

describe('pattern', () => {
  test('like', async () => {
    expect(await names(ships().like('name', '%r%'))).toEqual(['Albatros', 'Brigg', 'Corvette', 'Esker'])
    expect(await names(ships().like('name', '%R%'))).toEqual([])
  })
  test('ilike', async () => expect(await names(ships().ilike('name', '%BRI%'))).toEqual(['Brigg']))
  test('likeAllOf', async () => expect(await names(ships().likeAllOf('name', ['%r%', '%tt%']))).toEqual(['Corvette']))
  test('likeAnyOf', async () => expect(await names(ships().likeAnyOf('name', ['%tt%', 'D%']))).toEqual(['Corvette', 'Dinghy']))
  test('ilikeAllOf', async () => expect(await names(ships().ilikeAllOf('name', ['%R%', '%TT%']))).toEqual(['Corvette']))
  test('ilikeAnyOf', async () => expect(await names(ships().ilikeAnyOf('name', ['%TT%', 'd%']))).toEqual(['Corvette', 'Dinghy']))
})

describe('arrays and JSON', () => {
  test('contains', async () => {
    expect(await names(ships().contains('flags', ['A']))).toEqual(['Albatros', 'Esker'])
    expect(await names(ships().contains('flags', ['D E']))).toEqual(['Esker'])
    expect(await names(ships().contains('log', { mate: { name: 'Ida' } }))).toEqual(['Esker'])
    expect(await names(ships().contains('log', { ports: [{ at: 'Riga' }] }))).toEqual(['Esker'])
    expect(await names(ships().contains('draught', '[26,27)'))).toEqual(['Brigg', 'Corvette', 'Dinghy', 'Esker'])
  })
  test('containedBy', async () => {
    expect(await names(ships().containedBy('flags', ['A', 'B', 'C']))).toEqual(['Albatros', 'Brigg', 'Corvette'])
    expect(await names(ships().containedBy('log', { mate: {} }))).toEqual([])
    expect(await names(ships().containedBy('draught', '[1,3)'))).toEqual(['Albatros'])
  })
  test('overlaps', async () => {
    expect(await names(ships().overlaps('flags', ['C', 'X']))).toEqual(['Brigg', 'Esker'])
    expect(await names(ships().overlaps('draught', '[2,25)'))).toEqual(['Dinghy', 'Esker'])
  })
})

describe('full text', () => {
  test('textSearch', async () => {
    expect(await names(ships().textSearch('motto', `'storm' & 'sail'`))).toEqual(['Brigg'])
    expect(await names(ships().textSearch('motto', 'storms', { config: 'english' }))).toEqual(['Brigg', 'Corvette'])
  })
  test('fts', async () => {
    expect(await names(ships().filter('motto', 'fts', 'swift | water'))).toEqual(['Albatros', 'Dinghy', 'Esker'])
    expect(await names(ships().filter('motto', 'fts(english)', 'sail & !storm'))).toEqual(['Albatros'])
    expect(await names(ships().not('motto', 'fts', 'sail'))).toEqual(['Corvette', 'Dinghy', 'Esker'])
  })
  test('plfts', async () => {
    expect(await names(ships().textSearch('motto', `'sail' & 'swift'`, { type: 'plain', config: 'english' }))).toEqual(['Albatros'])
  })
  test('phfts', async () => {
    expect(await names(ships().textSearch('motto', 'storm gale', { type: 'phrase' }))).toEqual(['Corvette'])
    expect(await names(ships().textSearch('motto', 'gale storm', { type: 'phrase' }))).toEqual([])
  })
  test('wfts', async () => {
    expect(await names(ships().textSearch('motto', '"still water" or gale -swift', { type: 'websearch' }))).toEqual(['Corvette', 'Esker'])
  })
})

describe('advanced', () => {
  test('match', async () => expect(await names(ships().match({ name: 'Brigg', status: 'IN_PORT' }))).toEqual(['Brigg']))
  test('or', async () => {
    expect(await names(ships().or('status.eq.IN_PORT,and(name.gt.D,log.is.null)'))).toEqual(['Brigg', 'Dinghy'])
    const embedded = await rowsOf(
      db.from('ships').select('name, calls(id)').eq('name', 'Albatros').or('id.eq.1,id.eq.3', { referencedTable: 'calls' }),
    )
    expect(embedded).toEqual([{ name: 'Albatros', calls: [{ id: 1 }, { id: 3 }] }])
  })
  test('not', async () => expect(await names(ships().not('status', 'eq', 'AT_SEA'))).toEqual(['Brigg']))
  test('filter', async () => {
    expect(await names(ships().filter('name', 'in', '(Brigg,"Esker")'))).toEqual(['Brigg', 'Esker'])
    const rows = await rowsOf(db.from('ships').select('name, calls!inner(remark)').filter('calls.remark', 'like', 'Nothing%').order('name'))
    expect(rows).toEqual(['Albatros', 'Brigg'].map((name) => ({ name, calls: [{ remark: 'Nothing to report' }] })))
  })
})

describe('regular expressions', () => {
  test('regexMatch', async () => {
    expect(await names(ships().regexMatch('name', '^[A-C]'))).toEqual(['Albatros', 'Brigg', 'Corvette'])
    expect(await names(ships().regexMatch('name', 'g{2}$|tt.$'))).toEqual(['Brigg'])
  })
  test('regexIMatch', async () => expect(await names(ships().regexIMatch('name', '^d|K'))).toEqual(['Dinghy', 'Esker']))
})

describe('ranges', () => {
  test('rangeGt', async () => expect(await names(ships().rangeGt('draught', '[2,25)'))).toEqual(['Brigg', 'Corvette']))
  test('rangeGte', async () => expect(await names(ships().rangeGte('draught', '[2,25)'))).toEqual(['Brigg', 'Corvette', 'Dinghy', 'Esker']))
  test('rangeLt', async () => expect(await names(ships().rangeLt('draught', '[2,25)'))).toEqual(['Albatros']))
  test('rangeLte', async () => expect(await names(ships().rangeLte('draught', '[2,25)'))).toEqual(['Albatros']))
  test('rangeAdjacent', async () => {
    expect(await names(ships().rangeAdjacent('draught', '[2,25)'))).toEqual(['Albatros', 'Brigg', 'Corvette'])
    expect(await rowsOf(db.from('ships').select('draught').eq('name', 'Albatros').single())).toEqual({ draught: '[1,2)' })
  })
})

describe('quantified', () => {
  const berths = (operator: string, list: string) => rowsOf(db.from('berths').select('id').filter('id', operator, list).order('id'))
  const ids = async (operator: string, list: string) => ((await berths(operator, list)) as { id: number }[]).map(({ id }) => id)
  test('eq(any)', async () => expect(await ids('eq(any)', '{1,3}')).toEqual([1, 3]))
  test('eq(all)', async () => expect([await ids('eq(all)', '{2,2}'), await ids('eq(all)', '{2,3}')]).toEqual([[2], []]))
  test('gt(any)', async () => expect(await ids('gt(any)', '{2,9}')).toEqual([3]))
  test('gt(all)', async () => expect(await ids('gt(all)', '{1,2}')).toEqual([3]))
  test('gte(any)', async () => expect(await ids('gte(any)', '{2,9}')).toEqual([2, 3]))
  test('gte(all)', async () => expect(await ids('gte(all)', '{1,2}')).toEqual([2, 3]))
  test('lt(any)', async () => expect(await ids('lt(any)', '{2,0}')).toEqual([1]))
  test('lt(all)', async () => expect(await ids('lt(all)', '{2,3}')).toEqual([1]))
  test('lte(any)', async () => expect(await ids('lte(any)', '{2,0}')).toEqual([1, 2]))
  test('lte(all)', async () => expect(await ids('lte(all)', '{2,3}')).toEqual([1, 2]))
  test('neq(any), neq(all)', async () => {
    // PostgREST has neither: its parser refuses them, and so do we.
    for (const operator of ['neq(any)', 'neq(all)']) {
      const { status, error } = await db.from('berths').select('id').filter('id', operator, '{1,2}')
      expect([status, error?.code]).toEqual([400, 'PGRST100'])
    }
  })
})

describe('transforms', () => {
  test('order', async () => {
    const rows = await rowsOf(db.from('calls').select('id, hours').order('hours', { ascending: false, nullsFirst: false }).order('id'))
    expect(rows.map(({ id }) => id)).toEqual([2, 1, 4, 3])
    const inner = await rowsOf(
      db.from('ships').select('name, calls(id)').eq('name', 'Albatros').order('id', { referencedTable: 'calls', ascending: false }),
    )
    expect(inner).toEqual([{ name: 'Albatros', calls: [{ id: 3 }, { id: 2 }, { id: 1 }] }])
    const outer = await rowsOf(db.from('calls').select('id, berths(slug)').order('berths(slug)').order('id'))
    expect(outer.map(({ id }) => id)).toEqual([1, 3, 4, 2])
  })
  test('limit', async () => {
    expect(await names(ships().order('name').limit(2))).toEqual(['Albatros', 'Brigg'])
    const rows = await rowsOf(
      db
        .from('ships')
        .select('calls(id)')
        .eq('name', 'Albatros')
        .order('id', { referencedTable: 'calls' })
        .limit(1, { referencedTable: 'calls' }),
    )
    expect(rows).toEqual([{ calls: [{ id: 1 }] }])
  })
  test('range', async () => {
    const { data, status, count } = await db.from('ships').select('name', { count: 'exact' }).order('name').range(1, 3)
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
    const rows = await rowsOf(db.from('calls').select('id, ships(name), berth:berths!berth_id(slug, berth_details(details))').order('id'))
    expect(rows[0]).toEqual({ id: 1, ships: { name: 'Albatros' }, berth: { slug: 'north', berth_details: { details: 'deep' } } })
    expect(rows[2]).toEqual({ id: 3, ships: { name: 'Albatros' }, berth: { slug: 'outer', berth_details: null } })
    const two = await rowsOf(db.from('convoys').select('ahead:ships!convoys_leader_fkey(name), behind:ships!follower(name)').order('id'))
    expect(two[0]).toEqual({ ahead: { name: 'Albatros' }, behind: { name: 'Brigg' } })
    const ambiguous = await db.from('convoys').select('ships(name)')
    expect([ambiguous.status, ambiguous.error?.code]).toEqual([300, 'PGRST201'])
    const many = await rowsOf(
      db.from('ships').select('name, goods(name)').order('name', { referencedTable: 'goods' }).eq('name', 'Albatros'),
    )
    expect(many).toEqual([{ name: 'Albatros', goods: [{ name: 'salt' }, { name: 'tar' }] }])
    const parts = await rowsOf(db.from('berths').select('slug, parts:berths!part_of(slug), whole:part_of(slug)').order('id').limit(2))
    expect(parts).toEqual([
      { slug: 'north', parts: [{ slug: 'south' }, { slug: 'outer' }], whole: null },
      { slug: 'south', parts: [], whole: { slug: 'north' } },
    ])
  })
  test('spread', async () => {
    expect(await rowsOf(db.from('calls').select('id, ...berths(slug, ...berth_details(details))').order('id').limit(1))).toEqual([
      { id: 1, slug: 'north', details: 'deep' },
    ])
    expect(
      await rowsOf(db.from('ships').select('name, ...calls(call:id)').eq('name', 'Albatros').order('id', { referencedTable: 'calls' })),
    ).toEqual([{ name: 'Albatros', call: [1, 2, 3] }])
  })
  test('!inner', async () => {
    expect(await names(db.from('ships').select('name, calls!inner(id)').eq('calls.berth_id', 3))).toEqual(['Albatros', 'Brigg'])
  })
  test('nested, with filters on embedded columns', async () => {
    const rows = await rowsOf(
      db
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
    expect(await names(db.from('ships').select('name, calls()').is('calls', null))).toEqual(['Corvette', 'Dinghy', 'Esker'])
  })
  test('aggregates', async () => {
    expect(
      await rowsOf(db.from('calls').select('ship, fee.sum(), hours.avg(), hours.max(), first:id.min(), count()').order('ship')),
    ).toEqual([
      { ship: 'Albatros', sum: 19.75, avg: 2.25, max: 3, first: 1, count: 3 },
      { ship: 'Brigg', sum: 1, avg: 0.5, max: 0.5, first: 4, count: 1 },
    ])
    expect(await rowsOf(db.from('ships').select('name, calls(count)').eq('name', 'Albatros'))).toEqual([
      { name: 'Albatros', calls: [{ count: 3 }] },
    ])
    expect(await rowsOf(db.from('calls').select('...ships(status), hours.sum()').order('ships(status)'))).toEqual([
      { status: 'AT_SEA', sum: 4.5 },
      { status: 'IN_PORT', sum: 0.5 },
    ])
  })
})

describe('answers', () => {
  test('csv', async () => {
    const text = await rowsOf(db.from('ships').select('name, status, draught, log').in('name', ['Albatros', 'Esker']).order('name').csv())
    const [head, first, second] = text.split('\n')
    expect([head, first]).toEqual(['name,status,draught,log', 'Albatros,AT_SEA,"[1,2)",'])
    expect(second).toContain('""mate""')
  })
  test('geojson', async () => {
    const found = await rowsOf(db.from('berths').select('id, slug, place').eq('id', 1).geojson())
    expect(found).toEqual({
      type: 'FeatureCollection',
      features: [{ type: 'Feature', geometry: { type: 'Point', coordinates: [10.7, 59.9] }, properties: { id: 1, slug: 'north' } }],
    })
  })
  test('explain', async () => {
    const json = await rowsOf(db.from('ships').select().eq('name', 'Brigg').explain({ format: 'json', verbose: true }))
    expect(json).toMatchObject([{ Plan: expect.any(Object) }])
    const text = await rowsOf(db.from('ships').select().eq('name', 'Brigg').explain())
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
    await expect(db.from('nothing').select().throwOnError()).rejects.toMatchObject({ code: 'PGRST205' })
    expect((await ships().throwOnError()).data).toHaveLength(5)
  })
  test('maxAffected', async () => {
    const capped = db as unknown as SupabaseClient<{ PostgrestVersion: '13' }>
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
    expect(await rowsOf(db.from('calls').select('id').eq('remark', 'x'))).toEqual([])
  })
  test('stripNulls', async () => {
    expect(await rowsOf(db.from('berths').select('slug, place, part_of').eq('id', 1).stripNulls())).toEqual([
      { slug: 'north', place: { type: 'Point', coordinates: [10.7, 59.9] } },
    ])
  })
})

/** The types offer it only to clients that name a server version; the method is there all the same. */
interface Capped {
  maxAffected(rows: number): PromiseLike<{ readonly status: number; readonly error: { readonly code: string } | null }>
}
