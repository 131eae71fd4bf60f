// A built Worker in workerd over a folder, to be killed without warning and begun again over the same storage. What only memory held is lost:
// messages of the queue, timers, what an isolate knew.
import { readdirSync, readFileSync } from 'node:fs'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { ROOT_KEY } from '../support/server'

export interface Killable {
  readonly url: string
  readonly db: D1Database
  /** The minute's cron. */
  tick(): Promise<void>
  /** SIGKILL, then the same again over the same storage. */
  kill(): Promise<Killable>
  close(): Promise<void>
}

/** Starts the script at `main`; `storage` is a folder of the caller's. */
export async function startKillable(main: string, storage: string): Promise<Killable> {
  const before = new Set(workerds())
  const flare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'perigee',
      modules: [{ type: 'ESModule', path: 'worker.js', contents: readFileSync(main, 'utf8') }],
      compatibilityDate: '2026-10-01',
      resourcePersistencePath: storage,
      bindings: { PERIGEE_ENV: 'test', PERIGEE_HOSTS: '127.0.0.1', PERIGEE_ROOT_KEY: ROOT_KEY },
      d1Databases: { DB: 'perigee' },
      kvNamespaces: { KV: 'kv' },
      r2Buckets: { MEDIA: 'media' },
      durableObjects: {
        RATE_LIMITER: { className: 'RateLimiter', useSQLite: true },
        ALARM: { className: 'Alarm', useSQLite: true },
        CHANGE_FEED: { className: 'ChangeFeed', useSQLite: true },
      },
      queueProducers: { JOBS: 'perigee-jobs' },
      queueConsumers: { 'perigee-jobs': { maxBatchSize: 10, maxBatchTimeout: 0, maxRetries: 10 } },
      handleStructuredLogs: () => undefined,
    }),
  )
  const url = (await flare.ready).origin
  const mine = workerds().filter((pid) => !before.has(pid))
  return {
    url,
    db: (await flare.getD1Database('DB')) as unknown as D1Database,
    async tick() {
      const worker = await flare.getWorker()
      await worker.scheduled({ cron: '* * * * *', scheduledTime: new Date() })
    },
    async kill() {
      for (const pid of mine) process.kill(pid, 'SIGKILL')
      await flare.dispose().catch(() => undefined)
      return startKillable(main, storage)
    },
    close: () => flare.dispose(),
  }
}

/** Ids of the workerds that this process started (proc_pid_stat(5)). */
function workerds(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return parent === process.pid && stat.includes('(workerd)') ? [Number(name)] : []
    } catch {
      return []
    }
  })
}
