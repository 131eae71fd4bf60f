// Jobs while the Worker is killed at random and started again over the same storage. What was in the queue's memory is lost each time, on
// purpose: what has to be sent again is in the database.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startGroup, type ProcessGroup } from '../../../scripts/process-group'
import { deriveApiKeys } from '../../../src/platform/keys'
import { randomOf } from '../../support/random'
import { build, ROOT_KEY } from '../../support/server'

const root = join(import.meta.dirname, '../../..')

export interface Counts {
  /** Rows that the jobs' effects left. */
  readonly effects: number
  readonly distinctEffects: number
  /** Batches that were committed, each with as many jobs as `perBatch`. */
  readonly batches: number
  readonly jobs: number
  readonly done: number
  readonly attempts: number
  readonly ended: number
}

export interface Kills extends Counts {
  readonly kills: number
  readonly refusedBatches: number
}

const PER_BATCH = 50

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** Takes in `size` jobs, kills the Worker `kills` times meanwhile, and waits until nothing is left to do. Throws when a claim doesn't hold. */
export async function killJobs(size: number, kills: number, seed: number): Promise<Kills> {
  const random = randomOf(seed)
  const built = build('tests/tools/kills/wrangler.toml')
  const folder = mkdtempSync(join(tmpdir(), 'perigee-kills-'))
  const config = join(folder, 'wrangler.json')
  writeFileSync(config, JSON.stringify(configOf(built.main)))
  const keys = await deriveApiKeys(ROOT_KEY)
  let url = ''
  let group: ProcessGroup | null = null

  const ask = async (path: string, body?: unknown, token?: string): Promise<Response> =>
    fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { apikey: keys.publishableKey, 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    })

  async function start(): Promise<void> {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const args = ['dev', '--config', config, '--no-bundle', '--port', String(port), '--inspector-port', String(await freePort())]
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' }
    group = startGroup(join(root, 'node_modules/.bin/wrangler'), [...args, '--persist-to', join(folder, 'state'), '--ip', '127.0.0.1'], {
      cwd: folder,
      stdio: 'ignore',
      env,
    })
    for (let tries = 0; tries < 300; tries++) {
      if ((await ask('/health').catch(() => null))?.ok) return
      await wait(200)
    }
    throw new Error('The Worker did not start.')
  }

  const kill = async () => {
    const { child, ended } = group!
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await ended
  }
  /** For what may be asked twice: a connection may break though nobody was killed. */
  const insist = async (path: string): Promise<Response> => {
    for (let tries = 0; ; tries++) {
      const answer = await ask(path).catch(() => null)
      if (answer) return answer
      if (tries >= 10) throw new Error(`${path} does not answer.`)
      await wait(500)
    }
  }
  const counts = async () => (await (await insist('/kills/counts')).json()) as Counts

  try {
    await start()
    if (!(await ask('/kills/mount')).ok) throw new Error('The tables could not be made.')
    const signedUp = (await (await ask('/auth/v1/signup', {})).json()) as { access_token: string }
    const batches = Math.ceil(size / PER_BATCH)
    const killAt = new Set(Array.from({ length: kills }, (_, i) => Math.floor(((i + random()) * batches) / kills)))
    let [killed, refusedBatches] = [0, 0]
    for (let batch = 0; batch < batches; batch++) {
      const settled = ask('/rest/v1/rpc/ask_many', { from: batch * PER_BATCH, count: PER_BATCH }, signedUp.access_token).then(
        (answer) => answer.ok,
        () => false,
      )
      if (!killAt.has(batch)) {
        if (!(await settled)) refusedBatches++
        continue
      }
      // Somewhere between the request and long after its answer.
      await wait(random() * 600)
      await kill()
      killed++
      if (!(await settled)) refusedBatches++
      await start()
      await insist(`/kills/pass?ms=${Math.floor(31_000 + random() * 60_000)}`)
    }
    for (let rounds = 0, last = -1, idle = 0; ; rounds++) {
      const now = await counts()
      if (now.done + now.ended === now.jobs) break
      idle = now.done === last ? idle + 1 : 0
      last = now.done
      if (rounds > 3_000) throw new Error(`Jobs are left over: ${JSON.stringify(now)}`)
      // Time passes only while nothing moves: whatever was lost is late by then.
      if (idle >= 3) await insist('/kills/pass?ms=90000')
      await wait(300)
    }
    const found = { kills: killed, refusedBatches, ...(await counts()) }
    judge(found)
    return found
  } finally {
    await kill().catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
    built.remove()
  }
}

/** Every batch that committed has all its jobs, every job its one effect, and nothing else has any. */
function judge(found: Kills): void {
  const { effects, distinctEffects, batches, jobs, done, ended } = found
  const whole = jobs === batches * PER_BATCH && done === jobs && ended === 0
  if (!whole || effects !== jobs || distinctEffects !== effects) throw new Error(`Not each effect exactly once: ${JSON.stringify(found)}`)
}

function configOf(main: string): unknown {
  return {
    name: 'perigee-errands',
    main,
    compatibility_date: '2026-10-01',
    vars: { PERIGEE_ENV: 'development', PERIGEE_HOSTS: '*', PERIGEE_ROOT_KEY: ROOT_KEY },
    d1_databases: [{ binding: 'DB', database_name: 'perigee', database_id: 'perigee', migrations_dir: join(root, 'migrations') }],
    kv_namespaces: [{ binding: 'KV', id: 'kv' }],
    r2_buckets: [{ binding: 'MEDIA', bucket_name: 'perigee-media' }],
    queues: {
      producers: [{ binding: 'JOBS', queue: 'perigee-jobs' }],
      consumers: [{ queue: 'perigee-jobs', max_batch_size: 10, max_batch_timeout: 1, max_retries: 10 }],
    },
    durable_objects: {
      bindings: [
        { name: 'RATE_LIMITER', class_name: 'RateLimiter' },
        { name: 'ALARM', class_name: 'Alarm' },
        { name: 'CHANGE_FEED', class_name: 'ChangeFeed' },
      ],
    },
    migrations: [{ tag: 'v1', new_sqlite_classes: ['RateLimiter', 'Alarm', 'ChangeFeed'] }],
  }
}
