// The development server as `npx wrangler dev` starts it, seeded, on a port and in a folder of its own; and a browser to look at it with.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { startGroup } from '../../scripts/process-group'

const root = join(import.meta.dirname, '../..')
const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where Chromium is installed; null when it isn't. `CHROMIUM` names another place. */
export function chromiumPath(): string | null {
  return BROWSERS.find((path) => path !== undefined && existsSync(path)) ?? null
}

/** Starts Chromium without a window. The sandbox is off because tests run as root in containers; they only open our own page. */
export function openBrowser(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

export interface DevServer {
  readonly url: string
  close(): Promise<void>
}

/** Starts it with an empty database, which it migrates and fills itself. Throws with its output when it doesn't answer in time. */
export async function startDevServer(timeoutMs = 90_000): Promise<DevServer> {
  const state = mkdtempSync(join(tmpdir(), 'perigee-browser-'))
  const port = await freePort()
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js')
  const args = [
    wrangler,
    'dev',
    '--port',
    String(port),
    '--inspector-port',
    '0',
    '--persist-to',
    state,
    '--show-interactive-dev-session=false',
  ]
  const env = { ...process.env, PERIGEE_STATE: state, WRANGLER_SEND_METRICS: 'false', CI: '1' }
  const group = startGroup(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [group.child.stdout, group.child.stderr]) stream?.on('data', (data) => (output += String(data)))
  const close = async () => {
    await group.stop()
    rmSync(state, { recursive: true, force: true })
  }

  const url = `http://localhost:${port}`
  const deadline = Date.now() + timeoutMs
  while (!(await answers(url))) {
    if (Date.now() > deadline || group.child.exitCode !== null) {
      await close()
      throw new Error(`wrangler dev didn't answer at ${url}:\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return { url, close }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health`).catch(() => null)
  return answer?.ok ?? false
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no free port'))))
    })
  })
}
