// The engine's own follower of the change log: makes deliveries of what endpoints are told of, and has the queue send them.
import type { Consumer } from '../changes'
import type { Model } from '../define'
import { run } from '../platform'
import { consume } from './consumer'
import { FOLLOWER, restFollower } from './endpoint'
import { tellQueue } from './work'

/** What can't be handled is the database's trouble, never one change's; so this is of no account. */
const ATTEMPTS = 50
/** The minute's cron ends a rest, so that what follows the cursor is never old. */
const REST_MS = 3600 * 1000

/** Follows every served table. */
export function webhookConsumer(model: Model): Consumer {
  return {
    name: FOLLOWER,
    wants: {
      tables: [...model.tables.values()].filter(({ served, view }) => served && !view).map(({ name }) => name),
      ops: null,
      columns: null,
    },
    from: 'now',
    attempts: ATTEMPTS,
    async handle({ store, epoch, changes, commit }, { env, stores, now, called }) {
      const { db, name } = stores.primary
      called()
      const { statements, endpoints, idle } = await consume(db, model, { store, epoch }, changes, now)
      // Deliveries are in the primary store. Of another store's changes they are made first: made twice, they are one.
      if (idle) await commit(null, { statements: [restFollower(now + REST_MS)] })
      else if (store === name) await commit(null, { statements })
      else {
        called()
        await run(db, statements)
        await commit(null)
      }
      // The deliveries stand; a message that can't be sent is made up for by the clock.
      await tellQueue(env, endpoints).catch(() => undefined)
    },
  }
}
