// Runs one consumer over one store until it has caught up or its budget is used. What it does and that it did it are one transaction, so any
// number of runs may meet: the cursor lets one of them through.
import { ANONYMOUS, AppError } from '../core'
import { dataErrors, execute, type Change } from '../data'
import type { Model } from '../define'
import { log, reasonOf } from '../observability'
import { readFault, run as runStatements, type Env, type Statement, type Store, type Stores } from '../platform'
import type { Execution } from '../query'
import { ChangeFailed, type Consumer, type ConsumerPage, type Tools, type Work } from './consumer'
import { failReplay, moveCursor, noteFailure, readStanding, setAside, settleReplay, type Place, type Standing } from './cursor'

export interface ConsumerRun {
  readonly model: Model
  readonly env: Env
  readonly stores: Stores
  readonly store: Store
  readonly consumer: Consumer
  readonly clock: () => number
  /** From 0 to 1, for jitter. */
  readonly random: () => number
  /** Calls to the database after which no page is begun, and the time, UTC ms. */
  readonly budget?: { readonly calls: number; readonly until: number }
}

/**
 * - `rested`: nothing is left; `more`: the budget is used; `waiting`: it failed before and isn't due;
 * - `failing`: it failed now; `overtaken`: another run was there first; `unregistered`: it has no row.
 */
export type RunOutcome = 'rested' | 'more' | 'waiting' | 'failing' | 'overtaken' | 'unregistered'

const CALLS = 36
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

/** The pause after so many attempts in vain: 1 s, doubled each time up to 5 minutes, a quarter more or less. */
export function pauseAfter(attempts: number, random: number): number {
  const whole = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS)
  return Math.round(whole * (0.75 + random / 2))
}

/** What failed: of the engine's own errors with their code. */
function reasonFor(error: unknown): string {
  const cause = error instanceof ChangeFailed ? error.cause : error
  return cause instanceof AppError
    ? `${cause.definition.postgrest ?? cause.definition.code}: ${reasonOf(new Error(cause.message))}`
    : reasonOf(cause)
}

const isStale = (error: unknown): boolean => error instanceof AppError && error.definition === dataErrors.stale_write

export async function runConsumer(asked: ConsumerRun): Promise<RunOutcome> {
  const { store, consumer, clock } = asked
  const until = asked.budget?.until ?? Number.POSITIVE_INFINITY
  const most = asked.budget?.calls ?? CALLS
  let calls = 0
  const called = () => void calls++
  try {
    for (;;) {
      called()
      const standing = await readStanding(store, consumer)
      if (standing === null) return 'unregistered'
      const step: Step = { ...asked, standing, tools: { now: clock(), env: asked.env, stores: asked.stores, called } }
      for (const replay of standing.replays) await replayOne(step, replay)
      if (standing.nextAt !== null && standing.nextAt > clock()) return 'waiting'
      const outcome = await advance(step)
      if (outcome === 'failing' || (outcome === 'rested' && standing.replays.length === 0)) return outcome
      if (calls >= most || clock() >= until) return 'more'
    }
  } catch (error) {
    if (isStale(error)) return 'overtaken'
    throw error
  }
}

interface Step extends ConsumerRun {
  readonly standing: Standing
  readonly tools: Tools
}

/** Handles the page behind the cursor, or tells that changes were missed. */
async function advance(step: Step): Promise<'moved' | 'rested' | 'failing'> {
  const { consumer, standing, tools } = step
  const { at, log: end } = standing
  const missed = at.epoch !== end.epoch || at.seq > end.seq ? 'reset' : at.seq < end.pruned ? 'gap' : null
  if (missed === null && standing.scanned === at.seq) return 'rested'
  let cursor = at
  const move = async (to: Place, work: Work = {}) => {
    await commit(step, moveCursor(consumer.name, cursor, to, tools.now), work)
    cursor = to
  }
  try {
    if (missed === null) {
      await handlePage(step, move, () => cursor.seq)
      return 'moved'
    }
    const { epoch } = end
    let told = false
    const finish = async (work?: Work) => {
      if (!told) await move({ epoch, seq: end.seq }, work)
      told = true
    }
    await consumer.interrupted?.({ reason: missed, store: step.store.name, epoch, commit: finish }, tools)
    await finish()
    return 'moved'
  } catch (error) {
    if (isStale(error)) throw error
    await recordFailure(step, cursor, error)
    return 'failing'
  }
}

