// `npm run dev`: checks the app, makes the checkout ready, starts wrangler and says how to call it. Ctrl-C leaves no process behind.
// For one's own machine: it listens on localhost unless told `--phone`.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { appProblems, loadApp, localSchemaProblems } from './app-check'
import { localKeys } from './keys'
import { statePath } from './local-database'
import { isPortFree, networkAddresses } from './network'
import { prepare } from './prepare'
import { startGroup, type ProcessGroup } from './process-group'
import { DEFAULT_PORT, isAlive, rememberServer } from './running'
import { describeServer, isNoise, isRequest, phoneAddresses } from './welcome'

const root = join(import.meta.dirname, '..')
const READY_WITHIN_MS = 90_000

interface Options {
  readonly port: number
  readonly phone: boolean
  readonly verbose: boolean
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(DEFAULT_PORT) },
      phone: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port takes a number from 1 to 65535, not "${values.port}".`)
  return { port, phone: values.phone, verbose: values.verbose }
}

/** `isWelcomed` says whether the developer has been told that it runs: requests before that are our own. */
function startWrangler({ port, phone, verbose }: Options, isWelcomed: () => boolean): ProcessGroup {
  const args = ['dev', '--port', String(port), '--ip', phone ? '0.0.0.0' : 'localhost', '--show-interactive-dev-session=false']
  if (process.env.PERIGEE_STATE) args.push('--persist-to', process.env.PERIGEE_STATE)
  const group = startGroup(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_SEND_METRICS: 'false',
      // Would ask the internet where we are; the placeholder does.
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...process.env,
    },
  })
  for (const stream of [group.child.stdout!, group.child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (verbose || !(isNoise(line) || (!isWelcomed() && isRequest(line)))) console.log(line)
    })
  }
  return group
}

/** Resolves once the Worker answers; false when wrangler ended before. */
async function answers(url: string, group: ProcessGroup): Promise<boolean> {
  const runs = () => group.child.exitCode === null && group.child.signalCode === null
  const until = Date.now() + READY_WITHIN_MS
  while (runs() && Date.now() < until) {
    const ok = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.ok,
      () => false,
    )
    if (ok && runs()) return true
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  return false
}

/** Calls `stop` once npm, or the shell that it put between, is gone: it doesn't always pass on what ended it. */
function watchNpm(stop: () => void): void {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return
  const shell = process.ppid
  const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-p', String(shell)], { encoding: 'utf8' })
  const npm = Number(stdout)
  setInterval(() => {
    if (process.ppid !== shell || (npm > 1 && !isAlive(npm))) stop()
  }, 1000).unref()
}

async function main(): Promise<number> {
  const options = readOptions()
  const problems = await appProblems()
  if (problems.length > 0) {
    console.error(`The app can't start:\n  ${problems.join('\n  ')}`)
    return 1
  }
  if (!(await isPortFree(options.port, options.phone))) {
    console.error(
      `Port ${options.port} is taken: something else listens there. Stop it, or choose another: npm run dev -- --port ${options.port + 1}`,
    )
    return 1
  }
  await prepare()
  const differences = await localSchemaProblems(statePath())
  if (differences.length > 0) {
    console.warn(
      `The local database isn't what app/ implies:\n  ${differences.join('\n  ')}\nIf you changed app/: \`npm run db:generate\`, read what it wrote, then start again.`,
    )
  }

  const url = `http://localhost:${options.port}`
  console.log(`Starting on ${url} …`)
  let welcomed = false
  const group = startWrangler(options, () => welcomed)
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    void group.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  watchNpm(stop)

  if (!(await answers(url, group))) {
    if (!stopping) console.error('The Worker did not start; what wrangler said is above (`npm run dev -- --verbose` shows all of it).')
    await group.stop()
    return stopping ? 0 : 1
  }
  const forget = rememberServer(url)
  const keys = await localKeys(url)
  console.log(await describeServer(keys, await loadApp(), await demoAccount()))
  welcomed = true
  if (options.phone) console.log(phoneAddresses(options.port, networkAddresses()))
  const code = await group.ended
  forget()
  await group.stop()
  return stopping ? 0 : code
}

/** Somebody of the seed who can sign in; null for an app without one. */
async function demoAccount(): Promise<{ email: string; password: string } | null> {
  const path = join(root, 'app/seed/index.ts')
  if (!existsSync(path)) return null
  const { demoAccounts } = (await import(path)) as { demoAccounts?: readonly { email: string; password: string }[] }
  return demoAccounts?.[0] ?? null
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  return 1
})
