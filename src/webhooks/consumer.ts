// Turns changes into deliveries. Which changes, in which order, and that none is passed over is the change feed's business.
import type { Change } from '../data'
import type { Model } from '../define'
import { run, type Statement } from '../platform'
import { deliveryId, insertDeliveries, type NewDelivery } from './delivery'
import { allEndpoints, isTold, PRIMARY, toEndpoint, type Endpoint } from './endpoint'
import { eventOf, typeOf } from './event'

/** A place in a store's log. */
export interface Origin {
  readonly store: string
  readonly epoch: string
}

/** By how much the clocks of two databases may differ, in milliseconds. */
const CLOCK_MS = 5_000

/** One delivery for each change and each endpoint that is told of it, in the order of changes. */
export async function deliveriesOf(
  model: Model,
  endpoints: readonly Endpoint[],
  { store, epoch }: Origin,
  changes: readonly Change[],
  isFor: (endpoint: Endpoint, change: Change) => boolean = () => true,
): Promise<NewDelivery[]> {
  const deliveries: NewDelivery[] = []
  for (const change of changes) {
    const table = model.tables.get(change.table)
    const type = table?.served ? typeOf(table, change) : null
    const told = type === null ? [] : endpoints.filter((endpoint) => isTold(endpoint, type) && isFor(endpoint, change))
    const event = told.length > 0 ? eventOf(table!, change) : null
    if (event === null) continue
    for (const { id: endpoint } of told) {
      const id = await deliveryId(endpoint, `${store}/${epoch}/${change.seq}`)
      deliveries.push({ ...event, id, endpoint, store, seq: change.seq })
    }
  }
  return deliveries
}

/**
 * The statements that make deliveries of a page of changes, for the primary store; and the endpoints that then have work. Made twice, they
 * do nothing the second time. What was written before an endpoint was made is not for it. `idle` when no endpoint is told of anything.
 */
export async function consume(
  db: D1Database,
  model: Model,
  origin: Origin,
  changes: readonly Change[],
  now: number,
): Promise<{ readonly statements: readonly Statement[]; readonly endpoints: readonly string[]; readonly idle: boolean }> {
  const [answer] = await run(db, [allEndpoints])
  const endpoints = answer!.results.map(toEndpoint)
  const slack = origin.store === PRIMARY ? 0 : CLOCK_MS
  const deliveries = await deliveriesOf(model, endpoints, origin, changes, ({ createdAt }, { at }) => at >= createdAt - slack)
  return {
    statements: insertDeliveries(deliveries, now),
    endpoints: [...new Set(deliveries.map(({ endpoint }) => endpoint))],
    idle: endpoints.every(({ state }) => state === 'disabled'),
  }
}