async function handlePage(
  { consumer, standing, store, tools }: Step,
  move: (to: Place, work?: Work) => Promise<void>,
  position: () => number,
): Promise<void> {
  const { epoch } = standing.at
  const last = standing.changes.at(-1)?.seq
  const page: ConsumerPage = {
    store: store.name,
    epoch,
    changes: standing.changes,
    // Behind the last change that is wanted stand others that aren't: one move passes them too.
    commit: (through, work) => move({ epoch, seq: through === null || through.seq === last ? standing.scanned : through.seq }, work),
  }
  if (standing.changes.length > 0) await consumer.handle(page, tools)
  if (position() < standing.scanned) await page.commit(null)
}

/** One transaction: the record and the work. */
async function commit({ model, stores, store, consumer, tools }: Step, record: readonly Statement[], work: Work): Promise<void> {
  const statements = [...record, ...(work.statements ?? [])]
  const operations = work.operations ?? []
  tools.called()
  if (operations.length > 0) {
    const execution = consumerExecution(consumer.name, tools.now)
    await execute({ model, stores, query: { operations, shape: { form: 'none' } }, execution, beside: { store, statements } })
    return
  }
  await runOrStale(store, statements)
}

async function runOrStale(store: Store, statements: readonly Statement[]): Promise<void> {
  try {
    await runStatements(store.db, statements)
  } catch (error) {
    const fault = readFault(error)
    if (fault.kind === 'raise' && fault.code === 'stale') throw new AppError(dataErrors.stale_write, { cause: error })
    if (fault.kind === 'overloaded') throw new AppError(dataErrors.database_overloaded, { cause: error })
    if (fault.kind === 'unavailable') throw new AppError(dataErrors.database_unavailable, { cause: error })
    throw error
  }
}

/** The engine's rights, under the consumer's name: what it writes says so in the log and in `sys_audit`. */
export function consumerExecution(name: string, now: number): Execution {
  return { principal: ANONYMOUS, asService: 'change consumer', function: writerName(name), now }
}

/** How the audit and the log name what a consumer wrote. */
const writerName = (name: string): string => `onChange:${name}`

/** Waits and tries again; a change that failed often enough is set aside, so that those behind it go on. */
async function recordFailure({ consumer, standing, store, clock, random }: Step, cursor: Place, error: unknown): Promise<void> {
  const now = clock()
  // What stood before the change that failed is done, and the count was of another.
  const attempts = (cursor.seq === standing.at.seq ? standing.attempts : 0) + 1
  const reason = reasonFor(error)
  const change = error instanceof ChangeFailed ? error.change : null
  const givenUp = change !== null && attempts >= consumer.attempts && !isTransient(error)
  log('warn', givenUp ? 'change.given_up' : 'change.failed', {
    consumer: consumer.name,
    store: store.name,
    seq: change?.seq ?? cursor.seq,
    attempts,
    reason,
  })
  const statements = givenUp
    ? [
        ...moveCursor(consumer.name, cursor, { epoch: cursor.epoch, seq: change.seq }, now),
        setAside(consumer.name, { epoch: cursor.epoch, seq: change.seq }, { attempts, reason, now }),
      ]
    : noteFailure(consumer.name, cursor, { seq: change?.seq ?? null, attempts, nextAt: now + pauseAfter(attempts, random()), reason, now })
  await runOrStale(store, statements)
}

/** The database's trouble is no fault of a change: it is tried until it is over. */
function isTransient(error: unknown): boolean {
  const cause = error instanceof ChangeFailed ? error.cause : error
  return cause instanceof AppError && cause.definition.retry
}

/** Tries a change again that was set aside; once for each time that somebody asks. */
async function replayOne(step: Step, { epoch, change }: { readonly epoch: string; readonly change: Change }): Promise<void> {
  const { consumer, store, tools } = step
  const place = { epoch, seq: change.seq }
  let settled = false
  const page: ConsumerPage = {
    store: store.name,
    epoch,
    changes: [change],
    commit: async (_, work = {}) => {
      await commit(step, settled ? [] : settleReplay(consumer.name, place), work)
      settled = true
    },
  }
  try {
    await consumer.handle(page, tools)
    if (!settled) await page.commit(null)
  } catch (error) {
    if (isStale(error)) throw error
    await runOrStale(store, [failReplay(consumer.name, place, reasonFor(error))])
  }
}
