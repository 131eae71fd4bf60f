// What an operator sees of consumers and does about them: lag, failures, trying again, skipping.
import { AppError } from '../core'
import { readFault, run, type Store } from '../platform'
import { changeErrors } from './errors'
import { HEAD, moveCursor, setAside } from './cursor'

/** A consumer in one store. Times are UTC ms. */
export interface ConsumerRow {
  readonly name: string
  readonly store: string
  /** `paused`: the code that is deployed doesn't have it. */
  readonly state: 'current' | 'behind' | 'failing' | 'paused'
  /** Changes of the store behind the cursor, wanted or not, and the age of the oldest in seconds. */
  readonly lag: { readonly changes: number; readonly seconds: number }
  readonly seq: number
  readonly attempts: number
  /** The change that it fails at; null when it fails at none. */
  readonly failing_seq: number | null
  readonly failing_since: number | null
  readonly next_at: number | null
  readonly error: string | null
  /** Changes that were set aside. */
  readonly failures: number
  readonly updated_at: number
}

/** A change that was set aside. */
export interface FailureRow {
  readonly store: string
  readonly epoch: string
  readonly seq: number
  readonly table: string
  readonly op: 'I' | 'U' | 'D'
  /** JSON list of the primary key's values. */
  readonly key: string
  readonly reason: string
  readonly attempts: number
  readonly at: number
  readonly replay_at: number | null
}

/** All consumers of the stores, in one call each. */
export async function consumerRows(stores: readonly Store[], now: number): Promise<ConsumerRow[]> {
  const rows = await Promise.all(stores.map((store) => rowsOf(store, now)))
  return rows.flat().sort((one, other) => one.name.localeCompare(other.name) || one.store.localeCompare(other.store))
}

async function rowsOf(store: Store, now: number): Promise<ConsumerRow[]> {
  const [answer] = await run(store.db, [{ sql: CONSUMERS, params: [] }])
  return (answer!.results as unknown as Stored[]).map(({ head, oldest, seq, ...row }) => ({
    name: row.name,
    store: store.name,
    state: row.attempts > 0 ? 'failing' : row.next_at !== null ? 'paused' : seq < head ? 'behind' : 'current',
    lag: { changes: Math.max(head - seq, 0), seconds: oldest === null ? 0 : Math.max(Math.round((now - oldest) / 1000), 0) },
    seq,
    attempts: row.attempts,
    failing_seq: row.failing_seq,
    failing_since: row.failing_since,
    next_at: row.next_at,
    error: row.error,
    failures: row.failures,
    updated_at: row.updated_at,
  }))
}

type Stored = Omit<ConsumerRow, 'store' | 'state' | 'lag'> & { readonly head: number; readonly oldest: number | null }

const CONSUMERS =
  `SELECT c.\`name\`, c.\`seq\`, c.\`attempts\`, c.\`failing_seq\`, c.\`failing_since\`, c.\`next_at\`, c.\`error\`, c.\`updated_at\`, ${HEAD} AS head, ` +
  '(SELECT `at` FROM `sys_changes` AS l WHERE l.`seq` > c.`seq` ORDER BY l.`seq` LIMIT 1) AS oldest, ' +
  '(SELECT count(*) FROM `sys_change_failures` AS f WHERE f.`consumer` = c.`name`) AS failures ' +
  'FROM `sys_consumers` AS c, `sys_store` AS s WHERE s.`id` = 1 ORDER BY c.`name`'

/** Changes that the consumer gave up on, the newest first. */
export async function failureRows(stores: readonly Store[], consumer: string, limit: number): Promise<FailureRow[]> {
  const answers = await Promise.all(stores.map((store) => run(store.db, [{ sql: FAILURES, params: [consumer, String(limit)] }])))
  const rows = answers.flatMap(([answer], i) =>
    (answer!.results as unknown as Omit<FailureRow, 'store'>[]).map((row) => ({ store: stores[i]!.name, ...row })),
  )
  return rows.sort((one, other) => other.at - one.at).slice(0, limit)
}

const FAILURES =
  "SELECT `epoch`, `seq`, `change` ->> 'tbl' AS `table`, `change` ->> 'op' AS op, `change` ->> 'key' AS key, `reason`, `attempts`, `at`, `replay_at` " +
  'FROM `sys_change_failures` WHERE `consumer` = ?1 ORDER BY `at` DESC, `seq` DESC LIMIT cast(?2 AS INTEGER)'

/** Asks that changes be tried once more: those named, or all. Answers how many. Throws `consumer_unknown`. */
export async function replayFailures(store: Store, consumer: string, seqs: readonly number[] | null, now: number): Promise<number> {
  const named = seqs === null ? '' : ' AND `seq` IN (SELECT `value` FROM json_each(?3))'
  const [known, answer] = await run(store.db, [
    { sql: 'SELECT 1 AS known FROM `sys_consumers` WHERE `name` = ?1', params: [consumer] },
    {
      sql: `UPDATE \`sys_change_failures\` SET \`replay_at\` = cast(?1 AS INTEGER) WHERE \`consumer\` = ?2${named}`,
      params: [String(now), consumer, ...(seqs === null ? [] : [JSON.stringify(seqs)])],
    },
  ])
  if (known!.results.length === 0) throw new AppError(changeErrors.consumer_unknown)
  return answer!.meta.changes
}

/**
 * Sets the change aside that the consumer fails at, which stands first behind its cursor among those it wants. `seq` is that change: an operator
 * names what they saw. Throws `consumer_unknown`, `nothing_to_skip`, `consumer_moved`.
 */
export async function skipFailing(store: Store, consumer: string, seq: number, now: number): Promise<void> {
  const [answer] = await run(store.db, [
    { sql: 'SELECT `epoch`, `seq`, `attempts`, `failing_seq`, `error` FROM `sys_consumers` WHERE `name` = ?1', params: [consumer] },
  ])
  const row = answer!.results[0] as unknown as
    | { epoch: string; seq: number; attempts: number; failing_seq: number | null; error: string | null }
    | undefined
  if (!row) throw new AppError(changeErrors.consumer_unknown)
  if (row.failing_seq === null) throw new AppError(changeErrors.nothing_to_skip)
  if (row.failing_seq !== seq) throw new AppError(changeErrors.consumer_moved)
  const failure = { attempts: row.attempts, reason: `skipped: ${row.error ?? ''}`, now }
  const at = { epoch: row.epoch, seq }
  try {
    await run(store.db, [...moveCursor(consumer, row, at, now), setAside(consumer, at, failure)])
  } catch (error) {
    const fault = readFault(error)
    if (fault.kind === 'raise' && fault.code === 'stale') throw new AppError(changeErrors.consumer_moved, { cause: error })
    throw error
  }
}
