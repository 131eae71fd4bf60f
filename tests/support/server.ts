// The built Worker on a port of its own, with empty storage: for real clients and for load. Node only; tests in workerd use worker.ts.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createTestHarness, type TestHarnessOptions } from 'wrangler'
import { deriveApiKeys, type ApiKeys } from '../../src/platform/keys'

const root = join(import.meta.dirname, '../..')

/** A folder with one bundled script in it. */
export interface Build {
  readonly main: string
  /** What Cloudflare counts against its limit. */
  readonly gzipBytes: number
  remove(): void
}

export interface Server {
  /** workerd's own port where it can be found, else the harness's. */
  readonly url: string
  /** Whether `url` goes straight to workerd. */
  readonly direct: boolean
  /** Processor time that workerd has used, its database included; null where that can't be told. */
  cpuSeconds(): number | null
  readonly keys: ApiKeys
  readonly db: D1Database
  /** Puts another script in the place of the sign-in Worker, the data as they are; answers where the server listens now. */
  replaceSignIn(main: string): Promise<string>
  close(): Promise<void>
}

/** Bundles a Worker as `npm run build` does, or the one that another configuration names. Throws with wrangler's output. */
export function build(config = 'wrangler.toml'): Build {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-build-'))
  const args = ['deploy', '--config', config, '--dry-run', '--outdir', folder]
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/wrangler'), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  })
  const name = status === 0 ? readdirSync(folder).find((file) => file.endsWith('.js')) : undefined
  if (!name) throw new Error(`wrangler could not build:\n${stdout}\n${stderr}`)
  const main = join(folder, name)
  return { main, gzipBytes: gzipSync(readFileSync(main)).length, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const SIGN_IN = 'perigee-sign-in'

/** Of tests only: whoever knows it can do nothing elsewhere. */
export const ROOT_KEY = 'Y2xpZW50cy1vbmx5LXJvb3Qta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXM'

/** Starts workerd with a build of the Worker (or of `bench/bare`), makes the tables unless told not to, and says where it listens. */
export async function startServer(
  built: Build,
  vars: Readonly<Record<string, string>> = {},
  options: {
    readonly flood?: boolean
    readonly migrate?: boolean
    readonly flags?: readonly string[]
    /** The script of sign-in in a Worker of its own, bound by RPC as docs/deploy.md says. */
    readonly signIn?: string
  } = {},
): Promise<Server> {
  const before = new Set(workerds().map(({ port }) => port))
  // The same script again, when all tests are to run with sign-in split off: it exports the class too.
  const signIn = options.signIn ?? (process.env.PERIGEE_SPLIT ? built.main : undefined)
  const stored = {
    d1_databases: [{ binding: 'DB', database_name: 'perigee', database_id: 'perigee', migrations_dir: join(root, 'migrations') }],
    kv_namespaces: [{ binding: 'KV', id: 'kv' }],
  }
  const installation = { PERIGEE_ENV: 'development', PERIGEE_HOSTS: '*', PERIGEE_ROOT_KEY: ROOT_KEY, ...vars }
  const workersOf = (main: string | undefined): TestHarnessOptions => ({
    // Not the repository: its .dev.vars would win over the key here.
    root: dirname(built.main),
    workers: [
      {
        config: {
          name: 'perigee',
          main: built.main,
          no_bundle: true,
          compatibility_date: '2026-10-01',
          ...(options.flags ? { compatibility_flags: [...options.flags] } : {}),
          vars: installation,
          ...stored,
          ...(main === undefined ? {} : { services: [{ binding: 'AUTHENTICATION', service: SIGN_IN, entrypoint: 'Authentication' }] }),
          ...(vars['BARE']
            ? {}
            : {
                durable_objects: {
                  bindings: [
                    { name: 'RATE_LIMITER', class_name: 'RateLimiter' },
                    { name: 'ALARM', class_name: 'Alarm' },
                    { name: 'CHANGE_FEED', class_name: 'ChangeFeed' },
                  ],
                },
                migrations: [{ tag: 'v1', new_sqlite_classes: ['RateLimiter', 'Alarm', 'ChangeFeed'] }],
                queues: {
                  producers: [{ binding: 'JOBS', queue: 'perigee-jobs' }],
                  consumers: [{ queue: 'perigee-jobs', max_batch_size: 10, max_batch_timeout: 1, max_retries: 10 }],
                },
                r2_buckets: [{ binding: 'MEDIA', bucket_name: 'perigee-media' }],
                ...(options.flood === false
                  ? {}
                  : { ratelimits: [{ name: 'FLOOD', namespace_id: '4801', simple: { limit: 100_000_000, period: 60 } }] }),
              }),
        },
      },
      ...(main === undefined
        ? []
        : [
            {
              config: {
                name: SIGN_IN,
                main,
                no_bundle: true,
                compatibility_date: '2026-10-01',
                vars: installation,
                ...stored,
                queues: { producers: [{ binding: 'JOBS', queue: 'perigee-jobs' }] },
              },
            },
          ]),
    ],
  })
  const harness = createTestHarness(workersOf(signIn))
  const { url } = await harness.listen()
  const worker = harness.getWorker<{ DB: D1Database }>()
  if (options.migrate !== false) await worker.applyD1Migrations('DB')
  const { DB: db } = await worker.getEnv()
  const straight = workerds().find(({ port }) => !before.has(port) && port !== Number(url.port))
  return {
    url: straight === undefined ? url.origin : `http://127.0.0.1:${straight.port}`,
    direct: straight !== undefined,
    cpuSeconds: () => (straight === undefined ? null : cpuSeconds(straight.pid)),
    keys: await deriveApiKeys(ROOT_KEY),
    db,
    async replaceSignIn(main) {
      await harness.update(workersOf(main))
      return (await harness.listen()).url.origin
    },
    close: () => harness.close(),
  }
}

/** Ports on which this process's own children listen over HTTP. Empty where `ss` isn't installed. */
function workerds(): { readonly port: number; readonly pid: number }[] {
  const { stdout } = spawnSync('ss', ['-Hltnp'], { encoding: 'utf8' })
  return (stdout ?? '').split('\n').flatMap((line) => {
    const pid = Number(/"workerd",pid=(\d+)/.exec(line)?.[1])
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    return port && statOf(pid)?.parent === process.pid ? [{ port: Number(port), pid }] : []
  })
}

/** proc_pid_stat(5): the fields behind the name, in clock ticks of a hundredth. */
function statOf(pid: number): { readonly parent: number; readonly ticks: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return null
  }
}

function cpuSeconds(pid: number): number | null {
  const ticks = statOf(pid)?.ticks
  return ticks === undefined ? null : ticks / 100
}
