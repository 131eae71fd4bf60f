// A job taken in or called off: one statement in the batch of what asks for it, so that there is never the one without the other.
import { AppError } from '../core'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { queryErrors, tooComplex } from './errors'
import type { Cancel, Enqueue } from './query'
import { require } from './raise'
import { referenceJson } from './reference'
import { sessionLives } from './session'
import { bind, join, literal, NULL, number, render, sql, type Sql } from './sql'
import { keepChanges, type Keep } from './write-keep'

/** What a queue delays a message by at most: Cloudflare's 24 hours, with room for clocks that differ. */
export const DELAY_LIMIT_MS = 23 * 3600 * 1000
/** How long a message that was sent may be on its way before it counts as lost. */
export const GRACE_MS = 30_000
const MAX_REFERENCES = 20

/** When to look after a job: in time to send it, if the queue can't keep it so long, else when its message would be late. */
export function lookAtOf(dueAt: number, now: number): number {
  return dueAt - now > DELAY_LIMIT_MS ? dueAt : Math.max(dueAt, now) + GRACE_MS
}

const integer = (value: number): Sql => sql`cast(${bind(String(Math.trunc(value)))} as integer)`

/** Answers `{ id, enqueued }`, the id of the job that there is now. */
export function compileEnqueue(context: CompileContext, operation: Enqueue, index: number, keep: Keep | null): CompiledStatement[] {
  const job = context.model.jobs.get(operation.job)
  if (!job) throw new AppError(queryErrors.undefined_table, { message: `The app declares no job "${operation.job}"` })
  const { now, principal, requestId, origin, function: by, asService } = context.execution
  const dueAt = operation.dueAt ?? now
  const asked = JSON.stringify({ uid: principal.uid, request: requestId, origin, function: by, service: asService })
  const values: readonly (readonly [string, Sql])[] = [
    ['id', bind(operation.id)],
    ['name', literal(job.name)],
    ['state', literal('queued')],
    ['payload', operation.payloadKey === undefined ? payloadSql(context, operation) : NULL],
    ['payload_key', bind(operation.payloadKey ?? null)],
    ['unique_key', bind(operation.unique ?? null)],
    ['due_at', integer(dueAt)],
    ['look_at', integer(lookAtOf(dueAt, now))],
    ['attempts', number(0)],
    ['max_attempts', number(job.attempts)],
    ['context', bind(asked)],
    ['created_at', require(sessionLives(context), integer(now), 'session', '')],
  ]
  const columns = join(
    values.map(([name]) => ({ chunks: [`\`${name}\``] })),
    ', ',
  )
  const row = join(
    values.map(([, value]) => value),
    ', ',
  )
  const conflict =
    operation.unique === undefined
      ? { chunks: [''] }
      : sql` on conflict (\`name\`, \`unique_key\`) where unique_key is not null and state in ('queued', 'running') do update set \`unique_key\` = excluded.\`unique_key\``
  const told = sql`json_object('id', \`id\`, 'enqueued', json(iif(\`id\` = ${bind(operation.id)}, 'true', 'false')))`
  // A SELECT in the place of VALUES, so that `on conflict` can't be read as a join's.
  const insert = sql`insert into \`sys_jobs\` (${columns}) select ${row} where 1${conflict} returning ${told} as d, 1 as g`
  return kept(insert, index, keep)
}

/** The payload's JSON, what earlier operations know filled in. */
function payloadSql(context: CompileContext, { payload, references = [] }: Enqueue): Sql {
  const text = bind(JSON.stringify(payload ?? null))
  if (references.length === 0) return text
  if (references.length > MAX_REFERENCES) throw tooComplex(`a job's payload has more than ${MAX_REFERENCES} references.`)
  const sets = references.map(({ reference, path }) => sql`${bind(pathOf(path))}, ${referenceJson(context, reference)}`)
  return sql`json_set(${text}, ${join(sets, ', ')})`
}

/** SQLite's way of writing it; the app's own keys, none of which holds a quote (functions/enqueue.ts). */
const pathOf = (path: readonly (string | number)[]): string =>
  `$${path.map((key) => (typeof key === 'number' ? `[${key}]` : `."${key}"`)).join('')}`

/** Answers `{ id }` of each job that was called off. */
export function compileCancel(context: CompileContext, operation: Cancel, index: number, keep: Keep | null): CompiledStatement[] {
  const { now } = context.execution
  const which = operation.id === undefined ? sql`\`unique_key\` = ${bind(operation.unique ?? null)}` : sql`\`id\` = ${bind(operation.id)}`
  const at = require(sessionLives(context), integer(now), 'session', '')
  const update = sql`update \`sys_jobs\` set \`state\` = 'cancelled', \`lease\` = null, \`finished_at\` = ${at} where ${which} and \`name\` = ${bind(operation.job)} and \`state\` in ('queued', 'running') returning json_object('id', \`id\`) as d, 0 as g`
  return kept(update, index, keep)
}

function kept(statement: Sql, operation: number, keep: Keep | null): CompiledStatement[] {
  return [{ ...render(statement), role: 'write', operation }, ...(keep ? [keepChanges(keep, operation)] : [])]
}
