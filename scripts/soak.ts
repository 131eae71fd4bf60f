// `npm run soak`: the long sizes of what the gate runs small. Writes docs/evidence/<name>.json for each; `npm run soak -- fuzz` runs one.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killJobs } from '../tests/tools/kills/run'
import { measureLists } from '../bench/lists'
import { soakFeed } from '../tests/soak/feed/feed'
import { STORM_VARS, webhookStorm } from '../tests/support/webhook-storm'
import { build, startServer } from '../tests/support/server'

const root = join(import.meta.dirname, '..')

/** What a run found, in the run's own terms. Throws when a claim doesn't hold. */
type Soak = (size: number) => Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>

const SOAKS: Readonly<Record<string, { readonly size: number; readonly unit: string; readonly run: Soak }>> = {
  fuzz: { size: 200_000, unit: 'cases of policies, reads and writes against the oracle', run: fuzz },
  lists: { size: 200_000, unit: 'trips, read 20 at a time by three people', run: measureLists },
  webhooks: { size: 10_000, unit: 'webhooks to a receiver that fails 30% of the time, answers late, redirects and closes', run: webhooks },
  feed: {
    size: 50_000,
    unit: 'changes through three handlers while workerd is killed once in a thousand',
    run: (size) => soakFeed({ size, seed, kills: Math.max(2, Math.round(size / 1000)) }),
  },
  jobs: { size: 20_000, unit: 'jobs while the Worker is killed at random and started again over the same storage', run: jobs },
  split: { size: 1, unit: 'runs of all tests of sign-in, with sign-in in a Worker of its own', run: split },
  startup: { size: 3, unit: 'starts profiled by wrangler', run: startup },
  bench: { size: 12, unit: 'rounds against a bare Worker', run: bench },
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { size: { type: 'string' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Date.now() % 2 ** 31)

function command(name: string, args: readonly string[], env: Readonly<Record<string, string>>): void {
  const { status } = spawnSync(join(root, 'node_modules/.bin', name), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed.`)
}

function fuzz(size: number): Readonly<Record<string, unknown>> {
  command('vitest', ['run', '--project', 'unit', 'tests/fuzz'], { FUZZ_CASES: String(size), FUZZ_SEED: String(seed) })
  return { cases: size, differences: 0 }
}

/** Waits are 20,000 times shorter than in the schedule, and the receiver's 20 seconds half a second. */
async function webhooks(size: number): Promise<Readonly<Record<string, unknown>>> {
  const built = build()
  const server = await startServer(built, STORM_VARS)
  try {
    return { ...(await webhookStorm(server, size, seed, size * 200)) }
  } finally {
    await server.close()
    built.remove()
  }
}

/** A kill for every 500 jobs. */
async function jobs(size: number): Promise<Readonly<Record<string, unknown>>> {
  return { ...(await killJobs(size, Math.max(2, Math.round(size / 500)), seed)) }
}

/** Tests that reach into the isolate of sign-in, which is another one here; each with what it does there. */
const IN_ONE_ISOLATE: Readonly<Record<string, string>> = {
  'an operator rotates at once': 'deletes the keys that sign-in holds in memory',
  'P27: a token under the kid of another key of ours': 'goes on from that one',
  'the service may stand behind a binding': 'takes the binding away',
  '/health says when the secret is missing': 'asks after a secret that the other Worker has',
}

/** What tests ask of sign-in, over a service binding between two Workers: over HTTP inside workerd, and by real packages and a browser on a real port. */
function split(size: number): Readonly<Record<string, unknown>> {
  const signIn = build(join('deploy', 'split', 'wrangler.toml'))
  try {
    for (const [name, because] of Object.entries(IN_ONE_ISOLATE)) console.log(`Left out: "${name} …" ${because}.`)
    const others = `^(?!.*(?:${Object.keys(IN_ONE_ISOLATE).join('|')}))`
    for (let run = 0; run < size; run++) {
      const env = { PERIGEE_SPLIT: signIn.main }
      const inside = ['tests/auth', 'tests/wire', '--testTimeout', '60000', '-t', others]
      command('vitest', ['run', '--project', 'workerd', ...inside], env)
      command('vitest', ['run', '--project', 'clients', 'tests/clients', 'tests/browser/passkeys.test.ts'], env)
    }
    return { runs: size, leftOut: Object.keys(IN_ONE_ISOLATE).length, gzipKiB: Math.round(signIn.gzipBytes / 1024) }
  } finally {
    signIn.remove()
  }
}

/** What `wrangler check startup` says of this machine; Cloudflare's limit is 1,000 ms of its own. */
function startup(size: number): Readonly<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-startup-'))
  try {
    const runs = Array.from({ length: size }, () => {
      const wrangler = join(root, 'node_modules/.bin/wrangler')
      const { stdout } = spawnSync(wrangler, ['check', 'startup', '--outfile', join(folder, 'profile')], { cwd: root, encoding: 'utf8' })
      return { activeMs: Number(/Active: ([\d.]+) ms/.exec(stdout)?.[1]), gzipKiB: Number(/gzip: ([\d.]+) KiB/.exec(stdout)?.[1]) }
    })
    if (runs.some(({ activeMs, gzipKiB }) => Number.isNaN(activeMs) || Number.isNaN(gzipKiB)))
      throw new Error('wrangler check startup gave no figures.')
    return { runs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function bench(size: number): Readonly<Record<string, unknown>> {
  command('node', ['--import', './scripts/register.mjs', 'bench/run.ts', '--report', '--rounds', String(size), '--warmup', '20'], {})
  return JSON.parse(readFileSync(join(root, 'bench/results.json'), 'utf8')) as Readonly<Record<string, unknown>>
}

const wanted = positionals.length > 0 ? positionals : Object.keys(SOAKS)
for (const name of wanted) {
  const soak = SOAKS[name]
  if (!soak) {
    console.error(`There is no soak "${name}". There are: ${Object.keys(SOAKS).join(', ')}.`)
    process.exit(1)
  }
  const size = Number(values.size ?? soak.size)
  console.log(`${name}: ${size} ${soak.unit}, seed ${seed}`)
  const started = Date.now()
  const result = await soak.run(size)
  const evidence = {
    name,
    commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    date: new Date(started).toISOString().slice(0, 10),
    seed,
    size: `${size} ${soak.unit}`,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    seconds: Math.round((Date.now() - started) / 1000),
    result,
  }
  mkdirSync(join(root, 'docs/evidence'), { recursive: true })
  writeFileSync(join(root, 'docs/evidence', `${name}.json`), `${JSON.stringify(evidence, null, 2)}\n`)
  console.log(`${name}: done in ${evidence.seconds} s, docs/evidence/${name}.json`)
}
