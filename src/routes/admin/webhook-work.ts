// Tells the queue that endpoints have something to do, after the answer. Whatever is lost on the way, the clock finds.
import type { AppContext } from '../../middleware'
import { tellQueue } from '../../webhooks'

export function tellWebhooks(c: AppContext, ids: readonly string[]): void {
  c.executionCtx.waitUntil(tellQueue(c.env, ids).catch(() => undefined))
}
