// Runs a command to its end and keeps what it said, to be shown only when it failed.
import { once } from 'node:events'
import { startGroup } from './process-group'

export interface Outcome {
  readonly ok: boolean
  /** Both streams, as they came. */
  readonly output: string
  readonly ms: number
}

/** `env` is added to the process' own. */
export async function runQuietly(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const started = Date.now()
  const group = startGroup(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const stop = () => void group.stop().then(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  let output = ''
  for (const stream of [group.child.stdout!, group.child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  // Not `ended`: what was said last may still be on its way.
  await once(group.child, 'close')
  const code = await group.ended
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  return { ok: code === 0, output, ms: Date.now() - started }
}
