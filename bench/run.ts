// `npm run bench`: each case of cases.ts through Perigee (token, session, policy, parsing) against a bare Hono Worker with the same SQL by hand, round
// by round in one run, straight on workerd's ports. Writes bench/results.json; fails under a target unless told `--report`. `--case list` runs some.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, startServer, type Server } from '../tests/support/server'
import { CASES, type Case } from './cases'
import { fill } from './data'
import { throughput, tool } from './load'
import { reader } from './people'
import { fillTree } from './tree'

const { values } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '16' },
    rows: { type: 'string', default: '5000' },
    warmup: { type: 'string', default: '10' },
    report: { type: 'boolean', default: false },
  },
})
const number = (name: 'rounds' | 'seconds' | 'connections' | 'rows' | 'warmup') => Number(values[name])
const settings = { rounds: number('rounds'), seconds: number('seconds'), connections: number('connections'), rows: number('rows') }

interface Side {
  readonly server: Server
  readonly headers: Readonly<Record<string, string>>
}

interface Round {
  readonly perigee: number
  readonly bare: number
  readonly ratio: number
  /** Processor time of a request, the database included. */
  readonly cpuMs: { readonly perigee: number; readonly bare: number }
}

/** Both sides in turns. Throws when they don't answer the same. */
async function measure({ name, request, target, check }: Case, sides: Readonly<Record<'perigee' | 'bare', Side>>): Promise<Round[]> {
  const load = ({ server, headers }: Side) => ({ url: `${server.url}${request}`, headers, connections: settings.connections })
  const text = async (side: Side) => (await fetch(load(side).url, { headers: side.headers })).text()
  const [a, b] = [await text(sides.perigee), await text(sides.bare)]
  if (JSON.stringify(JSON.parse(a)) !== JSON.stringify(JSON.parse(b))) throw new Error(`The two don't answer the same:\n${a}\n${b}`)
  check(a)
  console.log(`\n${name}: ${a.length.toLocaleString('en')} characters, target ${target}`)
  // A phone never meets a cold isolate for long, and V8 takes some thousand requests to compile what they share.
  for (const side of Object.values(sides)) await throughput({ ...load(side), seconds: number('warmup') })
  const rounds: Round[] = []
  for (let round = 0; round < settings.rounds; round++) {
    // Turns change, so that neither always runs on a machine that the other warmed.
    const order = round % 2 === 0 ? (['bare', 'perigee'] as const) : (['perigee', 'bare'] as const)
    const rate = { perigee: 0, bare: 0 }
    const cpuMs = { perigee: 0, bare: 0 }
    for (const name of order) {
      const { server } = sides[name]
      const before = server.cpuSeconds() ?? 0
      rate[name] = await throughput({ ...load(sides[name]), seconds: settings.seconds })
      cpuMs[name] = (((server.cpuSeconds() ?? 0) - before) * 1000) / (rate[name] * settings.seconds)
    }
    rounds.push({ ...rate, ratio: rate.perigee / rate.bare, cpuMs })
    console.log(
      `round ${round + 1}: bare ${rate.bare.toFixed(0)}/s, Perigee ${rate.perigee.toFixed(0)}/s, ratio ${(rate.perigee / rate.bare).toFixed(3)}; ` +
        `processor time a request: bare ${cpuMs.bare.toFixed(2)} ms, Perigee ${cpuMs.perigee.toFixed(2)} ms`,
    )
  }
  return rounds
}

const median = (list: readonly number[]) => list.toSorted((x, y) => x - y)[Math.floor(list.length / 2)]!

const chosen = CASES.filter(({ name }) => name.includes(values.case))
if (chosen.length === 0) throw new Error(`No case is called "${values.case}". There are: ${CASES.map(({ name }) => name).join('; ')}.`)
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
  for (const { id, session } of [all, twenty]) {
    await bare.db.batch([
      bare.db.prepare("insert into auth_users (id, created_at, updated_at) values (?, '0', '0')").bind(id),
      bare.db.prepare("insert into auth_sessions (id, user_id, refreshed_at, created_at) values (?, ?, '0', '0')").bind(session, id),
    ])
  }
  for (const { db } of [perigee, bare]) {
    await fill(db, settings.rows, readers)
    await fillTree(db, readers)
  }
  const sides = {
    perigee: { server: perigee, headers: all.headers },
    bare: { server: bare, headers: { 'x-person': all.id, 'x-session': all.session } },
  }
  console.log(
    `${tool}, ${settings.connections} connections, ${settings.rounds} rounds of ${settings.seconds} s, ${settings.rows} rows, ${perigee.direct && bare.direct ? 'straight on workerd' : 'through the harness'}`,
  )
  const cases = []
  for (const one of chosen) {
    const rounds = await measure(one, sides)
    const ratio = median(rounds.map((round) => round.ratio))
    console.log(`median ratio ${ratio.toFixed(3)}, target ${one.target}`)
    cases.push({
      name: one.name,
      request: one.request,
      rounds: rounds.map(({ perigee, bare, ratio, cpuMs }) => ({
        bare: Math.round(bare),
        perigee: Math.round(perigee),
        ratio: Number(ratio.toFixed(3)),
        cpuMs: { bare: Number(cpuMs.bare.toFixed(3)), perigee: Number(cpuMs.perigee.toFixed(3)) },
      })),
      ratio: Number(ratio.toFixed(3)),
      target: one.target,
    })
  }
  const result = {
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
    settings: { tool, ...settings },
    cases,
  }
  // A part of the cases is for trying things, not for the record.
  if (chosen.length === CASES.length) writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(result, null, 2)}\n`)
  if (cases.some(({ ratio, target }) => ratio < target) && !values.report) process.exitCode = 1
} finally {
  await Promise.all([perigee.close(), bare.close()])
  builds.perigee.remove()
  builds.bare.remove()
}
