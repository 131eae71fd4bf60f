// `npm run bench`: the list of 20 through Perigee (token, session, policy, parsing) against a bare Hono Worker with the same SQL by hand, round
// by round in one run, straight on workerd's ports. Writes bench/results.json; fails under the target unless told `--report`.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, startServer } from '../tests/support/server'
import { fill, LIST } from './data'
import { throughput, tool } from './load'
import { reader } from './people'

const TARGET = 0.85

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '16' },
    rows: { type: 'string', default: '5000' },
    warmup: { type: 'string', default: '10' },
    report: { type: 'boolean', default: false },
  },
})
const [rounds, seconds, connections, rows] = [values.rounds, values.seconds, values.connections, values.rows].map(Number) as [
  number,
  number,
  number,
  number,
]

const builds = { perigee: build(), bare: build('bench/bare/wrangler.toml') }
// Production: what development adds to an answer isn't measured.
// Without the flood shield: its local stand-in is another Worker, whose call costs more than all the rest of ours; Cloudflare's is part of the runtime.
const perigee = await startServer(builds.perigee, { PERIGEE_ENV: 'production', PERIGEE_HOSTS: '127.0.0.1' }, { flood: false })
const bare = await startServer(builds.bare, { BARE: '1' })

try {
  const call = (path: string, init: RequestInit) => fetch(`${perigee.url}${path}`, init)
  const twenty = await reader(call, perigee.keys.publishableKey, 'twenty')
  const all = await reader(call, perigee.keys.publishableKey, 'all')
  const readers = { all: all.id, twenty: twenty.id }
  await fill(perigee.db, rows, readers)
  for (const { id, session } of [all, twenty]) {
    await bare.db.batch([
      bare.db.prepare("insert into auth_users (id, created_at, updated_at) values (?, '0', '0')").bind(id),
      bare.db.prepare("insert into auth_sessions (id, user_id, refreshed_at, created_at) values (?, ?, '0', '0')").bind(session, id),
    ])
  }
  await fill(bare.db, rows, readers)

  const sides = {
    perigee: { url: `${perigee.url}${LIST}`, headers: all.headers },
    bare: { url: `${bare.url}${LIST}`, headers: { 'x-person': all.id, 'x-session': all.session } },
  }
  const [a, b] = await Promise.all(
    [sides.perigee, sides.bare].map(async ({ url, headers }) => JSON.stringify(await (await fetch(url, { headers })).json())),
  )
  if (a !== b || (JSON.parse(a ?? '[]') as unknown[]).length !== 20) throw new Error(`The two don't answer the same:\n${a}\n${b}`)

  console.log(
    `${tool}, ${connections} connections, ${rounds} rounds of ${seconds} s, ${rows} rows, ${perigee.direct && bare.direct ? 'straight on workerd' : 'through the harness'}`,
  )
  // A phone never meets a cold isolate for long, and V8 takes some thousand requests to compile what they share.
  for (const side of Object.values(sides)) await throughput({ ...side, connections, seconds: Number(values.warmup) })
  const servers = { perigee, bare }
  const measured: { perigee: number; bare: number; ratio: number; cpu: { perigee: number; bare: number } }[] = []
  for (let round = 0; round < rounds; round++) {
    // Turns change, so that neither always runs on a machine that the other warmed.
    const order = round % 2 === 0 ? (['bare', 'perigee'] as const) : (['perigee', 'bare'] as const)
    const rate = { perigee: 0, bare: 0 }
    const cpu = { perigee: 0, bare: 0 }
    for (const side of order) {
      const before = servers[side].cpuSeconds() ?? 0
      rate[side] = await throughput({ ...sides[side], connections, seconds })
      cpu[side] = (((servers[side].cpuSeconds() ?? 0) - before) * 1000) / (rate[side] * seconds)
    }
    measured.push({ ...rate, ratio: rate.perigee / rate.bare, cpu })
    console.log(
      `round ${round + 1}: bare ${rate.bare.toFixed(0)}/s, Perigee ${rate.perigee.toFixed(0)}/s, ratio ${(rate.perigee / rate.bare).toFixed(3)}; ` +
        `processor time a request: bare ${cpu.bare.toFixed(2)} ms, Perigee ${cpu.perigee.toFixed(2)} ms`,
    )
  }
  const ratio = measured.map((one) => one.ratio).toSorted((x, y) => x - y)[Math.floor(measured.length / 2)]!
  console.log(`\nmedian ratio ${ratio.toFixed(3)}, target ${TARGET}`)
  const result = {
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
    settings: { tool, connections, seconds, rows, request: LIST },
    rounds: measured.map((one) => ({
      bare: Math.round(one.bare),
      perigee: Math.round(one.perigee),
      ratio: Number(one.ratio.toFixed(3)),
      cpuMs: { bare: Number(one.cpu.bare.toFixed(3)), perigee: Number(one.cpu.perigee.toFixed(3)) },
    })),
    ratio: Number(ratio.toFixed(3)),
    target: TARGET,
  }
  writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(result, null, 2)}\n`)
  if (ratio < TARGET && !values.report) process.exitCode = 1
} finally {
  await Promise.all([perigee.close(), bare.close()])
  builds.perigee.remove()
  builds.bare.remove()
}
