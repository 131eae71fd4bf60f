// Answers that are kept inside the write's own batch. Under an idempotency key, so that a write is done once however often it is sent: there
// is never the one without the other, and a key that was claimed before fails the batch. Or for a write that is to be undone, whose
// failure tells what it would have answered.
import type { Principal } from '../core'
import type { TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { askSession } from './session'
import { bind, identifier, NULL, number, render, sql, type Sql } from './sql'
import { raise, tellAndUndo } from './raise'
import { ownChanges } from './write-guard'

/** Where answers are kept: the table, the column, and which row. */
export interface Keep {
  readonly table: Sql
  readonly answer: Sql
  readonly row: Sql
  /** Bytes that there is room for. */
  readonly most: number
}

/** Under a value's 2 MB. */
const MOST_KEPT = 1_500_000
/** For whoever isn't signed in: nobody knows how many they are, and each could fill the database with what it reads. */
const MOST_KEPT_FOR_STRANGERS = 100_000
/** What an error's text is known to carry is more. */
const MOST_TOLD = 500_000
/** The row of `sys_statement` that holds what an undone batch answers. */
const UNDONE_ID = 50

/** Under a key, as the database has it. */
export const keepUnder = (key: string, { role }: Principal): Keep => ({
  table: identifier('sys_idempotency'),
  answer: identifier('answer'),
  row: sql`\`id\` = ${bind(key)}`,
  most: role === 'anon' ? MOST_KEPT_FOR_STRANGERS : MOST_KEPT,
})

/** Until the batch is undone. */
export const KEEP_UNDONE: Keep = {
  table: identifier('sys_statement'),
  answer: identifier('context'),
  row: sql`\`id\` = ${number(UNDONE_ID)}`,
  most: MOST_TOLD,
}

/** Makes room for the answer of a batch that is to be undone. */
export function openUndone(): CompiledStatement[] {
  const id = number(UNDONE_ID)
  const open = sql`insert into \`sys_statement\` (\`id\`, \`start_seq\`, \`context\`) values (${id}, 0, '[]') on conflict (\`id\`) do update set \`context\` = excluded.\`context\``
  return [statement(open, 0)]
}

/** How long a key counts, in milliseconds. */
export const IDEMPOTENCY_MS = 24 * 3600 * 1000

/** Asks for the session, then takes the key, unless it is taken. */
export function claimKey(context: CompileContext, id: string, fingerprint: string): CompiledStatement[] {
  const now = sql`cast(${bind(String(context.execution.now))} as integer)`
  const claim = sql`insert into \`sys_idempotency\` (\`id\`, \`fingerprint\`, \`answer\`, \`at\`) values (${bind(id)}, ${bind(fingerprint)}, '[]', ${now}) on conflict (\`id\`) do update set \`fingerprint\` = excluded.\`fingerprint\`, \`answer\` = '[]', \`at\` = excluded.\`at\` where \`at\` < excluded.\`at\` - ${{ chunks: [String(IDEMPOTENCY_MS)] }}`
  return [
    ...askSession(context, '', 0),
    statement(claim, 0),
    statement(sql`select iif(changes() = 1, null, ${raise('replay', '')}) as ok`, 0),
  ]
}

const statement = (text: Sql, operation: number): CompiledStatement => ({ ...render(text), role: 'guard', operation })

/** What a write answers. */
interface Kept {
  readonly table: TableModel
  readonly kind: 'insert' | 'update' | 'delete'
  /** The query of its rows, `d` each; null when none were asked for. */
  readonly rows: Sql | null
  /** Whether that has each row's revision, `v`. */
  readonly revised?: boolean
  /** How many rows count as new, when the log doesn't tell. */
  readonly made?: number | null
}

/** Keeps what an operation answers. */
export function keepAnswer(keep: Keep, { table, kind, rows, revised = false, made = null }: Kept, operation: number): CompiledStatement {
  const count = (op: 'I' | 'U' | 'D') => sql`(select count(*) from \`sys_changes\` as \`c\` where ${ownChanges('c', table, op)})`
  const logged = kind === 'insert' ? sql`${count('I')} + ${count('U')}` : count(kind === 'update' ? 'U' : 'D')
  const affected = made === null ? logged : number(made)
  const inserted = made === null ? (kind === 'insert' ? count('I') : NULL) : number(made)
  const counts = sql`'total', null, 'affected', ${affected}, 'inserted', ${inserted}`
  if (!rows) return append(keep, sql`json_object('body', '[]', 'rows', 0, ${counts}, 'revision', null)`, operation)
  const body = sql`'[' || coalesce(group_concat(d, ','), '') || ']'`
  const revision = revised ? sql`iif(count(*) = 1 and (${affected}) = 1, max(v), null)` : NULL
  const entry = sql`json_object('body', ${body}, 'rows', count(*), ${counts}, 'revision', ${revision})`
  return append(keep, sql`json((select ${entry} from (${rows})))`, operation)
}

function append({ table, answer, row }: Keep, entry: Sql, operation: number): CompiledStatement {
  return statement(sql`update ${table} set ${answer} = json_insert(${answer}, '$[#]', ${entry}) where ${row}`, operation)
}

/** Keeps what a read answers; `read` gives one row `{ live, body, rows, total }`, and `revision` if `revised`. */
export function keepRead(keep: Keep, read: Sql, revised: boolean, operation: number): CompiledStatement {
  const entry = sql`json_object('body', body, 'rows', rows, 'total', total, 'affected', 0, 'inserted', null, 'revision', ${revised ? sql`revision` : NULL})`
  return append(keep, sql`json((select ${entry} from (${read})))`, operation)
}

/** The last word of a batch whose answers were kept: all of them, if there was room. */
export function tellKept(keep: Keep, operation: number): CompiledStatement[] {
  const { table, answer, row, most } = keep
  const fits = sql`octet_length(${answer}) <= ${number(most)}`
  const told = sql`(select iif(${fits}, ${answer}, ${raise('kept', '', number(most))}) from ${table} where ${row})`
  if (keep === KEEP_UNDONE) return [{ ...tellAndUndo(told), role: 'kept', operation }]
  return [{ ...render(sql`select ${told} as answer`), role: 'kept', operation }]
}

/** Keeps what an operation answers that writes no table of the app's: how many rows it changed, which the statement before tells. */
export function keepChanges(keep: Keep, operation: number): CompiledStatement {
  const entry = sql`json_object('body', '[]', 'rows', 0, 'total', null, 'affected', changes(), 'inserted', null, 'revision', null)`
  return append(keep, entry, operation)
}

/** Completes the entry of rows that were read before they were removed. */
export function countRemoved(keep: Keep, table: TableModel, operation: number): CompiledStatement {
  const affected = sql`(select count(*) from \`sys_changes\` as \`c\` where ${ownChanges('c', table, 'D')})`
  const counted = sql`json_set(${keep.answer}, '$[#-1].affected', ${affected})`
  return statement(sql`update ${keep.table} set ${keep.answer} = ${counted} where ${keep.row}`, operation)
}
