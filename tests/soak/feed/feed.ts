// Writes through the change feed while workerd is killed: each handler must have seen each change once, in order.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineSchema, expectedSchema, planMigration } from '../../../src/migrations'
import { deriveApiKeys } from '../../../src/platform/keys'
import { randomOf } from '../../support/random'
import { build, ROOT_KEY } from '../../support/server'
import { startKillable, type Killable } from '../killable'
import app from './app'

export interface FeedSoak {
  /** Changes to write, at least. */
  readonly size: number
  readonly seed: number
  readonly kills: number
}

const HANDLERS: Readonly<Record<string, string>> = {
  writer: "op IN ('I', 'U', 'D')",
  failing: "op IN ('I', 'U', 'D')",
  reader: "op = 'U' AND EXISTS (SELECT 1 FROM json_each(columns) WHERE value = 'words')",
}
const ROWS = 20
const PATIENCE_MS = 120_000

/** Throws when a handler saw a change twice, not at all, or out of order. Answers what was done. */
export async function soakFeed({ size, seed, kills }: FeedSoak): Promise<Readonly<Record<string, unknown>>> {
  const random = randomOf(seed)
  const storage = mkdtempSync(join(tmpdir(), 'perigee-feed-'))
  const built = build('tests/soak/feed/wrangler.toml')
  let worker: Killable | null = null
  try {
    worker = await startKillable(built.main, storage)
    const statements = planMigration({ ...engineSchema(), tables: [] }, expectedSchema(app)).statements
    await worker.db.batch(statements.map((statement) => worker!.db.prepare(statement)))
    const { publishableKey } = await deriveApiKeys(ROOT_KEY)
    let done = 0
    let cut = 0
    let left = kills
    for (let round = 0, changes = 0; changes < size || left > 0; round++) {
      const requests = Promise.allSettled(
        Array.from({ length: 8 }, (_, lane) => write(worker!.url, publishableKey, random, round * 8 + lane)),
      )
      if (left > 0 && changes >= (kills - left + 1) * (size / (kills + 1)) - 8 * ROWS) {
        // In the middle of writing, or of handling, or of nothing.
        await new Promise((resolve) => setTimeout(resolve, random() * 120))
        worker = await worker.kill()
        left--
      }
      for (const { status } of await requests) {
        if (status === 'fulfilled') done++
        else cut++
      }
      changes = await countOf(worker.db)
    }
    const drained = await drain(worker)
    return { changes: await countOf(worker.db), requests: done, cut, kills, drainedSeconds: drained, ...(await verify(worker.db)) }
  } finally {
    await worker?.close()
    built.remove()
    rmSync(storage, { recursive: true, force: true })
  }
}

/** Some rows are made, changed or taken away, as one request. */
async function write(url: string, key: string, random: () => number, n: number): Promise<void> {
  const headers = { apikey: key, 'content-type': 'application/json' }
  const choice = random()
  const group = `${Math.floor(random() * 12)}`
  const answer =
    choice < 0.5
      ? await fetch(`${url}/rest/v1/articles`, {
          method: 'POST',
          headers,
          body: JSON.stringify(Array.from({ length: ROWS }, (_, i) => ({ id: `${group}-${n}-${i}`, title: `Article ${n}` }))),
        })
      : choice < 0.95
        ? await fetch(`${url}/rest/v1/articles?id=like.${group}-*&limit=${ROWS}&order=id`, {
            method: 'PATCH',
            headers,
            body: JSON.stringify({ words: n }),
          })
        : await fetch(`${url}/rest/v1/articles?id=like.${group}-*&limit=5&order=id.desc`, { method: 'DELETE', headers })
  if (answer.status >= 400) throw new Error(`${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
}

const countOf = async (db: D1Database): Promise<number> =>
  (await db.prepare("SELECT count(*) AS n FROM sys_changes WHERE tbl = 'articles'").first<{ n: number }>())!.n

/** Until everybody has caught up; the cron comes as often as a minute has seconds. Answers the seconds it took. */
async function drain(worker: Killable): Promise<number> {
  const began = Date.now()
  let best = 0
  let moved = began
  for (;;) {
    await worker.tick()
    const row = await worker.db
      .prepare(
        "SELECT min(c.seq) AS seq, (SELECT max(seq) FROM sys_changes WHERE tbl = 'articles') AS head, count(*) AS n FROM sys_consumers AS c WHERE c.name IN (SELECT value FROM json_each(?))",
      )
      .bind(JSON.stringify(Object.keys(HANDLERS)))
      .first<{ seq: number; head: number; n: number }>()
    if (row!.n === Object.keys(HANDLERS).length && row!.seq >= row!.head) return Math.round((Date.now() - began) / 1000)
    if (row!.seq > best) moved = Date.now()
    best = Math.max(best, row!.seq)
    if (Date.now() - moved > PATIENCE_MS) throw new Error(`A consumer stands at ${row!.seq} of ${row!.head}.`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function verify(db: D1Database): Promise<Readonly<Record<string, unknown>>> {
  const { results: failures } = await db.prepare('SELECT consumer, reason FROM sys_change_failures LIMIT 3').all()
  if (failures.length > 0) throw new Error(`Changes were set aside: ${JSON.stringify(failures)}`)
  const { epoch } = (await db.prepare('SELECT epoch FROM sys_store').first<{ epoch: string }>())!
  const handled: Record<string, number> = {}
  for (const [name, wanted] of Object.entries(HANDLERS)) {
    const log = await column(
      db,
      `SELECT seq AS v FROM sys_changes WHERE tbl = 'articles' AND ${wanted} AND seq > ? ORDER BY seq LIMIT 5000`,
    )
    const saw = await column(db, `SELECT rowid AS v, change FROM seen WHERE consumer = '${name}' AND rowid > ? ORDER BY rowid LIMIT 5000`)
    const expected = log.map(({ v }) => `db/${epoch}/${v}`)
    const actual = saw.map(({ change }) => change)
    const wrong = expected.findIndex((id, i) => id !== actual[i])
    if (wrong >= 0 || actual.length !== expected.length)
      throw new Error(
        `${name} saw ${actual.length} of ${expected.length} changes; at ${wrong} it saw ${actual[wrong]} instead of ${expected[wrong]}.`,
      )
    handled[name] = actual.length
  }
  const { n } = (await db
    .prepare(
      "SELECT count(*) AS n FROM (SELECT nth, row_number() OVER (PARTITION BY key ORDER BY rowid) - 1 AS k FROM seen WHERE consumer = 'reader') WHERE nth <> k",
    )
    .first<{ n: number }>())!
  if (n > 0) throw new Error(`The reader found ${n} times another number of earlier changes than there were.`)
  return { handled, twice: 0, missed: 0, outOfOrder: 0 }
}

async function column(db: D1Database, text: string): Promise<{ v: number; change: string }[]> {
  const all: { v: number; change: string }[] = []
  for (let after = 0; ; after = all.at(-1)!.v) {
    const { results } = await db.prepare(text).bind(after).all<{ v: number; change: string }>()
    all.push(...results)
    if (results.length < 5000) return all
  }
}
