// Remembers in `.perigee/dev.json` where the development server of this checkout listens, so that `npm run keys` can say so.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where `npm run dev` listens unless told otherwise. */
export const DEFAULT_PORT = 8787

const path = join(import.meta.dirname, '../.perigee/dev.json')

/** Called by `npm run dev` once it answers; the function it returns forgets it again. */
export function rememberServer(url: string): () => void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify({ url, pid: process.pid })}\n`)
  return () => {
    if (readServer()?.pid === process.pid) rmSync(path, { force: true })
  }
}

/** URL of this checkout's running development server; null when none runs. */
export function runningUrl(): string | null {
  const server = readServer()
  return server && isAlive(server.pid) ? server.url : null
}

/** URL of the running development server; where it would be when none runs. */
export function localUrl(): string {
  return runningUrl() ?? `http://localhost:${DEFAULT_PORT}`
}

function readServer(): { url: string; pid: number } | null {
  try {
    const { url, pid } = JSON.parse(readFileSync(path, 'utf8')) as { url?: unknown; pid?: unknown }
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : null
  } catch {
    return null
  }
}

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
