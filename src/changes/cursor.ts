// Where each consumer stands, in SQL: registering, reading what follows, moving, failing. Every statement that moves a cursor compares it first.
import { toChange, type Change, type LogRow } from '../data'
import { run, type Statement, type Store } from '../platform'
import type { Consumer, Wants } from './consumer'

/** How far one reading looks, in `seq`, and how many changes it takes at most: a change may be 64 KiB. */
export const WINDOW = 1_000
export const PAGE = 100
/** After this time in which no Worker said that it has a consumer's code, its row goes. */
export const FORGOTTEN_MS = 7 * 24 * 3600 * 1000
/** How often a Worker says so. */
const SEEN_MS = 3600 * 1000
/** How long changes are kept that were given up on. */
export const FAILURES_MS = 30 * 24 * 3600 * 1000

/** Why a consumer rests that the Worker knows nothing of; whoever rests by itself for another reason is left to it. */
const NO_CODE = 'no code for it'

/** A place in a store's log. */
export interface Place {
  readonly epoch: string
  readonly seq: number
}

/** A consumer's row with the store's, and what follows the cursor. */
export interface Standing {
  readonly at: Place
  readonly attempts: number
  readonly nextAt: number | null
  /** What the log is now: its epoch, its end, and up to where it was forgotten. */
  readonly log: Place & { readonly pruned: number }
  readonly changes: readonly Change[]
  /** All up to here was looked at. */
  readonly scanned: number
  /** Set aside before, and asked to be tried again. */
  readonly replays: readonly { readonly epoch: string; readonly change: Change }[]
}

/**
 * Makes the rows of consumers that have none, and says of the others that their code is there, which also ends a pause for want of it. A new
 * consumer begins behind what was committed before `since`, UTC ms, or at the beginning of the log.
 */
export async function registerConsumers(store: Store, consumers: Iterable<Consumer>, since: number, now: number): Promise<void> {
  const list = JSON.stringify(Array.from(consumers, ({ name, from }) => ({ name, from })))
  await run(store.db, [
    {
      sql:
        'INSERT INTO `sys_consumers` (`name`, `epoch`, `seq`, `updated_at`, `seen_at`) ' +
        "SELECT c.`value` ->> 'name', s.`epoch`, iif(c.`value` ->> 'from' = 'beginning', s.`pruned_seq`, max(s.`pruned_seq`, " +
        'coalesce((SELECT `seq` FROM `sys_changes` WHERE `at` < cast(?2 AS INTEGER) ORDER BY `seq` DESC LIMIT 1), 0))), ' +
        'cast(?3 AS INTEGER), cast(?3 AS INTEGER) FROM json_each(?1) AS c, `sys_store` AS s WHERE s.`id` = 1 ' +
        'ON CONFLICT (`name`) DO UPDATE SET `seen_at` = excluded.`seen_at`, `next_at` = iif(`error` = ?4, NULL, `next_at`), ' +
        '`error` = nullif(`error`, ?4) ' +
        `WHERE \`seen_at\` < excluded.\`seen_at\` - ${SEEN_MS} OR \`error\` = ?4`,
      params: [list, String(since), String(now), NO_CODE],
    },
  ])
}

/** What follows the consumer's cursor, in one call; null when it has no row. */
export async function readStanding(store: Store, { name, wants }: Pick<Consumer, 'name' | 'wants'>): Promise<Standing | null> {
  const [position, page, replays] = await run(store.db, [
    { sql: POSITION, params: [name] },
    pageStatement(name, wants),
    { sql: REPLAYS, params: [name] },
  ])
  const row = position!.results[0] as unknown as PositionRow | undefined
  if (!row) return null
  const changes = (page!.results as unknown as LogRow[]).map(toChange)
  return {
    at: { epoch: row.epoch, seq: row.seq },
    attempts: row.attempts,
    nextAt: row.next_at,
    log: { epoch: row.log_epoch, seq: row.head, pruned: row.pruned },
    changes,
    scanned: changes.length === PAGE ? changes.at(-1)!.seq : Math.min(row.seq + WINDOW, row.head),
    replays: (replays!.results as unknown as { epoch: string; change: string }[]).map(({ epoch, change }) => ({
      epoch,
      change: toChange(JSON.parse(change) as LogRow),
    })),
  }
}

