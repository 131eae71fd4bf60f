// The secrets of one's own machine, in `.dev.vars`: made once, never overwritten, never committed. wrangler reads the file after the
// `[build]` command has run, so that the start that makes them already has them.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** Makes `.dev.vars` in this folder unless there is one; whether it did. */
export function ensureSecrets(root: string): boolean {
  const lines = [
    '# Secrets and settings of this machine only. `npm run dev` made this file. Delete it, and .wrangler/state with it: what is in there is sealed with this key.',
    `PERIGEE_ROOT_KEY=${randomBytes(32).toString('base64url')}`,
    'PERIGEE_ENV=development',
    '# Hosts that URLs may name. A phone on the Wi-Fi calls by address, so here it is any.',
    'PERIGEE_HOSTS=*',
    '',
  ]
  try {
    writeFileSync(join(root, '.dev.vars'), lines.join('\n'), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** The settings in `.dev.vars` by name; empty when there is no file. */
export function readSecrets(root: string): Readonly<Record<string, string>> {
  const path = join(root, '.dev.vars')
  return existsSync(path) ? (parseEnv(readFileSync(path, 'utf8')) as Record<string, string>) : {}
}
