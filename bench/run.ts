// `npm run bench`: each case of cases.ts through Perigee (token, session, policy, parsing) against a bare Hono Worker with the same SQL by hand, round
// by round in one run, straight on workerd's ports. Writes bench/results.json; fails under a target unless told `--report`. `--case list` runs some.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { build, startServer } from '../tests/support/server'
import { CASES, type Case } from './cases'
import { fill } from './data'
import { tool } from './load'
import { reader } from './people'
import { describeSettings, measureRounds, medianRatio, readSettings, rounded, type Side } from './rounds'
import { fillTree } from './tree'

/** Throws when the two don't answer the same, or not what is meant to be measured. */
async function checkAnswers({ request, check }: Case, sides: readonly Side[]): Promise<void> {
  const texts = await Promise.all(sides.map(async ({ server, headers }) => (await fetch(`${server.url}${request}`, { headers })).text()))
  const [a = '', b = ''] = texts
  if (JSON.stringify(JSON.parse(a)) !== JSON.stringify(JSON.parse(b))) throw new Error(`The two don't answer the same:\n${a}\n${b}`)
  check(a)
}

const { settings, only, report } = readSettings()
const chosen = CASES.filter(({ name }) => name.includes(only))
if (chosen.length === 0) throw new Error(`No case is called "${only}". There are: ${CASES.map(({ name }) => name).join('; ')}.`)
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
  console.log(describeSettings(settings, [perigee, bare]))
  const cases = []
  for (const one of chosen) {
    console.log(`\n${one.name}, target ${one.target}`)
    await checkAnswers(one, Object.values(sides))
    const rounds = await measureRounds(one.request, sides, settings)
    const ratio = medianRatio(rounds)
    console.log(`median ratio ${ratio.toFixed(3)}, target ${one.target}`)
    cases.push({
      name: one.name,
      request: one.request,
      rounds: rounds.map((round) => ({ ...rounded(round.rate, 0), ratio: Number(round.ratio.toFixed(3)), cpuMs: rounded(round.cpuMs, 3) })),
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
  if (cases.some(({ ratio, target }) => ratio < target) && !report) process.exitCode = 1
} finally {
  await Promise.all([perigee.close(), bare.close()])
  builds.perigee.remove()
  builds.bare.remove()
}
