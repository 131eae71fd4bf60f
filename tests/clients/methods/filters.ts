// Methods that write, and those that say which rows.
import { describe, expect, test } from 'vitest'
import { EVERY, names, rowsOf, type Phone } from './ask'

export function filters(phone: Phone): void {
  const ships = () => phone().from('ships').select('name')

  describe('core', () => {
    test('from', async () => {
      expect(await names(phone().from('ships').select())).toEqual(EVERY)
    })
    test('select', async () => {
      const [first] = await rowsOf(
        phone().from('ships').select('ship:name, status, log->mate->>name, crew:log->crew::text').eq('name', 'Esker'),
      )
      expect(first).toEqual({ ship: 'Esker', status: 'AT_SEA', name: 'Ida', crew: '12' })
      const counted = await phone().from('ships').select('*', { count: 'exact', head: true })
      expect([counted.count, counted.data]).toEqual([5, null])
    })
    test('insert', async () => {
      const { data, status } = await phone().from('berths').insert({ slug: 'new' }).select().single()
      expect([status, data]).toMatchObject([201, { slug: 'new', place: null, part_of: null }])
      const many = await phone()
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
      await phone().from('berths').delete().gt('id', 3).throwOnError()
    })
    test('update', async () => {
      const { data, status, count } = await phone()
        .from('calls')
        .update({ remark: 'Changed' }, { count: 'exact' })
        .eq('id', 4)
        .select('id, remark')
      expect([status, count, data]).toEqual([200, 1, [{ id: 4, remark: 'Changed' }]])
      const silent = await phone().from('calls').update({ remark: 'Nothing to report' }).eq('id', 4)
      expect([silent.status, silent.data]).toEqual([204, null])
    })
    test('delete', async () => {
      await phone().from('goods').insert({ id: 9, name: 'wax', price: 1 }).throwOnError()
      const { data, count, status } = await phone().from('goods').delete({ count: 'exact' }).eq('id', 9).select()
      expect([status, count, data]).toEqual([200, 1, [{ id: 9, name: 'wax', price: 1 }]])
    })
    test('upsert', async () => {
      const merged = await phone().from('ships').upsert({ name: 'Brigg', motto: 'storm sail' }).select('name, status, motto').single()
      expect([merged.status, merged.data]).toEqual([200, { name: 'Brigg', status: 'IN_PORT', motto: 'storm sail' }])
      const ignored = await phone()
        .from('ships')
        .upsert({ name: 'Brigg', motto: 'no' }, { onConflict: 'name', ignoreDuplicates: true })
        .select()
      expect([ignored.status, ignored.data]).toEqual([201, []])
      await phone().from('ships').update({ motto: 'sail storm' }).eq('name', 'Brigg').throwOnError()
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
      expect(await rowsOf(phone().from('calls').select('id').isDistinct('hours', 3).order('id'))).toEqual([{ id: 1 }, { id: 3 }, { id: 4 }])
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
        phone().from('ships').select('name, calls(id)').eq('name', 'Albatros').or('id.eq.1,id.eq.3', { referencedTable: 'calls' }),
      )
      expect(embedded).toEqual([{ name: 'Albatros', calls: [{ id: 1 }, { id: 3 }] }])
    })
    test('not', async () => expect(await names(ships().not('status', 'eq', 'AT_SEA'))).toEqual(['Brigg']))
    test('filter', async () => {
      expect(await names(ships().filter('name', 'in', '(Brigg,"Esker")'))).toEqual(['Brigg', 'Esker'])
      const rows = await rowsOf(
        phone().from('ships').select('name, calls!inner(remark)').filter('calls.remark', 'like', 'Nothing%').order('name'),
      )
      expect(rows).toEqual(['Albatros', 'Brigg'].map((name) => ({ name, calls: [{ remark: 'Nothing to report' }] })))
    })
  })

  describe('regular expressions', () => {
    test('regexMatch', async () => {
      expect(await names(ships().regexMatch('name', '^[A-C]'))).toEqual(['Albatros', 'Brigg', 'Corvette'])
      expect(await names(ships().regexMatch('name', 'g{2}$|tt.$'))).toEqual(['Brigg', 'Corvette'])
    })
    test('regexIMatch', async () => expect(await names(ships().regexIMatch('name', '^d|K'))).toEqual(['Dinghy', 'Esker']))
  })

  describe('ranges', () => {
    test('rangeGt', async () => expect(await names(ships().rangeGt('draught', '[2,25)'))).toEqual(['Brigg', 'Corvette']))
    test('rangeGte', async () =>
      expect(await names(ships().rangeGte('draught', '[2,25)'))).toEqual(['Brigg', 'Corvette', 'Dinghy', 'Esker']))
    test('rangeLt', async () => expect(await names(ships().rangeLt('draught', '[2,25)'))).toEqual(['Albatros']))
    test('rangeLte', async () => expect(await names(ships().rangeLte('draught', '[2,25)'))).toEqual(['Albatros']))
    test('rangeAdjacent', async () => {
      expect(await names(ships().rangeAdjacent('draught', '[2,25)'))).toEqual(['Albatros', 'Brigg', 'Corvette'])
      expect(await rowsOf(phone().from('ships').select('draught').eq('name', 'Albatros').single())).toEqual({ draught: '[1,2)' })
    })
  })

  describe('quantified', () => {
    const berths = (operator: string, list: string) => rowsOf(phone().from('berths').select('id').filter('id', operator, list).order('id'))
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
    // PostgREST has neither: its parser refuses them, and so do we.
    const refused = async (operator: string) => {
      const { status, error } = await phone().from('berths').select('id').filter('id', operator, '{1,2}')
      expect([status, error?.code]).toEqual([400, 'PGRST100'])
    }
    test('neq(any)', () => refused('neq(any)'))
    test('neq(all)', () => refused('neq(all)'))
  })
}
