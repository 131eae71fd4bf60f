// What the engine builds on that only Cloudflare's own D1 can confirm: each probe is SQL for a scratch database and what its answer must be.
import { readFault } from '../src/platform/d1-errors'
import type { Answer } from './account'

export interface Probe {
  readonly name: string
  /** Statements of one batch; on an empty database of its own tables. */
  readonly sql: string
  /** What was found, in words; `ok` when the engine can live with it. */
  judge(answer: Answer): Finding
  /** What to do, or what won't work, when it isn't so. */
  readonly otherwise: string
}

export interface Finding {
  readonly ok: boolean
  readonly found: string
}

const lastRow = (answer: Answer): Record<string, unknown> => (answer.ok ? (answer.results.at(-1)?.[0] ?? {}) : {})

/** The last statement's first row has exactly these values. */
function gives(expected: Record<string, unknown>): Probe['judge'] {
  return (answer) => ({
    ok: answer.ok && JSON.stringify(lastRow(answer)) === JSON.stringify(expected),
    found: answer.ok ? JSON.stringify(lastRow(answer)) : answer.error,
  })
}

/** The database refuses, in words that src/platform/d1-errors.ts understands as this. */
function isRefused(kind: string, detail: Record<string, unknown> = {}): Probe['judge'] {
  return (answer) => {
    if (answer.ok) return { ok: false, found: 'it was accepted' }
    // wrangler adds the API's own code.
    const fault = readFault(new Error(answer.error.replace(/ \[code: \d+\]$/, ''))) as unknown as Record<string, unknown>
    return { ok: fault.kind === kind && Object.entries(detail).every(([name, value]) => fault[name] === value), found: answer.error }
  }
}

const list = (length: number) => Array.from({ length }, (_, i) => i).join(', ')
const terms = (length: number) => Array.from({ length }, (_, i) => `SELECT ${i} AS n`).join(' UNION ALL ')
const LONG = 'a_table_whose_name_is_as_long_as_names_of_tables_ever_get_in_practice'

export const PROBES: readonly Probe[] = [
  {
    name: 'a raised text arrives whole',
    sql: `SELECT json_extract('{}', 'PERIGEE|visible|${LONG}|' || (10 + 2))`,
    judge: isRefused('raise', { code: 'visible', table: LONG, n: 12 }),
    otherwise: 'Denied writes would answer 500 instead of 42501: src/platform/d1-errors.ts has to learn the text.',
  },
  {
    name: 'a raise in RETURNING undoes the batch',
    sql: `INSERT INTO raised (id) VALUES (1); INSERT INTO raised (id) VALUES (2) RETURNING iif(id = 2, json_extract('{}', 'PERIGEE|rls|raised|1'), NULL)`,
    judge: isRefused('raise', { code: 'rls' }),
    otherwise: 'A policy on written rows would not hold. Do not go live.',
  },
  {
    name: 'changes() counts the statement before, inside a batch',
    sql: 'INSERT INTO counted (id) VALUES (1), (2), (3); UPDATE counted SET n = 1 WHERE id > 1; SELECT changes() AS n',
    judge: gives({ n: 2 }),
    otherwise: 'Limits of a write (max-affected) would not hold. Do not go live.',
  },
  {
    name: 'a trigger logs each row of a bulk, in the same transaction',
    sql: "INSERT INTO watched (id) SELECT value FROM json_each('[1,2,3]'); SELECT count(*) AS logged FROM log",
    judge: gives({ logged: 3 }),
    otherwise: 'The change log would miss writes. Do not go live.',
  },
  {
    name: 'a full-text index follows its table, and is filled and compared anew',
    sql:
      "INSERT INTO written (id, title) VALUES ('a', 'Fat cats'), ('b', 'Old dogs'); UPDATE written SET title = 'Thin cats' WHERE id = 'b'; " +
      "INSERT INTO words (words) VALUES ('rebuild'); INSERT INTO words (words, rank) VALUES ('integrity-check', 1); " +
      'SELECT count(*) AS n FROM written WHERE rowid IN (SELECT rowid FROM words WHERE words MATCH \'{"title"} : (("cat") NOT "fat")\') ' +
      "AND rowid IN (SELECT doc FROM words_terms WHERE term = 'thin' AND offset = 0)",
    judge: gives({ n: 1 }),
    otherwise: 'Searches (fts, plfts, phfts, wfts) would fail, and `npm run db:reindex`: leave `searchable` out.',
  },
  {
    name: 'a STRICT table refuses a text for an integer',
    sql: "INSERT INTO strictly (id, n) VALUES (1, 'many')",
    judge: isRefused('datatype', { table: 'strictly', column: 'n' }),
    otherwise: 'Wrong types would be stored, or answered with 500.',
  },
  {
    name: 'foreign keys are enforced',
    sql: 'INSERT INTO child (id, parent_id) VALUES (1, 99)',
    judge: isRefused('foreign-key'),
    otherwise: 'Rows could refer to nothing.',
  },
  {
    name: 'a unique violation names its columns',
    sql: "INSERT INTO keyed (id, handle) VALUES (1, 'a'); INSERT INTO keyed (id, handle) VALUES (2, 'a')",
    judge: isRefused('unique', { table: 'keyed' }),
    otherwise: 'Conflicts would answer 500 instead of 409.',
  },
  {
    name: 'a function takes 32 arguments',
    sql: `SELECT json_array_length(json_array(${list(32)})) AS n`,
    judge: gives({ n: 32 }),
    otherwise: 'Triggers and selects of wide tables would fail: build them in smaller parts.',
  },
  {
    name: 'a compound has 5 terms',
    sql: `SELECT sum(n) AS n FROM (${terms(5)})`,
    judge: gives({ n: 10 }),
    otherwise: 'Lists under several policies would fail: src/query/read.ts has to unite fewer.',
  },
  {
    name: 'a value of 1.9 MB is stored',
    sql: 'INSERT INTO large (id, body) VALUES (1, hex(zeroblob(950000))); SELECT length(body) AS n FROM large',
    judge: gives({ n: 1_900_000 }),
    otherwise: 'Bulk writes and pages have to be cut smaller.',
  },
  {
    name: 'generated text is JSON that SQL reads back',
    sql: "SELECT json_group_array(json(value)) AS page FROM (SELECT json_object('a', 1, 'b', json('true')) AS value)",
    judge: gives({ page: '[{"a":1,"b":true}]' }),
    otherwise: 'Answers are built by SQL; none would be right.',
  },
]

