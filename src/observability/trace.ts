// What recent requests asked of the database, for the start page. Lives in the isolate, in development only.
import type { DatabaseCall } from '../platform'
import type { Cost } from './cost'

export interface Trace {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly calls: readonly DatabaseCall[]
}

const KEPT = 200
const traces = new Map<string, Trace>()

/** Keeps a request's calls; the oldest is forgotten when there are too many. */
export function recordTrace(requestId: string, method: string, path: string, cost: Cost): void {
  if (cost.calls === null || cost.calls.length === 0) return
  traces.set(requestId, { requestId, method, path, calls: cost.calls })
  const oldest = traces.keys().next().value
  if (traces.size > KEPT && oldest !== undefined) traces.delete(oldest)
}

/** The calls of a request; null when it made none or is forgotten. */
export function readTrace(requestId: string): Trace | null {
  return traces.get(requestId) ?? null
}
