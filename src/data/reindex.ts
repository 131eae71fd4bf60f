// Makes the full-text indexes of a store anew. They are derived, so that nothing is lost whatever state they are in.
import type { Model } from '../define'
import { run, type Store } from '../platform'
import { reindexAll } from '../query'

/** Rebuilds and checks every index, each in a transaction of its own; their names. Throws D1's error for one that can't be mended. */
export async function reindex(store: Store, model: Model): Promise<string[]> {
  const names: string[] = []
  for (const { index, statements } of reindexAll(model)) {
    await run(
      store.db,
      statements.map((sql) => ({ sql, params: [] })),
    )
    names.push(index)
  }
  return names
}
