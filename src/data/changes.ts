// The change log for those who follow it: pages behind an opaque cursor, and the sweeper. Decides nothing about who may see a change.
import { fromBase64Url, toBase64Url, utf8 } from '../core'
import { run, type Statement, type Store } from '../platform'

/** One row's change. JSON stays text, exactly as the triggers wrote it: integers may be larger than JavaScript's. */
export interface Change {
  /** Order of commits; never used twice in one epoch. */
  readonly seq: number
  readonly table: string
  readonly op: 'I' | 'U' | 'D'
  /** JSON list of the primary key's values: after an update the new ones. */
  readonly key: string
  /** Names of the columns that an update changed, without the engine's; null for other operations. */
  readonly columns: readonly string[] | null
  /** JSON object of the key, foreign keys and the columns that policies read, as they were; the key alone when the row was too large. */
  readonly old: string | null
  /** JSON object of the row as it became, without BLOBs; null after a delete and when the row was too large. */
  readonly new: string | null
  /** JSON {uid, request, origin}; null for tables that don't keep it. */
  readonly context: string | null
  /** UTC ms by the database's clock. */
  readonly at: number
}

export interface ChangePage {
  readonly changes: readonly Change[]
  /** Where the next page begins. */
  readonly cursor: string
  /** Whether more may be waiting. */
  readonly more: boolean
  /**
   * `reset`: the cursor is of another store or time line, or none of ours; `gap`: what follows it was pruned. Either way there are
   * no changes here: read the live rows anew, then go on from `cursor`.
   */
  readonly interruption: 'reset' | 'gap' | null
}

interface Cursor {
  readonly store: string
  readonly epoch: string
  readonly seq: number
}

/** The longest page, in changes. */
export const MAX_PAGE = 1000
/** How long the log remembers, in milliseconds. */
export const RETENTION_MS = 7 * 24 * 3600 * 1000
/** How many changes the log holds at most. */
export const RETENTION_ROWS = 2_000_000
const CHUNK = 5_000

/** Reads what was committed after the cursor, in one call. Without a cursor: nothing but the cursor of now. */
export async function readChanges(store: Store, request: { readonly after: string | null; readonly limit?: number }): Promise<ChangePage> {
  const limit = Math.min(Math.max(request.limit ?? MAX_PAGE, 1), MAX_PAGE)
  const after = request.after === null ? null : decode(request.after)
  const [position, page] = await run(store.db, [
    { sql: POSITION, params: [] },
    { sql: PAGE, params: after === null ? ['0', '0'] : [String(after.seq), String(limit)] },
  ])
  const { epoch, pruned, head } = position!.results[0] as unknown as { epoch: string; pruned: number; head: number }
  const at = (seq: number) => encode({ store: store.name, epoch, seq })
  const nothing = { changes: [], cursor: at(head), more: false }
  if (request.after === null) return { ...nothing, interruption: null }
  if (after === null || after.store !== store.name || after.epoch !== epoch || after.seq > head)
    return { ...nothing, interruption: 'reset' }
  if (after.seq < pruned) return { ...nothing, interruption: 'gap' }
  const changes = (page!.results as unknown as LogRow[]).map(toChange)
  return { changes, cursor: at(changes.at(-1)?.seq ?? after.seq), more: changes.length === limit, interruption: null }
}

// A store whose log was emptied is still at the place where it was pruned.
const POSITION =
  'SELECT `epoch`, `pruned_seq` AS pruned, max(`pruned_seq`, coalesce((SELECT max(`seq`) FROM `sys_changes`), 0)) AS head FROM `sys_store` WHERE `id` = 1'
const PAGE =
  'SELECT `seq`, `tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at` FROM `sys_changes` WHERE `seq` > ?1 ORDER BY `seq` LIMIT ?2'

/** A row of the log as SQL answers it. */
export interface LogRow extends Omit<Change, 'table' | 'columns'> {
  readonly tbl: string
  readonly columns: string | null
}

/** The change that a row of the log tells of. */
export function toChange({ tbl, columns, ...row }: LogRow): Change {
  return { ...row, table: tbl, columns: columns === null ? null : (JSON.parse(columns) as string[]) }
}

/**
 * Forgets the oldest changes: those older than `maxAgeMs` and those beyond the newest `maxRows`, a chunk a transaction, at most
 * `maxChunks` of them. Answers how many it forgot.
 */
export async function pruneChanges(
  store: Store,
  options: {
    readonly now: number
    readonly maxAgeMs?: number
    readonly maxRows?: number
    readonly chunk?: number
    readonly maxChunks?: number
  },
): Promise<number> {
  const chunk = options.chunk ?? CHUNK
  const before = options.now - (options.maxAgeMs ?? RETENTION_MS)
  let forgotten = 0
  for (let round = 0; round < (options.maxChunks ?? 20); round++) {
    const [, deleted] = await run(store.db, pruneChunk(chunk, before, options.maxRows ?? RETENTION_ROWS))
    const count = deleted!.meta.changes
    forgotten += count
    if (count < chunk) break
  }
  return forgotten
}

/** Moves the horizon, then forgets up to it. It always takes a prefix, also when the clock once went backwards. */
function pruneChunk(chunk: number, before: number, maxRows: number): Statement[] {
  return [
    {
      sql:
        'WITH oldest AS MATERIALIZED (SELECT `seq`, `at` FROM `sys_changes` ORDER BY `seq` LIMIT ?1), bound AS (SELECT max(' +
        'coalesce((SELECT min(`seq`) FROM oldest WHERE `at` >= cast(?2 AS INTEGER)) - 1, (SELECT max(`seq`) FROM oldest)), ' +
        'min((SELECT max(`seq`) FROM `sys_changes`) - cast(?3 AS INTEGER), (SELECT max(`seq`) FROM oldest))) AS `seq`) ' +
        'UPDATE `sys_store` SET `pruned_seq` = (SELECT `seq` FROM bound) WHERE `id` = 1 AND `pruned_seq` < (SELECT `seq` FROM bound)',
      params: [String(chunk), String(before), String(maxRows)],
    },
    { sql: 'DELETE FROM `sys_changes` WHERE `seq` <= (SELECT `pruned_seq` FROM `sys_store` WHERE `id` = 1)', params: [] },
  ]
}

/** Begins another time line, as a restore or an import must: every cursor from before gets `reset`. */
export async function renewEpoch(store: Store): Promise<void> {
  await run(store.db, [{ sql: 'UPDATE `sys_store` SET `epoch` = lower(hex(randomblob(16))) WHERE `id` = 1', params: [] }])
}

function encode(cursor: Cursor): string {
  return toBase64Url(utf8(JSON.stringify([cursor.store, cursor.epoch, cursor.seq])))
}

/** Null when the text is no cursor. */
function decode(text: string): Cursor | null {
  const bytes = text.length > 200 ? null : fromBase64Url(text)
  if (bytes === null) return null
  try {
    const [store, epoch, seq]: unknown[] = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof store !== 'string' || typeof epoch !== 'string' || !Number.isSafeInteger(seq) || (seq as number) < 0) return null
    return { store, epoch, seq: seq as number }
  } catch {
    return null
  }
}
