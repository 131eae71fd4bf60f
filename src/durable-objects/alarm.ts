// Rings when somebody must look at a store's jobs: one is due that the queue couldn't keep so long, or a message seems lost. Holds no job:
// what is due is asked of the database each time, so nothing here can go stale or missing.
import { DurableObject } from 'cloudflare:workers'
import { sendDue } from '../jobs'
import { openStores, type Env } from '../platform'

/** No store is looked at more often, however much there is to do. */
const LEAST_MS = 2_000
/** When the database or the queue doesn't answer. */
const AGAIN_MS = 30_000

/** The alarm of one store, which its name says. */
export class Alarm extends DurableObject<Env> {
  /** Rings at `at` (UTC ms), or earlier when it was to ring earlier. */
  async wake(store: string, at: number): Promise<void> {
    if (this.ctx.storage.kv.get('store') !== store) this.ctx.storage.kv.put('store', store)
    const set = await this.ctx.storage.getAlarm()
    if (set === null || at < set) await this.ctx.storage.setAlarm(Math.max(at, Date.now()))
  }

  override async alarm(): Promise<void> {
    const name = this.ctx.storage.kv.get('store')
    const store = openStores(this.env, () => undefined).all.find((one) => one.name === name)
    if (!store) return
    const now = Date.now()
    const next = await sendDue(store, this.env, now).catch(() => now + AGAIN_MS)
    if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now() + LEAST_MS))
  }
}
