// A copy of this working tree, as a git repository of its own, in which a tool may make and delete what it likes.
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Checkout {
  readonly path: string
  /** Runs a program in the copy, with the project's own binaries first. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>
  remove(): void
}

/** Committed and new files alike; node_modules is shared. */
export function makeCheckout(): Checkout {
  const path = mkdtempSync(join(tmpdir(), 'perigee-checkout-'))
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  for (const name of stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    copyFileSync(join(root, name), join(path, name))
  }
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  const git = (...args: string[]) => spawnSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: path })
  git('init', '--quiet')
  // The link isn't the folder that .gitignore names.
  git('add', '--all', '--', '.', ':!node_modules')
  git('commit', '--quiet', '--message', 'Copy')
  return {
    path,
    run: (command, args, env = {}) => run(command, args, path, env),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** The environment of a tool under test: the project's binaries first, nobody told about it. */
export function toolEnvironment(path: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { VITEST: _vitest, NODE_ENV: _mode, ...rest } = process.env
  return { ...rest, PATH: `${join(path, 'node_modules/.bin')}:${process.env.PATH}`, WRANGLER_SEND_METRICS: 'false', ...env }
}

/** Answers when the program has ended; without blocking, because a test may be the server that it talks to. */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { cwd, env: toolEnvironment(cwd, env), stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

/** Processes whose command line names this folder. */
export function processesIn(path: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  return stdout.split('\n').filter((line) => line.includes(path))
}
