// When the clock begins a job: the minutes of a zone's clock on the wall that a pattern matches, across the changes of that clock.
//
// Where the clock is put back, a wall time comes twice: a pattern with a fixed hour means the first, one whose hour is `*` both, since it
// counts real time. Where it is put forward, a wall time never comes: a fixed hour then means the moment at which it would have been.
import { Cron } from 'croner'
import { uuidv7 } from '../core'
import type { JobModel, Model } from '../define'
import { run, sendMessages, type Env, type Store } from '../platform'
import { GRACE_MS } from '../query'

const MINUTE_MS = 60_000
/** How late a run is still made up for; of several that were missed, the latest. */
export const MAKE_UP_MS = 3_600_000
/** No clock is changed twice within, nor by as much. */
const APART_MS = 4 * 3_600_000

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far the zone's clock is ahead of UTC at a time, in milliseconds. */
function offsetAt(zone: string, time: number): number {
  if (zone === 'UTC') return 0
  let format = formats.get(zone)
  if (!format) {
    const whole = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...whole })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const wall = Date.UTC(parts['year']!, parts['month']! - 1, parts['day'], parts['hour'], parts['minute'], parts['second'])
  return wall - Math.floor(time / 1000) * 1000
}

/** Whether a run belongs to the minute that begins at `time` (UTC ms). */
function isRun(pattern: string, matcher: Cron, zone: string, time: number): boolean {
  const matches = (wall: number) => matcher.match(new Date(wall))
  const offset = offsetAt(zone, time)
  const realTime = /^\S+\s+\*/.test(pattern.trim())
  if (realTime) return matches(time + offset)
  const before = offsetAt(zone, time - APART_MS)
  const back = before - offset
  // The same wall time was an hour ago.
  const repeated = back > 0 && offsetAt(zone, time - back) === before
  if (matches(time + offset) && !repeated) return true
  const forward = offset - before
  return forward > 0 && offsetAt(zone, time - forward) !== offset && matches(time + before)
}

const matchers = new Map<string, Cron>()

/** Takes a time on the wall as if it were UTC's. An offset in the place of a zone spares croner its look at the calendar. */
function matcherOf(pattern: string): Cron {
  const known = matchers.get(pattern) ?? new Cron(pattern, { utcOffset: 0, paused: true })
  matchers.set(pattern, known)
  return known
}

/** The latest run at or before `now` and after `since`; null when there is none. All in UTC ms. */
export function latestRun({ pattern, zone }: NonNullable<JobModel['cron']>, since: number, now: number): number | null {
  const matcher = matcherOf(pattern)
  for (let time = Math.floor(now / MINUTE_MS) * MINUTE_MS; time > since; time -= MINUTE_MS)
    if (isRun(pattern, matcher, zone, time)) return time
  return null
}

/** Takes in the runs that are due and weren't taken in yet, whoever asks how often. Costs nothing while none is due. */
export async function beginCronJobs(model: Model, store: Store, env: Env, now: number): Promise<void> {
  const runs = [...model.jobs.values()].flatMap((job) => {
    const at = job.cron ? latestRun(job.cron, now - MAKE_UP_MS, now) : null
    if (at === null) return []
    const unique = job.unique?.(job.payload.parse({})) ?? null
    return [{ id: uuidv7(now), name: job.name, at, attempts: job.attempts, unique }]
  })
  if (runs.length === 0) return
  const [begun] = await run(store.db, [
    {
      sql:
        'insert into `sys_jobs` (`id`, `name`, `state`, `payload`, `unique_key`, `cron_at`, `due_at`, `look_at`, `max_attempts`, `created_at`) ' +
        "select value ->> 'id', value ->> 'name', 'queued', '{}', value ->> 'unique', value ->> 'at', cast(?2 as integer), cast(?2 as integer) + " +
        `${GRACE_MS}, value ->> 'attempts', cast(?2 as integer) from json_each(?1) where 1 on conflict do nothing returning \`id\``,
      params: [JSON.stringify(runs), String(now)],
    },
  ])
  const messages = (begun?.results ?? []).map(({ id }) => ({ message: { job: String(id), store: store.name }, delayMs: 0 }))
  if (env.JOBS && messages.length > 0) await sendMessages(env.JOBS, messages)
}