interface PositionRow {
  readonly epoch: string
  readonly seq: number
  readonly attempts: number
  readonly next_at: number | null
  readonly log_epoch: string
  readonly pruned: number
  readonly head: number
}

/** A store whose log was emptied is still at the place where it was pruned. */
export const HEAD = 'max(s.`pruned_seq`, coalesce((SELECT max(`seq`) FROM `sys_changes`), 0))'
const POSITION = `SELECT c.\`epoch\`, c.\`seq\`, c.\`attempts\`, c.\`next_at\`, s.\`epoch\` AS log_epoch, s.\`pruned_seq\` AS pruned, ${HEAD} AS head FROM \`sys_consumers\` AS c, \`sys_store\` AS s WHERE c.\`name\` = ?1 AND s.\`id\` = 1`
const REPLAYS =
  'SELECT `epoch`, `change` FROM `sys_change_failures` WHERE `consumer` = ?1 AND `replay_at` IS NOT NULL ORDER BY `seq` LIMIT 10'
const COLUMNS = ['seq', 'tbl', 'op', 'key', 'columns', 'old', 'new', 'context', 'at'] as const

function pageStatement(name: string, { tables, ops, columns }: Wants): Statement {
  const params: string[] = [name]
  const among = (value: string, list: readonly string[]) => {
    params.push(JSON.stringify(list))
    return `${value} IN (SELECT \`value\` FROM json_each(?${params.length}))`
  }
  const wanted = [
    ...(tables ? [among('l.`tbl`', tables)] : []),
    ...(ops ? [among('l.`op`', ops)] : []),
    ...(columns ? [`(l.\`op\` <> 'U' OR EXISTS (SELECT 1 FROM json_each(l.\`columns\`) AS j WHERE ${among('j.`value`', columns)}))`] : []),
  ]
  const list = COLUMNS.map((column) => `l.\`${column}\``).join(', ')
  return {
    sql:
      `SELECT ${list} FROM \`sys_consumers\` AS c JOIN \`sys_changes\` AS l ON l.\`seq\` > c.\`seq\` AND l.\`seq\` <= c.\`seq\` + ${WINDOW} ` +
      `WHERE c.\`name\` = ?1${wanted.map((one) => ` AND ${one}`).join('')} ORDER BY l.\`seq\` LIMIT ${PAGE}`,
    params,
  }
}

/** Fails the transaction unless the statement before it wrote one row. */
const OR_STALE: Statement = { sql: "SELECT iif(changes() = 1, NULL, json_extract('{}', 'PERIGEE|stale||0')) AS ok", params: [] }

/** Moves the cursor if it stands where it stood. */
export function moveCursor(name: string, from: Place, to: Place, now: number): Statement[] {
  return [
    {
      sql:
        'UPDATE `sys_consumers` SET `epoch` = ?1, `seq` = cast(?2 AS INTEGER), `attempts` = 0, `failing_seq` = NULL, `failing_since` = NULL, `next_at` = NULL, ' +
        '`error` = NULL, `updated_at` = cast(?3 AS INTEGER) WHERE `name` = ?4 AND `epoch` = ?5 AND `seq` = cast(?6 AS INTEGER)',
      params: [to.epoch, String(to.seq), String(now), name, from.epoch, String(from.seq)],
    },
    OR_STALE,
  ]
}

