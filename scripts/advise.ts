// `npm run advise`: which index is missing, from what was asked of the running development server (or `--requests FILE`, an address a line, or
// `--bench`), tried in a scratch database with made-up rows (`--rows`). Changes neither the app nor its database.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from '../bench/cases'
import { buildModel, type Model } from '../src/define'
import { planRequest } from '../src/rest'
import { advise, type Asked } from './advise/advice'
import { describeAdvice } from './advise/report'
import { loadApp } from './app-check'
import { runningUrl } from './running'

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    bench: { type: 'boolean', default: false },
    requests: { type: 'string' },
    rows: { type: 'string', default: '200000' },
    url: { type: 'string' },
  },
})
const from = (path: string) => resolve(process.env.INIT_CWD ?? process.cwd(), path)

/** Reads as somebody who is signed in asks them: `/rest/v1/trips?select=id`, an address a line. */
function fromRequests(model: Model, addresses: readonly string[]): Asked[] {
  return addresses.map((address) => {
    const { pathname, search } = new URL(address, 'http://localhost')
    const request = { method: 'GET', table: pathname.split('/').at(-1) ?? '', search: search.slice(1), header: () => null, body: null }
    return { query: planRequest(model, request).query, role: 'authenticated', count: 1 }
  })
}

async function fromServer(): Promise<Asked[]> {
  const url = values.url ?? runningUrl()
  if (url === null)
    throw new Error(
      'No development server runs here. Start `npm run dev`, use the app for a while, then this again; or give `--requests FILE`.',
    )
  const response = await fetch(`${url}/dev/shapes`)
  if (!response.ok) throw new Error(`${url}/dev/shapes answers ${response.status}: it isn't a development server.`)
  return (await response.json()) as Asked[]
}

async function main(): Promise<void> {
  const rows = Number(values.rows)
  if (!Number.isInteger(rows) || rows < 1000) throw new Error(`--rows takes a whole number from 1000, not "${values.rows}".`)
  const app = await loadApp(...(values.app === undefined ? [] : [from(values.app)]))
  const model = buildModel(app)
  const lines =
    values.requests === undefined
      ? []
      : readFileSync(from(values.requests), 'utf8')
          .split('\n')
          .filter((line) => line.trim() !== '')
  const asked = values.bench
    ? fromRequests(
        model,
        CASES.map(({ request }) => request),
      )
    : values.requests === undefined
      ? await fromServer()
      : fromRequests(model, lines)
  console.log(describeAdvice(model, await advise(app, asked, { rows, say: (line) => console.error(line) }), rows))
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
