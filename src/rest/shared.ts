// Which answers strangers may share, and what tells one such answer from another. A table's rows are shared when it says so, and with
// rows of others when all of them do.
import { createHash } from 'node:crypto'
import type { Model } from '../define'
import { tablesOf } from '../query'
import { HEADERS, type Plan, type RestRequest } from './request'

/** Raised when answers to the same request change their form. */
const FORM = 1

const known = new WeakMap<Plan, number | null>()

/** Seconds for which a stranger's answer may be kept: the least that any of its tables says; null when one says nothing. */
export function sharedSeconds(model: Model, plan: Plan): number | null {
  const before = known.get(plan)
  if (before !== undefined) return before
  const seconds = [...tablesOf(plan.query)].map((name) => model.tables.get(name)?.cacheSeconds ?? null)
  const all = plan.media.plan || seconds.includes(null) ? null : Math.min(...seconds.filter((each) => each !== null))
  known.set(plan, all)
  return all
}

/** Names an answer by everything that it depends on, beside who asks and what the rows are. */
export function sharedKey(model: Model, { method, table, search, header }: RestRequest): string {
  const parts = search.split('&').filter((part) => !part.startsWith('apikey='))
  const text = JSON.stringify([FORM, modelHash(model), method, table, parts, HEADERS.map(header)])
  return createHash('sha256').update(text).digest('base64url')
}

const hashes = new WeakMap<Model, string>()

/** Policies, columns and all: an app that is deployed anew answers nothing from before. */
function modelHash(model: Model): string {
  const before = hashes.get(model)
  if (before !== undefined) return before
  const text = JSON.stringify(model, (_, value: unknown) =>
    value instanceof Map ? [...value] : typeof value === 'bigint' ? String(value) : value,
  )
  const hash = createHash('sha256').update(text).digest('base64url')
  hashes.set(model, hash)
  return hash
}
