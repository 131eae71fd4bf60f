// What a deployment consists of: the words that say so beforehand, and wrangler's configuration with the account's ids in it.
// Prices and limits are Cloudflare's of November 2026 (developers.cloudflare.com/workers/platform/pricing and /limits, /d1/platform/pricing).
import { readFileSync } from 'node:fs'

export interface Names {
  readonly worker: string
  readonly database: string
  /** Title of the KV namespace. */
  readonly namespace: string
  readonly queue: string
  readonly bucket: string
  /** The Worker that sign-in runs in; null when that is the same. */
  readonly signIn: string | null
}

export interface Found {
  /** Id of the database; null when it is still to be made. */
  readonly database: string | null
  /** Id of the KV namespace; null when it is still to be made. */
  readonly namespace: string | null
  readonly queue: boolean
  readonly bucket: boolean
  readonly worker: boolean
  readonly rootKey: boolean
  /** Of sign-in's own Worker, when it has one. */
  readonly signIn?: { readonly worker: boolean; readonly rootKey: boolean }
}

/** Names as wrangler.toml has them; the namespace is named after the Worker. */
export function namesIn(config: string): Names {
  const worker = /^name\s*=\s*"([^"]+)"/m.exec(config)?.[1]
  const database = /^\[\[d1_databases\]\][^[]*?^database_name\s*=\s*"([^"]+)"/ms.exec(config)?.[1]
  if (worker === undefined || database === undefined)
    throw new Error('wrangler.toml names no Worker, or no D1 database with `database_name`.')
  const queue = /^\[\[queues\.producers\]\][^[]*?^queue\s*=\s*"([^"]+)"/ms.exec(config)?.[1]
  const bucket = /^\[\[r2_buckets\]\][^[]*?^bucket_name\s*=\s*"([^"]+)"/ms.exec(config)?.[1]
  if (queue === undefined || bucket === undefined) throw new Error('wrangler.toml names no queue, or no R2 bucket with `bucket_name`.')
  return { worker, database, namespace: `${worker}-kv`, queue, bucket, signIn: signInWorkerIn(config) }
}

/** The Worker that sign-in runs in when wrangler.toml binds one of its own as AUTHENTICATION; null when it runs in the one Worker. */
export function signInWorkerIn(config: string): string | null {
  const services = config.split(/^(?=\[)/m).filter((section) => section.startsWith('[[services]]'))
  const bound = services.find((section) => /^binding\s*=\s*"AUTHENTICATION"/m.test(section))
  return bound === undefined ? null : (/^service\s*=\s*"([^"]+)"/m.exec(bound)?.[1] ?? null)
}

/** wrangler.toml with the ids; the file itself stays without them, so that local data don't move. */
export function configWithIds(config: string, ids: { readonly database: string; readonly namespace: string }): string {
  const head = '# Written by `npm run deploy` from wrangler.toml; change that one.\n'
  return (
    head +
    config
      .replace(/^(\[\[d1_databases\]\]\s*\n)/m, `$1database_id = "${ids.database}"\n`)
      .replace(/^(\[\[kv_namespaces\]\]\s*\n)/m, `$1id = "${ids.namespace}"\n`)
  )
}

/** Reads a configuration; throws when there is more in it than a deployment makes. */
export function readConfig(path: string): string {
  const config = readFileSync(path, 'utf8')
  const databases = [...config.matchAll(/^\[\[d1_databases\]\]/gm)].length
  if (databases !== 1)
    throw new Error(`wrangler.toml binds ${databases} databases; \`npm run deploy\` makes one. With several, see docs/deploy.md.`)
  return config
}

/** What will be made, what it costs, and what the free plan can't do. */
export function describeDeployment(names: Names, found: Found): string {
  const state = (there: boolean) => (there ? 'is there ' : 'to create')
  return [
    'In your account this needs:',
    `  ${state(found.worker)}  Worker "${names.worker}", with its Durable Object classes and a rate limit`,
    ...(names.signIn === null
      ? []
      : [`  ${state(found.signIn?.worker ?? false)}  Worker "${names.signIn}", in which sign-in runs (deploy/split)`]),
    `  ${state(found.database !== null)}  D1 database "${names.database}"`,
    `  ${state(found.namespace !== null)}  KV namespace "${names.namespace}"`,
    `  ${state(found.queue)}  queue "${names.queue}", which the Worker also consumes`,
    `  ${state(found.bucket)}  R2 bucket "${names.bucket}" (R2 is switched on once an account, in the dashboard)`,
    `  ${state(found.rootKey)}  secret PERIGEE_ROOT_KEY, from which all keys derive`,
    '',
    'What it costs:',
    '  Workers Paid is 5 US$ a month and includes 10 million requests and 30 million CPU milliseconds, 25 billion rows read and 50 million',
    '  rows written and 5 GB in D1, 10 million KV reads, 1 million Durable Object requests. Beyond: 0.30 $ a million requests, 0.02 $ a',
    '  million CPU milliseconds, 0.001 $ a million rows read, 1 $ a million rows written, 0.75 $ a GB and month. A job takes about three',
    '  queue operations (1 million included, 0.40 $ a million beyond) and 14 rows written. R2 holds 10 GB for nothing.',
    '',
    'What the free plan cannot do:',
    '  Sign-up and sign-in with a password: hashing one takes about 140 ms of CPU, the free plan allows 10 ms a request, and Cloudflare ends',
    '  Workers that keep exceeding it (error 1102). Reading and writing data fits. It also stops at 100,000 requests, 5 million rows read',
    '  and 100,000 rows written a day, and at 500 MB a database.',
  ].join('\n')
}
