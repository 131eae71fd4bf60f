// The files in which the local runtime keeps D1. Read only: who writes does it through the runtime.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where local data lives, as wrangler's `--persist-to`. */
export function statePath(): string {
  return process.env.PERIGEE_STATE ?? join(import.meta.dirname, '../.wrangler/state')
}

/** The SQLite files of all local D1 databases under this folder. */
export function databaseFiles(persistTo: string): string[] {
  const folder = join(persistTo, 'v3/d1/miniflare-D1DatabaseObject')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
    .map((name) => join(folder, name))
}
