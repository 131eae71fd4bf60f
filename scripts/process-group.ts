// A child process with everything that it starts, so that stopping it leaves nothing behind. POSIX groups; on Windows only the child itself.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'

export interface ProcessGroup {
  readonly child: ChildProcess
  /** Exit code, or 128 and more for a signal. */
  readonly ended: Promise<number>
  /** Asks all of the group to end, makes them after `graceMs`; resolves when the child is gone. */
  stop(graceMs?: number): Promise<void>
}

/** Starts a command at the head of a group of its own: a Ctrl-C in the terminal reaches it only through `stop`. */
export function startGroup(command: string, args: readonly string[], options: SpawnOptions = {}): ProcessGroup {
  const child = spawn(command, [...args], { ...options, detached: process.platform !== 'win32' })
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 128 : 1)))
  })
  const signalAll = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return
    try {
      if (process.platform === 'win32') child.kill(signal)
      else process.kill(-child.pid, signal)
    } catch {
      // Nobody of the group is left.
    }
  }
  return {
    child,
    ended,
    async stop(graceMs = 3000) {
      signalAll('SIGTERM')
      const timer = setTimeout(() => signalAll('SIGKILL'), graceMs)
      await ended
      clearTimeout(timer)
      // The head may end before those it started.
      signalAll('SIGKILL')
    },
  }
}
