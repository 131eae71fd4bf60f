// Trailhead tells the owner of a trip that somebody commented: over HTTP, through the change feed's object and the queue.
import { expect, test, vi } from 'vitest'
import { done, hiker, refusal } from './people'

test('the owner finds each comment of others once, nobody else does, and nobody makes one up', async () => {
  const ada = await hiker('ada')
  const bo = await hiker('bo')
  const trip = await done(ada.phone.from('trips').insert({ title: 'Over the pass', visibility: 'public' }).select('id').single())
  const comment = await done(bo.phone.from('comments').insert({ trip_id: trip.id, body: 'Well walked' }).select('id').single())
  await done(ada.phone.from('comments').insert({ trip_id: trip.id, body: 'Thank you' }))
  const second = await done(bo.phone.from('comments').insert({ trip_id: trip.id, body: 'Again soon?' }).select('id').single())

  const found = () => done(ada.phone.from('notifications').select('comment_id,actor_id,read_at').order('created_at'))
  await vi.waitFor(async () => expect(await found()).toHaveLength(2), { timeout: 20_000, interval: 100 })
  expect(await found()).toEqual([comment, second].map(({ id }) => ({ comment_id: id, actor_id: bo.id, read_at: null })))
  expect(await done(bo.phone.from('notifications').select())).toEqual([])

  const made = { user_id: ada.id, trip_id: trip.id, comment_id: comment.id, actor_id: bo.id }
  expect(await refusal(bo.phone.from('notifications').insert(made))).not.toBeNull()
  expect(await refusal(ada.phone.from('notifications').update({ actor_id: ada.id }).eq('comment_id', comment.id))).not.toBeNull()
  await done(ada.phone.from('notifications').update({ read_at: new Date().toISOString() }).eq('comment_id', comment.id))
  expect((await found()).filter(({ read_at }) => read_at === null)).toHaveLength(1)
  // A comment that is gone takes its notification along.
  await done(bo.phone.from('comments').delete().eq('id', comment.id))
  expect(await found()).toHaveLength(1)
}, 30_000)
