// The change log by its numbers, for who goes back in it: where a time stands, and what lies between two places.
import { run, type Store } from '../platform'
import { toChange, type Change, type LogRow } from './changes'

/** What the log of a store holds: changes with `seq` in (pruned, head]. */
export interface LogExtent {
  readonly epoch: string
  readonly pruned: number
  readonly head: number
}

const EXTENT =
  'SELECT `epoch`, `pruned_seq` AS pruned, max(`pruned_seq`, coalesce((SELECT max(`seq`) FROM `sys_changes`), 0)) AS head FROM `sys_store` WHERE `id` = 1'

export async function readExtent(store: Store): Promise<LogExtent> {
  const [answer] = await run(store.db, [{ sql: EXTENT, params: [] }])
  return answer!.results[0] as unknown as LogExtent
}

const OLDER = 'coalesce((SELECT `at` FROM `sys_changes` WHERE `seq` >= (low + high) / 2 ORDER BY `seq` LIMIT 1) < cast(?1 AS INTEGER), 0)'

// Halves what is between: `at` rises with `seq`, all but a clock that was set back. Sixty halvings are more than any log needs.
const SEEK = `WITH RECURSIVE part(low, high, round) AS (
  SELECT coalesce((SELECT min(\`seq\`) FROM \`sys_changes\`), 0), coalesce((SELECT max(\`seq\`) FROM \`sys_changes\`), -1) + 1, 0
  UNION ALL
  SELECT iif(${OLDER}, (low + high) / 2 + 1, low), iif(${OLDER}, high, (low + high) / 2), round + 1 FROM part WHERE low < high AND round < 60
) SELECT low AS \`seq\` FROM part ORDER BY round DESC LIMIT 1`

/** The `seq` of the first change at or after `at` (UTC ms); one past the head when there is none. A few rows read, however long the log. */
export async function seqAt(store: Store, at: number): Promise<number> {
  const [answer] = await run(store.db, [{ sql: SEEK, params: [String(at)] }])
  return Number(answer!.results[0]!['seq'])
}

/** Changes with `seq` from `from` to `to`, both included, the first `limit` of them. */
export async function changesBetween(store: Store, from: number, to: number, limit: number): Promise<Change[]> {
  const [answer] = await run(store.db, [
    {
      sql:
        'SELECT `seq`, `tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at` FROM `sys_changes` ' +
        'WHERE `seq` >= cast(?1 AS INTEGER) AND `seq` <= cast(?2 AS INTEGER) ORDER BY `seq` LIMIT cast(?3 AS INTEGER)',
      params: [String(from), String(to), String(limit)],
    },
  ])
  return (answer!.results as unknown as LogRow[]).map(toChange)
}
