// `npm run bench:peers`: the bench's requests through Perigee and through another backend on D1 in the same runtime, in turns, in one run. Installs the
// peers in this folder first. Prints versions, date and ratios; writes bench/peers/results.json. README.md says what is and isn't alike.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, startServer, type Server } from '../../tests/support/server'
import { CASES } from '../cases'
import { fill } from '../data'
import { reader } from '../people'
import { describeSettings, measureRounds, medianRatio, readSettings, rounded, type Side } from '../rounds'
import { fillTree } from '../tree'

const folder = import.meta.dirname
const JWT_SECRET = 'only-for-measuring-only-for-measuring'

function install(): string {
  const manifest = join(folder, 'node_modules/@supabase/lite/package.json')
  const wanted = (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }).dependencies
  const installed = () => (existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version : null)
  if (installed() !== wanted['@supabase/lite']) {
    console.log('Installing the peers …')
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' })
    if (status !== 0) throw new Error('npm ci in bench/peers failed.')
  }
  return installed() ?? 'none'
}

/** The schema as the peer translates it, and what its Worker needs to enforce the policies. */
function translated(): { readonly ddl: readonly string[]; readonly deparse: unknown } {
  const text = execFileSync(process.execPath, [join(folder, 'lite/translate.mjs')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return JSON.parse(text) as { ddl: string[]; deparse: unknown }
}

/** Rows with their times as one writes them: Perigee answers ISO 8601, the peer the number that is stored. */
function comparable(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
    key.endsWith('_at') ? new Date(value as string | number).getTime() : value,
  )
}

async function answerOf({ server, headers }: Side, request: string): Promise<string> {
  const response = await fetch(`${server.url}${request}`, { headers })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${server.url}${request} answers ${response.status}: ${text.slice(0, 500)}`)
  return text
}

/** Signs two people up, writes the bench's rows, and asks as the one who sees them all. */
async function populated(server: Server, apikey: string): Promise<Side> {
  const call = (path: string, init: RequestInit) => fetch(`${server.url}${path}`, init)
  const twenty = await reader(call, apikey, 'twenty')
  const all = await reader(call, apikey, 'all')
  await fill(server.db, settings.rows, { all: all.id, twenty: twenty.id })
  await fillTree(server.db, { all: all.id, twenty: twenty.id })
  return { server, headers: all.headers }
}

const { settings, only } = readSettings()
const version = install()
const { ddl, deparse } = translated()
const builds = { perigee: build(), lite: build('bench/peers/lite/wrangler.toml') }
const perigee = await startServer(builds.perigee, { PERIGEE_ENV: 'production', PERIGEE_HOSTS: '127.0.0.1' }, { flood: false })
const lite = await startServer(
  builds.lite,
  { BARE: '1', JWT_SECRET, DEPARSE: JSON.stringify(deparse) },
  { migrate: false, flags: ['nodejs_compat'] },
)

try {
  for (const statement of ddl) await lite.db.prepare(statement).run()
  const sides: Record<'perigee' | 'lite', Side> = {
    perigee: await populated(perigee, perigee.keys.publishableKey),
    lite: await populated(lite, 'none'),
  }
  const date = new Date().toISOString().slice(0, 10)
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  console.log(`${date}: Perigee ${commit} and @supabase/lite ${version}; ${describeSettings(settings, [perigee, lite])}`)
  // Whoever is let in by no policy has to see nothing on either side, or one of them isn't enforcing any.
  for (const { name, request } of CASES) {
    const stranger = await answerOf({ server: lite, headers: { apikey: 'none' } }, request)
    if (stranger !== '[]') throw new Error(`${name}: the peer shows a stranger rows:\n${stranger.slice(0, 500)}`)
  }
  const cases = []
  for (const { name, request, check } of CASES.filter((one) => one.name.includes(only))) {
    console.log(`\n${name}`)
    const [ours, theirs] = [await answerOf(sides.perigee, request), await answerOf(sides.lite, request)]
    if (comparable(ours) !== comparable(theirs))
      throw new Error(`The two don't answer the same:\n${ours.slice(0, 2000)}\n${theirs.slice(0, 2000)}`)
    check(ours)
    const rounds = await measureRounds(request, sides, settings)
    console.log(`Perigee answers ${medianRatio(rounds).toFixed(2)} times as many requests (median)`)
    cases.push({
      name,
      request,
      rounds: rounds.map((round) => ({ ...rounded(round.rate, 0), ratio: Number(round.ratio.toFixed(2)), cpuMs: rounded(round.cpuMs, 2) })),
      ratio: Number(medianRatio(rounds).toFixed(2)),
    })
  }
  if (cases.length === CASES.length) {
    const result = { date, versions: { perigee: commit, '@supabase/lite': version }, settings, cases }
    writeFileSync(join(folder, 'results.json'), `${JSON.stringify(result, null, 2)}\n`)
  }
} finally {
  await Promise.all([perigee.close(), lite.close()])
  builds.perigee.remove()
  builds.lite.remove()
}
