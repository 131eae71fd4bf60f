// Jobs that a function or another job asks for: the declaration and the payload become an operation of the caller's batch.
import { uuidv7 } from '../core'
import type { EnqueueOptions, JobDeclaration, JobModel, Model } from '../define'
import type { Cancel, Enqueue, PayloadReference } from '../query'
import { castText } from './arguments'
import { isReference } from './condition'
import { jsonOf } from './json'

const MAX_KEY_LENGTH = 200
/** A year. */
const MAX_DELAY_MS = 366 * 86_400_000

/** The declared job of that name. Throws a `TypeError` for one that the app doesn't list. */
function jobOf(model: Model, { name }: Pick<JobDeclaration, 'name'>): JobModel {
  const job = model.jobs.get(name)
  if (!job) throw new TypeError(`the app doesn't list the job "${name}"`)
  return job
}

/** Throws a `TypeError` for a payload that the job's schema refuses, and for options that make no sense. */
export function enqueueing(
  model: Model,
  declaration: Pick<JobDeclaration, 'name'>,
  payload: unknown,
  { delay, at, unique }: EnqueueOptions,
  now: number,
): Enqueue {
  const job = jobOf(model, declaration)
  const references: PayloadReference[] = []
  const text = jsonOf(withoutReferences(payload ?? null, [], references))
  if (text === null) throw new TypeError(`the payload of the job "${job.name}" holds what JSON has no word for`)
  const json: unknown = JSON.parse(text)
  // What only the database knows is judged when the job begins.
  const known = references.length > 0 ? undefined : readPayload(job, json)
  if (known && 'problem' in known) throw new TypeError(`the job "${job.name}" can't take that payload: ${known.problem}`)
  const key = unique ?? (known && job.unique ? job.unique(known.payload) : undefined)
  if (job.unique && key === undefined)
    throw new TypeError(`the job "${job.name}" is unique: say \`unique\` where its payload holds references`)
  if (key !== undefined && (key === '' || key.length > MAX_KEY_LENGTH))
    throw new TypeError(`a unique key has 1 to ${MAX_KEY_LENGTH} characters`)
  const due = dueAt(delay, at, now)
  return {
    kind: 'enqueue',
    table: 'sys_jobs',
    job: job.name,
    id: uuidv7(now),
    payload: json,
    ...(references.length > 0 ? { references } : {}),
    ...(due === undefined ? {} : { dueAt: due }),
    ...(key === undefined ? {} : { unique: key }),
  }
}

function dueAt(delay: number | undefined, at: Date | undefined, now: number): number | undefined {
  if (delay === undefined && at === undefined) return undefined
  if (delay !== undefined && at !== undefined) throw new TypeError('say `delay` or `at`, not both')
  const due = at === undefined ? now + (delay ?? 0) * 1000 : at.getTime()
  if (!Number.isFinite(due) || (delay ?? 0) < 0 || due - now > MAX_DELAY_MS)
    throw new TypeError('a job begins between now and 366 days from now')
  return Math.trunc(due)
}

/** The payload with null where references stood, which go into `found`. */
function withoutReferences(value: unknown, path: readonly (string | number)[], found: PayloadReference[]): unknown {
  // The schema makes one of its text again.
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (isReference(value)) {
    const quoted = path.find((key) => typeof key === 'string' && /["\\]/.test(key))
    if (quoted !== undefined) throw new TypeError(`a reference can't stand under the key ${JSON.stringify(quoted)}`)
    found.push({ path, reference: value.reference })
    return null
  }
  if (Array.isArray(value)) return value.map((member, i) => withoutReferences(member, [...path, i], found))
  if ('toJSON' in value) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutReferences(member, [...path, key], found)]))
}

/** A payload as the job's code gets it, out of its JSON; or why the schema refuses it. */
export function readPayload(job: JobModel, json: unknown): { readonly payload: unknown } | { readonly problem: string } {
  const parsed = job.payload.safeParse(castText(job.payload, json, false))
  if (parsed.success) return { payload: parsed.data }
  const [issue] = parsed.error.issues
  return { problem: `${issue?.path.map(String).join('.') || 'payload'}: ${issue?.message ?? 'it does not fit'}`.slice(0, 500) }
}

export function cancelling(
  model: Model,
  declaration: Pick<JobDeclaration, 'name'>,
  which: { readonly id?: string; readonly unique?: string },
): Cancel {
  const { name } = jobOf(model, declaration)
  if ((which.id === undefined) === (which.unique === undefined)) throw new TypeError('cancel() takes an id or a unique key')
  return { kind: 'cancel', table: 'sys_jobs', job: name, ...which }
}
