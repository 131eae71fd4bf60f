// The secrets of one's own machine, in `.dev.vars`: made once, never overwritten, never committed. npm runs it right after
// `npm ci`: wrangler reads the file before it builds, so it has to be there when a newcomer's first word is `npx wrangler dev`.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes `.dev.vars` in this folder unless there is one; whether it did. */
export function ensureSecrets(root: string): boolean {
  const lines = [
    '# Secrets and settings of this machine only. `npm run dev` made this file; delete it and everybody is signed out.',
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

if (import.meta.main) ensureSecrets(join(import.meta.dirname, '..'))
