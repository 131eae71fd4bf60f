// Forgets what has outlived its purpose in one store, in chunks, so that no transaction is long. Safe to run at any time, by several at once.
import { run, type Store } from '../platform'
import { IDEMPOTENCY_MS } from '../query'
import { AUDIT_MS } from './audit'
import { pruneChanges } from './changes'

const CHUNK = 1_000
const ROUNDS = 20

/** How many rows went, by table. */
export interface Swept {
  readonly sys_changes: number
  readonly sys_idempotency: number
  readonly sys_audit: number
}

/** Sweeps a store; what is left over when it stops goes the next time. `now` is UTC ms. */
export async function sweep(store: Store, now: number): Promise<Swept> {
  return {
    sys_changes: await pruneChanges(store, { now }),
    sys_idempotency: await sweepOlder(store, 'sys_idempotency', now - IDEMPOTENCY_MS),
    sys_audit: await sweepOlder(store, 'sys_audit', now - AUDIT_MS),
  }
}

async function sweepOlder(store: Store, table: 'sys_idempotency' | 'sys_audit', before: number): Promise<number> {
  let gone = 0
  for (let round = 0; round < ROUNDS; round++) {
    const [answer] = await run(store.db, [
      {
        sql: `DELETE FROM \`${table}\` WHERE \`id\` IN (SELECT \`id\` FROM \`${table}\` WHERE \`at\` < cast(?1 AS INTEGER) ORDER BY \`at\` LIMIT ?2)`,
        params: [String(before), String(CHUNK)],
      },
    ])
    gone += answer!.meta.changes
    if (answer!.meta.changes < CHUNK) break
  }
  return gone
}
