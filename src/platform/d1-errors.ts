// Reads what D1 says when a statement fails, one line a case: the status of an answer never hangs on words found anywhere in a text.

/** What went wrong in the database, without any value of a row. */
export type DatabaseFault =
  | { readonly kind: 'unique'; readonly table: string; readonly columns: readonly string[]; readonly primaryKey: boolean }
  /** A unique index over expressions, which SQLite tells of by name. */
  | { readonly kind: 'unique-index'; readonly index: string }
  /** SQLite doesn't say which. */
  | { readonly kind: 'foreign-key' }
  | { readonly kind: 'not-null'; readonly table: string; readonly column: string }
  | { readonly kind: 'check'; readonly name: string }
  /** A STRICT table refused a value; `column` is NULL when SQLite doesn't name it (a key of INTEGER PRIMARY KEY). */
  | { readonly kind: 'datatype'; readonly table: string | null; readonly column: string | null }
  /** One of our own: `json_extract('{}', 'PERIGEE|code|table|n')`. */
  | { readonly kind: 'raise'; readonly code: string; readonly table: string; readonly n: number }
  /** What a statement told by its failure, having undone all before it; parsed JSON. */
  | { readonly kind: 'told'; readonly answer: unknown }
  /** A text or BLOB beyond what a value may be. */
  | { readonly kind: 'too-big' }
  | { readonly kind: 'too-complex' }
  /** A sum of integers beyond 64 bits. */
  | { readonly kind: 'overflow' }
  /** The app's own trigger refused. */
  | { readonly kind: 'trigger'; readonly message: string }
  /** Nothing was done; the same call may succeed in a moment. */
  | { readonly kind: 'overloaded' }
  /** The connection or the database was lost; what a write did isn't known. */
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'other' }

/** `D1_ERROR: <SQLite's text>[ at offset n]: SQLITE_X[ (extended: SQLITE_X_Y)]` */
const FORM = /^(?:D1_ERROR: )?(.*?)(?: at offset \d+)?(?:: (SQLITE_[A-Z]+)(?: \(extended: (SQLITE_[A-Z_]+)\))?)?$/s

type Reading = (match: RegExpExecArray, extended: string) => DatabaseFault

const SQLITE_TEXTS: readonly (readonly [RegExp, Reading])[] = [
  [
    /^bad JSON path: 'PERIGEE\|([a-z-]+)\|([^|]*)\|(-?\d+)'$/,
    ([, code, table, n]) => ({ kind: 'raise', code: code!, table: table!.replaceAll("''", "'"), n: Number(n) }),
  ],
  [/^bad JSON path: 'PERIGEE\|told\|(.*)'$/s, ([, json]) => told(json!)],
  [/^UNIQUE constraint failed: index '(.*)'$/s, ([, index]) => ({ kind: 'unique-index', index: index! })],
  [/^UNIQUE constraint failed: (.*)$/s, ([, list], extended) => unique(list!, extended === 'SQLITE_CONSTRAINT_PRIMARYKEY')],
  [/^FOREIGN KEY constraint failed$/, () => ({ kind: 'foreign-key' })],
  [/^NOT NULL constraint failed: ([^.]*)\.(.*)$/s, ([, table, column]) => ({ kind: 'not-null', table: table!, column: column! })],
  [/^CHECK constraint failed: (.*)$/s, ([, name]) => ({ kind: 'check', name: name! })],
  [
    /^cannot store [A-Z]+ value in [A-Z]+ column ([^.]*)\.(.*)$/s,
    ([, table, column]) => ({ kind: 'datatype', table: table!, column: column! }),
  ],
  [/^datatype mismatch$/, () => ({ kind: 'datatype', table: null, column: null })],
  [/^integer overflow$/, () => ({ kind: 'overflow' })],
  [/^string or blob too big$/, () => ({ kind: 'too-big' })],
  [/^Expression tree is too large \(maximum depth \d+\)$/, () => ({ kind: 'too-complex' })],
  [/^too many SQL variables$/, () => ({ kind: 'too-complex' })],
  [/^too many columns in result set$/, () => ({ kind: 'too-complex' })],
  [/^too many terms in compound SELECT$/, () => ({ kind: 'too-complex' })],
  [/^too many terms in (?:ORDER|GROUP) BY clause$/, () => ({ kind: 'too-complex' })],
  [/^out of memory$/, () => ({ kind: 'too-complex' })],
  [/^at most 64 tables in a join$/, () => ({ kind: 'too-complex' })],
  [/^statement too long$/, () => ({ kind: 'too-complex' })],
  [/^LIKE or GLOB pattern too complex$/, () => ({ kind: 'too-complex' })],
  [/^parser stack overflow$/, () => ({ kind: 'too-complex' })],
]

/** D1's own, from developers.cloudflare.com/d1/observability/debug-d1 and /best-practices/retry-queries. */
const PLATFORM_TEXTS: readonly (readonly [string, 'overloaded' | 'unavailable'])[] = [
  ['D1 DB is overloaded. Requests queued for too long.', 'overloaded'],
  ['D1 DB is overloaded. Too many requests queued.', 'overloaded'],
  ['D1 DB reset because its code was updated.', 'unavailable'],
  ['Internal error while starting up D1 DB storage caused object to be reset.', 'unavailable'],
  ['Internal error in D1 DB storage caused object to be reset.', 'unavailable'],
  ['D1 DB storage operation exceeded timeout which caused object to be reset.', 'unavailable'],
  ['D1 DB exceeded its CPU time limit and was reset.', 'unavailable'],
  ['D1 DB exceeded its memory limit and was reset.', 'unavailable'],
  ['Replica/primary network connection lost.', 'unavailable'],
  ['Network connection lost.', 'unavailable'],
  ['Cannot resolve D1 DB due to transient issue on remote node.', 'unavailable'],
]

/** Reads an error that a call to D1 was rejected with. Anything unknown is `other`, and the caller rethrows it. */
export function readFault(error: unknown): DatabaseFault {
  if (!(error instanceof Error)) return { kind: 'other' }
  const [, text = '', , extended = ''] = FORM.exec(error.message) ?? []
  for (const [pattern, reading] of SQLITE_TEXTS) {
    const match = pattern.exec(text)
    if (match) return reading(match, extended)
  }
  if (extended === 'SQLITE_CONSTRAINT_TRIGGER') return { kind: 'trigger', message: text }
  const known = PLATFORM_TEXTS.find(([start]) => text.startsWith(start))
  return { kind: known?.[1] ?? 'other' }
}

function told(json: string): DatabaseFault {
  try {
    return { kind: 'told', answer: JSON.parse(json.replaceAll("''", "'")) }
  } catch {
    return { kind: 'other' }
  }
}

/** `t.a, t.b`: the table stands before each column. */
function unique(list: string, primaryKey: boolean): DatabaseFault {
  const table = list.slice(0, list.indexOf('.'))
  const columns = list.split(', ').map((item) => (item.startsWith(`${table}.`) ? item.slice(table.length + 1) : item))
  return { kind: 'unique', table, columns, primaryKey }
}
