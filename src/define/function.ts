// Declares a function of the app that clients call at `/rest/v1/rpc/{name}`: who may, what it takes, what it gives.
import type * as z from 'zod'
import { AppError, type ErrorDefinition } from '../core'
import type { SQLiteTableLike } from './drizzle'
import { callerFile, type Policy } from './table'
import type { Database, ReadDatabase, Rows, WireRow } from './function-database'

declare const returned: unique symbol

/** What a function gives. `R` is what its code returns. */
export interface Returns<R> {
  readonly [returned]?: R
  readonly kind: 'nothing' | 'value' | 'set' | 'one'
  readonly of: SQLiteTableLike | z.ZodType | null
}

/** A row by its key; whatever else is in it is read anew, under the caller's policies. */
type Keyed<T extends SQLiteTableLike> = Partial<WireRow<T>>

/** Nothing: the call is answered 204. */
export const nothing: Returns<void> = { kind: 'nothing', of: null }

/** One value, answered as bare JSON. */
export function value<S extends z.ZodType>(schema: S): Returns<z.input<S>> {
  return { kind: 'value', of: schema }
}

/**
 * A list that clients select from, filter, order and page like a table. Of a table: rows are named by their keys, or by `db.rows(…)`, read
 * anew under the caller's policies, and can embed; of a zod object: rows of the app's own, under no policy; of another schema: bare values.
 */
export function setOf<T extends SQLiteTableLike>(table: T): Returns<readonly Keyed<T>[] | Rows<T>>
export function setOf<S extends z.ZodType>(schema: S): Returns<readonly z.input<S>[]>
export function setOf(of: SQLiteTableLike | z.ZodType): Returns<unknown> {
  return { kind: 'set', of }
}

/** One row, or null: an object that clients select from like a row of a table. */
export function one<T extends SQLiteTableLike>(table: T): Returns<Keyed<T> | null>
export function one<S extends z.ZodObject>(schema: S): Returns<z.input<S> | null>
export function one(of: SQLiteTableLike | z.ZodObject): Returns<unknown> {
  return { kind: 'one', of }
}

/** What a function knows of its caller: from the verified token, as policies do. */
export interface FunctionCaller {
  readonly uid: string | null
  readonly role: 'anon' | 'authenticated' | 'service_role'
  readonly aal: 'aal1' | 'aal2'
  readonly claims: Readonly<Record<string, unknown>>
}

export interface FunctionArgument<A, D> {
  readonly args: A
  /** As the caller: same policies, same change log. */
  readonly db: D
  readonly auth: FunctionCaller
  /** When the call began. */
  readonly now: Date
  readonly requestId: string
  /**
   * Resolves while the caller's session lives, and fails the call when it was revoked. Every statement of `db` asks the same; await this before an
   * effect that is in no database, such as a `fetch` that sends something.
   */
  readonly checkSession: () => Promise<void>
}

export interface FunctionRules<A extends z.ZodObject, R, V extends 'read' | 'write'> {
  /** A zod object; a call's arguments are read by it, texts of an address too. Use optional and default members for what may be left out. */
  readonly args?: A
  readonly returns: Returns<R>
  /** `read` may be called with GET and can't write; `write` is called with POST. */
  readonly volatility: V
  /** Who may call, in a policy's words about the caller: `signedIn()`, `anyone()`, `({ auth }) => auth.hasRole('editor')`. */
  readonly who: Policy
  readonly description?: string
}

/** A function with its rules and the file that declared it. */
export interface FunctionDeclaration {
  readonly name: string
  readonly rules: FunctionRules<z.ZodObject, unknown, 'read' | 'write'>
  readonly run: (argument: FunctionArgument<never, never>) => unknown
  readonly file: string | null
}

/** Serves a function. Its name is its address. */
export function fn<A extends z.ZodObject, R, V extends 'read' | 'write'>(
  name: string,
  rules: FunctionRules<A, R, V>,
  run: (argument: FunctionArgument<z.output<A>, V extends 'read' ? ReadDatabase : Database>) => R | Promise<R>,
): FunctionDeclaration {
  return { name, rules: rules as unknown as FunctionDeclaration['rules'], run: run as FunctionDeclaration['run'], file: callerFile() }
}

export interface Raised {
  /** HTTP status, 400 to 599; by the code when absent: `PTxyz` is `xyz`, any other what PostgREST answers it with, mostly 400. */
  readonly status?: number
  /** Five letters and digits: an SQLSTATE or `PTxyz`. `P0001` when neither it nor a status is given. */
  readonly code?: string
  readonly message: string
  readonly details?: string
  readonly hint?: string
}

/** PostgREST's statuses of the codes that an app may raise, by what they begin with; the longest counts. */
const STATUSES: readonly (readonly [begins: string, status: number])[] = [
  ['23503', 409],
  ['23505', 409],
  ['25006', 405],
  ['42883', 404],
  ['42P01', 404],
  ['42501', 403],
  ['53400', 500],
  ['P0001', 400],
  ['08', 503],
  ['53', 503],
  ...['09', '25', '2D', '38', '39', '3B', '40', '54', '55', '57', '58', 'F0', 'HV', 'P0', 'PT', 'XX'].map(
    (begins) => [begins, 500] as const,
  ),
]

function statusOf(code: string): number {
  const implied = /^PT([45]\d\d)$/.exec(code)?.[1]
  return implied === undefined ? (STATUSES.find(([begins]) => code.startsWith(begins))?.[1] ?? 400) : Number(implied)
}

/** Ends the call with an error that the client sees. What else a function throws reaches the log only, and the client as 500. */
export function raise({ status, code, message, details, hint }: Raised): never {
  const shown = code ?? (status === undefined ? 'P0001' : `PT${status}`)
  const answered = status ?? statusOf(shown)
  if (!/^[A-Z0-9]{5}$/.test(shown) || !Number.isInteger(answered) || answered < 400 || answered > 599)
    throw new TypeError(
      `raise(): "${shown}" with status ${answered} is no error. Give a code of five letters and digits and a status from 400 to 599.`,
    )
  const definition: ErrorDefinition = { code: 'raised', status: answered, title: message, retry: false, postgrest: shown }
  throw new AppError(definition, { message, ...(details === undefined ? {} : { details }), ...(hint === undefined ? {} : { hint }) })
}

/** Whether an `ifVersion` failed because the row has another version by now. */
export function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.definition.code === 'version_conflict'
}
