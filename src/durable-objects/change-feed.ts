// One object a store: hears that something was written, sees who is behind in the log, and wakes them through the queue. Runs no code of the app
// and holds nothing that its loss would lose: cursors are in the store.
import { DurableObject } from 'cloudflare:workers'
import { planWakes, readWaiters, type Woken } from '../changes'
import { openStores, type Env } from '../platform'

export class ChangeFeed extends DurableObject<Env> {
  #woken: Woken = new Map()
  #pause = 0

  /** Something may have been written to the store. */
  async poke(store: string): Promise<void> {
    if (this.ctx.storage.kv.get('store') !== store) this.ctx.storage.kv.put('store', store)
    this.#pause = 0
    await this.#look(store)
  }

  /** A run of the consumer has ended: whatever follows its cursor now needs another. */
  async rested(store: string, name: string): Promise<void> {
    const woken = new Map(this.#woken)
    woken.delete(name)
    this.#woken = woken
    await this.poke(store)
  }

  override async alarm(): Promise<void> {
    const store = this.ctx.storage.kv.get('store')
    if (typeof store === 'string') await this.#look(store)
  }

  async #look(name: string): Promise<void> {
    const store = openStores(this.env, () => undefined).all.find((one) => one.name === name)
    if (!store) return
    const waiters = await readWaiters(store)
    // No `await` between planning and remembering: two looks can't wake one consumer.
    const { wake, woken, lookAt, pause } = planWakes(waiters, this.#woken, Date.now(), this.#pause)
    this.#woken = woken
    this.#pause = pause
    if (wake.length > 0) await this.env.JOBS?.sendBatch(wake.map((consumer) => ({ body: { consumer, store: name } })))
    const set = await this.ctx.storage.getAlarm()
    if (lookAt !== null && (set === null || set > lookAt)) await this.ctx.storage.setAlarm(lookAt)
  }
}
