// Decoders as strict as those of typed SDKs: a wrong JSON type is an error, never coerced.

export type Field = 'string' | 'int' | 'double' | 'bool' | 'instant' | 'date' | 'uuid' | 'object' | 'json' | readonly [Shape] | Shape
/** Names end in `?` when null is allowed, in `~` when the member may be missing but never be null. */
export interface Shape {
  readonly [name: string]: Field
}

/** What an SDK's decoder takes for a time: ISO 8601 with `T`, at most milliseconds, and an offset. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?([+-]\d\d:\d\d|Z)$/

/** Throws unless the text is JSON of the shape; the text itself tells `1` from `1.0`, as Dart and Kotlin do. */
export function decode(text: string, shape: Shape | readonly [Shape]): unknown {
  const parse = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown
  const value = parse(text, (_, inner, { source }) => (typeof inner === 'number' ? { number: source ?? '' } : inner))
  return check(value, shape, '$')
}

function check(value: unknown, field: Field, at: string): unknown {
  if (Array.isArray(field)) {
    if (!Array.isArray(value)) throw new Error(`${at}: expected a list`)
    return value.map((item, i) => check(item, (field as readonly [Shape])[0], `${at}[${i}]`))
  }
  if (typeof field === 'object') return object(value, field as Shape, at)
  const number = typeof value === 'object' && value !== null && 'number' in value ? String(value.number) : null
  const fits: Record<string, boolean> = {
    string: typeof value === 'string',
    int: number !== null && /^-?\d+$/.test(number),
    double: number !== null && Number.isFinite(Number(number)),
    bool: typeof value === 'boolean',
    instant: typeof value === 'string' && INSTANT.test(value),
    uuid: typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value),
    object: typeof value === 'object' && value !== null && !Array.isArray(value) && number === null,
    date: typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value),
    json: true,
  }
  if (!fits[field]) throw new Error(`${at}: expected ${field}, got ${JSON.stringify(value)}`)
  return number !== null ? Number(number) : value
}

function object(value: unknown, shape: Shape, at: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${at}: expected an object`)
  const out: Record<string, unknown> = {}
  for (const [marked, field] of Object.entries(shape)) {
    const optional = marked.endsWith('?')
    const name = /[?~]$/.test(marked) ? marked.slice(0, -1) : marked
    const inner = (value as Record<string, unknown>)[name]
    if (inner === undefined && marked.endsWith('~')) continue
    if (inner === undefined && !optional) throw new Error(`${at}.${name}: missing`)
    out[name] =
      inner === null || inner === undefined
        ? optional
          ? null
          : check(inner, field, `${at}.${name}`)
        : check(inner, field, `${at}.${name}`)
  }
  return out
}

export const SAMPLE: Shape = {
  id: 'string',
  'whole?': 'int',
  'ratio?': 'double',
  'amount?': 'double',
  'flag?': 'bool',
  'seconds?': 'instant',
  'millis?': 'instant',
  'day?': 'date',
  'data?': 'json',
  'note?': 'string',
}
export const SAMPLE_ROW = {
  id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3b',
  whole: 7,
  ratio: 2,
  amount: 3,
  flag: false,
  seconds: '2026-01-02T03:04:05Z',
  millis: '2026-01-02T03:04:05.120Z',
  day: '2026-01-02',
  data: { a: 1 },
  note: 'n',
}