/** Notes that what follows the cursor failed, and when it is tried again. */
export function noteFailure(
  name: string,
  from: Place,
  failure: {
    readonly seq: number | null
    readonly attempts: number
    readonly nextAt: number
    readonly reason: string
    readonly now: number
  },
): Statement[] {
  return [
    {
      sql:
        'UPDATE `sys_consumers` SET `attempts` = cast(?1 AS INTEGER), `next_at` = cast(?2 AS INTEGER), `error` = ?3, ' +
        '`failing_seq` = cast(?8 AS INTEGER), `failing_since` = coalesce(`failing_since`, cast(?4 AS INTEGER)), `updated_at` = cast(?4 AS INTEGER) ' +
        'WHERE `name` = ?5 AND `epoch` = ?6 AND `seq` = cast(?7 AS INTEGER) AND `attempts` = cast(?1 AS INTEGER) - 1',
      params: [
        String(failure.attempts),
        String(failure.nextAt),
        failure.reason,
        String(failure.now),
        name,
        from.epoch,
        String(from.seq),
        failure.seq === null ? null : String(failure.seq),
      ],
    },
    OR_STALE,
  ]
}

/** Keeps a change that is given up on, as the log has it. */
export function setAside(
  name: string,
  place: Place,
  failure: { readonly attempts: number; readonly reason: string; readonly now: number },
): Statement {
  const change = COLUMNS.map((column) => `'${column}', \`${column}\``).join(', ')
  return {
    sql:
      'INSERT INTO `sys_change_failures` (`consumer`, `epoch`, `seq`, `change`, `reason`, `attempts`, `at`) ' +
      `SELECT ?1, ?2, \`seq\`, json_object(${change}), ?3, cast(?4 AS INTEGER), cast(?5 AS INTEGER) FROM \`sys_changes\` ` +
      'WHERE `seq` = cast(?6 AS INTEGER) ON CONFLICT DO NOTHING',
    params: [name, place.epoch, failure.reason, String(failure.attempts), String(failure.now), String(place.seq)],
  }
}

/** Takes off a change that was set aside, if it is still asked for. */
export function settleReplay(name: string, { epoch, seq }: Place): Statement[] {
  return [
    {
      sql: 'DELETE FROM `sys_change_failures` WHERE `consumer` = ?1 AND `epoch` = ?2 AND `seq` = cast(?3 AS INTEGER) AND `replay_at` IS NOT NULL',
      params: [name, epoch, String(seq)],
    },
    OR_STALE,
  ]
}

/** It failed again: it stays set aside, for another reason perhaps. */
export function failReplay(name: string, { epoch, seq }: Place, reason: string): Statement {
  return {
    sql:
      'UPDATE `sys_change_failures` SET `replay_at` = NULL, `attempts` = `attempts` + 1, `reason` = ?4 ' +
      'WHERE `consumer` = ?1 AND `epoch` = ?2 AND `seq` = cast(?3 AS INTEGER)',
    params: [name, epoch, String(seq), reason],
  }
}

/** Lets a consumer rest whose code this Worker hasn't: it may be one that was removed, or the Worker of an older version. */
export async function parkConsumer(store: Store, name: string, until: number): Promise<void> {
  await run(store.db, [
    {
      sql: 'UPDATE `sys_consumers` SET `next_at` = cast(?1 AS INTEGER), `error` = ?3 WHERE `name` = ?2',
      params: [String(until), name, NO_CODE],
    },
  ])
}

/** Forgets consumers without code, and changes that were set aside long ago. Answers how many rows went. */
export async function sweepConsumers(store: Store, now: number): Promise<number> {
  const answers = await run(store.db, [
    { sql: 'DELETE FROM `sys_consumers` WHERE `seen_at` < cast(?1 AS INTEGER)', params: [String(now - FORGOTTEN_MS)] },
    {
      sql: 'DELETE FROM `sys_change_failures` WHERE rowid IN (SELECT rowid FROM `sys_change_failures` WHERE `at` < cast(?1 AS INTEGER) ORDER BY `at` LIMIT 1000)',
      params: [String(now - FAILURES_MS)],
    },
  ])
  return answers.reduce((sum, { meta }) => sum + meta.changes, 0)
}
