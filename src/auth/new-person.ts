// What the app has to say about new people: whether they may be, and what follows when they are. Whoever makes a person, whichever way they came, asks here.
import { uuidv7 } from '../core'
import { openOutbox, run, type AuthenticationContext, type PersonAnswer, type Statement } from '../platform'
import { callHook } from './hook'
import { PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/** The job that runs `auth.hooks.afterUserCreated`. No app can declare a job of that name. */
export const NEW_PERSON_JOB = 'perigee:after-user-created'

const ATTEMPTS = 10
/** How long the queue's word of it may be on its way before it counts as lost. */
const GRACE_MS = 30_000
const STORE = 'db'

/** Jobs that were asked for and of which the queue doesn't know yet. */
const asked = new WeakMap<Workshop, string[]>()

/** Asks the app whether a person may be made. It is asked before anybody looks whether there is one already, so its answer tells no stranger. Errors: those of `callHook`. */
export async function admitPerson(workshop: Workshop, context: AuthenticationContext, person: Person): Promise<void> {
  const hook = workshop.app.auth?.hooks?.beforeUserCreated
  if (hook !== undefined) await callHook(workshop, context, 'beforeUserCreated', hook, { user: showPerson(person) })
}

/** For the batch that makes a person, behind the statement that does: takes the hook's job in, if they were made. None when the app has no such hook. */
export function personCreated(workshop: Workshop, { address }: AuthenticationContext, userId: string): Statement[] {
  const { app, now } = workshop
  if (app.auth?.hooks?.afterUserCreated === undefined) return []
  const id = uuidv7(now)
  asked.set(workshop, [...(asked.get(workshop) ?? []), id])
  const payload = { user_id: userId, at: now, ip_address: address }
  return [
    {
      // The id is new, so whoever has it was made by this batch.
      sql: `insert into sys_jobs (id, name, state, payload, due_at, look_at, attempts, max_attempts, created_at)
        select ?, ?, 'queued', ?, ?, ?, '0', ?, ? where exists (select 1 from auth_users where id = ?)`,
      params: [id, NEW_PERSON_JOB, JSON.stringify(payload), String(now), String(now + GRACE_MS), String(ATTEMPTS), String(now), userId],
    },
  ]
}

/** Has the hooks run that were asked for, after the batch. What wasn't committed does nothing; what is lost on the way is found in the table. */
export function newPeopleCommitted(workshop: Workshop): void {
  const ids = asked.get(workshop) ?? []
  if (ids.length === 0) return
  asked.delete(workshop)
  const messages = ids.map((job) => ({ message: { job, store: STORE }, delayMs: 0 }))
  openOutbox(workshop.env, workshop.later).committed(STORE, messages, workshop.now + GRACE_MS)
}

/** A person as they are now; null when they are no more. */
export async function findNewPerson(db: D1Database, userId: string): Promise<PersonAnswer | null> {
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ?`, params: [userId] }])
  const row = found!.results[0]
  return row === undefined ? null : showPerson(readPerson(row))
}