/** Limits that may be wider than what the engine needs: told, never wrong. */
export const LIMITS: readonly {
  readonly name: string
  readonly needed: string
  readonly steps: readonly number[]
  sql(size: number): string
}[] = [
  {
    name: 'arguments of a function',
    needed: '32',
    steps: [33, 127, 128],
    sql: (n) => `SELECT json_array_length(json_array(${list(n)})) AS n`,
  },
  { name: 'terms of a compound', needed: '5', steps: [6, 50], sql: (n) => `SELECT sum(n) AS n FROM (${terms(n)})` },
  {
    name: 'bytes of a value',
    needed: '1,900,000',
    steps: [2_000_001, 4_000_001],
    sql: (n) => `SELECT length(substr(hex(zeroblob(${Math.ceil(n / 2)})), 1, ${n})) AS n`,
  },
  { name: 'characters of a LIKE pattern', needed: '50', steps: [51, 500], sql: (n) => `SELECT 'a' LIKE printf('%.*c', ${n}, 'a') AS n` },
]

/** The tables that the probes use. */
export const PROBE_SCHEMA = [
  'CREATE TABLE raised (id INTEGER PRIMARY KEY) STRICT',
  'CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER) STRICT',
  'CREATE TABLE watched (id INTEGER PRIMARY KEY) STRICT',
  'CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL) STRICT',
  'CREATE TRIGGER watched_insert AFTER INSERT ON watched BEGIN INSERT INTO log (key) VALUES (json_array(NEW.id)); END',
  'CREATE TABLE written (id TEXT PRIMARY KEY, title TEXT) STRICT',
  "CREATE VIRTUAL TABLE words USING fts5(title, content='written', columnsize=0, tokenize='porter unicode61 remove_diacritics 2')",
  "CREATE VIRTUAL TABLE words_terms USING fts5vocab(words, 'instance')",
  'CREATE TRIGGER written_insert AFTER INSERT ON written BEGIN INSERT INTO words (rowid, title) VALUES (NEW.rowid, NEW.title); END',
  "CREATE TRIGGER written_update AFTER UPDATE ON written BEGIN INSERT INTO words (words, rowid, title) VALUES ('delete', OLD.rowid, OLD.title); INSERT INTO words (rowid, title) VALUES (NEW.rowid, NEW.title); END",
  'CREATE TABLE strictly (id INTEGER PRIMARY KEY, n INTEGER) STRICT',
  'CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT',
  'CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id)) STRICT',
  'CREATE TABLE keyed (id INTEGER PRIMARY KEY, handle TEXT UNIQUE) STRICT',
  'CREATE TABLE large (id INTEGER PRIMARY KEY, body TEXT) STRICT',
].join(';\n')

/** After all probes: what must have been undone. */
export const AFTERWARDS: Probe = {
  name: 'nothing of a refused batch stayed',
  sql: 'SELECT (SELECT count(*) FROM raised) + (SELECT count(*) FROM keyed) AS left',
  judge: gives({ left: 0 }),
  otherwise: 'A batch is not a transaction. Do not go live.',
}
