// Three handlers of the same changes, each as likely to do something twice as it can be: nothing in the table of what they saw would refuse it.
import { onChange } from 'perigee'
import { articles, herald, seen } from '../../apps/herald'

/** Many changes share a transaction. */
const writer = onChange(articles, { name: 'writer', from: 'beginning' }, ({ change, batch }) => {
  batch.insert(seen, { consumer: 'writer', change: change.id, key: String(change.key.id), nth: 0 })
})

/** Each change has its own, since each asks what was seen before. */
const reader = onChange(
  articles,
  { name: 'reader', ops: ['update'], columns: ['words'], from: 'beginning' },
  async ({ change, batch, db }) => {
    const key = String(change.key.id)
    const nth = await db.count(seen, { where: { consumer: 'reader', key } })
    batch.insert(seen, { consumer: 'reader', change: change.id, key, nth })
  },
)

/** One try in 2,500 fails, after it has asked for its write. */
const failing = onChange(articles, { name: 'failing', from: 'beginning', attempts: 50 }, ({ change, batch }) => {
  batch.insert(seen, { consumer: 'failing', change: change.id, key: String(change.key.id), nth: 0 })
  if (Math.random() < 0.0004) throw new Error('by chance')
})

export default herald(writer, reader, failing)
