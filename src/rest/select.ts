// `select=` and `order=`: what to answer with and in which order, as the client wrote it. Names are resolved in resolve.ts.
import { AppError } from '../core'
import { MAX_EMBED_DEPTH, type AggregateFunction, type Cast, type JsonStep, type OrderTerm, type Target } from '../query'
import { notImplemented, restErrors } from './errors'
import { accepts, atEnd, cursor, expects, expectsEnd, fail, jsonPath, matches, name, sees, type Cursor } from './scan'

/** One item of a select, before any name is looked up. */
export type SelectNode =
  | { readonly kind: 'all' }
  | { readonly kind: 'column'; readonly target: Target; readonly as: string; readonly cast?: Cast }
  | {
      readonly kind: 'aggregate'
      readonly function: AggregateFunction
      readonly target?: Target
      readonly as: string
      readonly castInput?: Cast
      readonly cast?: Cast
    }
  | EmbedNode

export interface EmbedNode {
  readonly kind: 'embed'
  /** What the client named: a table, a constraint or a foreign key's column. */
  readonly name: string
  readonly alias: string | null
  readonly hint: string | null
  readonly join: 'left' | 'inner'
  readonly spread: boolean
  readonly select: readonly SelectNode[]
}

/** Reads a whole select. An empty one is all columns. */
export function parseSelect(text: string): readonly SelectNode[] {
  if (text.trim() === '') return [{ kind: 'all' }]
  const c = cursor(text, 'select parameter')
  const nodes = items(c, 0)
  expectsEnd(c)
  return nodes
}

const blanks = (c: Cursor): void => void matches(c, /\s+/uy)

function items(c: Cursor, depth: number): SelectNode[] {
  if (depth > MAX_EMBED_DEPTH) {
    throw new AppError(restErrors.rest_unparsable, { message: `Resources are embedded more than ${MAX_EMBED_DEPTH} levels deep` })
  }
  const out: SelectNode[] = []
  do {
    blanks(c)
    out.push(item(c, depth))
    blanks(c)
  } while (accepts(c, ','))
  return out
}

function item(c: Cursor, depth: number): SelectNode {
  if (accepts(c, '*')) return { kind: 'all' }
  // Two points are an older spelling.
  if (accepts(c, '...') || accepts(c, '..')) return embed(c, name(c), null, true, depth)
  let first = name(c)
  let alias: string | null = null
  if (sees(c, ':') && !sees(c, '::')) {
    c.at += 1
    alias = first
    first = name(c)
  }
  if (sees(c, '!')) return embed(c, first, alias, false, depth)
  if (first === 'count' && sees(c, '()')) return aggregate(c, undefined, 'count', alias)
  if (sees(c, '(')) return embed(c, first, alias, false, depth)
  const path = jsonPath(c)
  const target: Target = path ? { column: first, path } : { column: first }
  const inner = cast(c)
  if (sees(c, '.')) {
    const word = matches(c, /\.(?:sum|avg|count|max|min)(?=\(\))/uy)
    if (word === null) return fail(c, 'an aggregate: .sum(), .avg(), .count(), .max() or .min()')
    return aggregate(c, target, word.slice(1) as AggregateFunction, alias, inner)
  }
  return { kind: 'column', target, as: alias ?? outputName(first, path), ...(inner ? { cast: inner } : {}) }
}

function aggregate(c: Cursor, target: Target | undefined, fn: AggregateFunction, alias: string | null, castInput?: Cast): SelectNode {
  expects(c, '()')
  const outer = cast(c)
  return {
    kind: 'aggregate',
    function: fn,
    ...(target ? { target } : {}),
    as: alias ?? fn,
    ...(castInput ? { castInput } : {}),
    ...(outer ? { cast: outer } : {}),
  }
}

function embed(c: Cursor, target: string, alias: string | null, spread: boolean, depth: number): EmbedNode {
  let hint: string | null = null
  let join: 'left' | 'inner' | null = null
  for (let start = c.at; accepts(c, '!'); start = c.at) {
    const word = name(c)
    if ((word === 'inner' || word === 'left') && join === null) join = word
    else if (hint === null) hint = word
    else {
      c.at = start
      fail(c, '"("')
    }
  }
  expects(c, '(')
  blanks(c)
  const select = sees(c, ')') ? [] : items(c, depth + 1)
  expects(c, ')')
  return { kind: 'embed', name: target, alias, hint, join: join ?? 'left', spread, select }
}

/** The last named key of a JSON path, else the column. */
function outputName(column: string, path: readonly JsonStep[] | undefined): string {
  const key = path?.findLast((step) => typeof step.key === 'string')?.key
  return typeof key === 'string' ? key : column
}

const CASTS: Readonly<Record<string, Cast>> = {
  text: 'text',
  varchar: 'text',
  'character varying': 'text',
  smallint: 'smallint',
  int2: 'smallint',
  int: 'integer',
  int4: 'integer',
  integer: 'integer',
  bigint: 'bigint',
  int8: 'bigint',
  real: 'real',
  float: 'real',
  float4: 'real',
  float8: 'real',
  'double precision': 'real',
  numeric: 'numeric',
  decimal: 'numeric',
  bool: 'boolean',
  boolean: 'boolean',
  json: 'json',
  jsonb: 'json',
  date: 'date',
  timestamp: 'timestamp',
  'timestamp without time zone': 'timestamp',
  timestamptz: 'timestamptz',
  'timestamp with time zone': 'timestamptz',
  uuid: 'uuid',
}

/** Types that Postgres has and this doesn't. */
const UNCASTABLE = new Set('bit,box,bpchar,bytea,char,cidr,circle,citext,inet,interval,line,lseg,macaddr,money,name,oid,path,point,polygon,regclass,time,timetz,tsquery,tsvector,xml'.split(',')) // prettier-ignore

function cast(c: Cursor): Cast | undefined {
  if (!accepts(c, '::')) return undefined
  const word = name(c)
  if (Object.hasOwn(CASTS, word)) return CASTS[word]
  if (UNCASTABLE.has(word)) throw notImplemented(`A cast to ${word}`)
  throw new AppError(restErrors.rest_unknown_cast, { message: `type "${word}" does not exist` })
}

/** Reads `col.desc.nullslast,rel(col)`; empty text is no order. */
export function parseOrder(text: string): readonly OrderTerm[] {
  if (text.trim() === '') return []
  const c = cursor(text, 'order')
  const terms: OrderTerm[] = []
  do {
    blanks(c)
    terms.push(orderTerm(c))
    blanks(c)
  } while (accepts(c, ','))
  expectsEnd(c)
  return terms
}

function orderTerm(c: Cursor): OrderTerm {
  const first = name(c)
  const related = accepts(c, '(')
  const column = related ? name(c) : first
  const path = jsonPath(c)
  if (related) expects(c, ')')
  const direction = matches(c, /\.(?:asc|desc)(?![\p{L}\p{N}_])/uy)
  const nulls = matches(c, /\.nulls(?:first|last)(?![\p{L}\p{N}_])/uy)
  if (!atEnd(c) && !sees(c, ',') && !sees(c, ' ')) fail(c, '.asc, .desc, .nullsfirst, .nullslast, "," or end of input')
  return {
    target: path ? { column, path } : { column },
    descending: direction === '.desc',
    ...(nulls ? { nulls: nulls === '.nullsfirst' ? 'first' : 'last' } : {}),
    ...(related ? { embed: first } : {}),
  }
}
