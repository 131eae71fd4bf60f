// What the app has to say about new people: whether they may be, and what follows when they are. Whoever makes a person, whichever way they came, asks here.
import { AppError } from '../core'
import { run, type AuthenticationContext, type PersonAnswer, type Statement } from '../platform'
import { callHook } from './hook'
import { hookJobsCommitted, hookJobStatement } from './hook-job'
import { PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/** The job that runs `auth.hooks.afterUserCreated`. No app can declare a job of that name. */
export const NEW_PERSON_JOB = 'perigee:after-user-created'

/** Asks the app whether a person may be made. It is asked before anybody looks whether there is one already, so its answer tells no stranger. Errors: those of `callHook`. */
export async function admitPerson(workshop: Workshop, context: AuthenticationContext, person: Person): Promise<void> {
  const hook = workshop.app.auth?.hooks?.beforeUserCreated
  if (hook !== undefined) await callHook(workshop, context, 'beforeUserCreated', hook, { user: showPerson(person) })
}

/**
 * The same where somebody may be there already, who signs in whatever the app says of new people. It is asked all the same, of somebody new: how long it
 * takes would tell a stranger otherwise who is known. Errors: those of `callHook`, where nobody is known.
 */
export async function admitStranger(workshop: Workshop, context: AuthenticationContext, made: Person, known: Person | null): Promise<void> {
  try {
    await admitPerson(workshop, context, made)
  } catch (error) {
    if (known === null || !(error instanceof AppError)) throw error
  }
}

/** For the batch that makes a person, behind the statement that does: takes the hook's job in, if they were made. None when the app has no such hook. */
export function personCreated(workshop: Workshop, { address }: AuthenticationContext, userId: string): Statement[] {
  if (workshop.app.auth?.hooks?.afterUserCreated === undefined) return []
  // The id is new, so whoever has it was made by this batch.
  const made: Statement = { sql: 'exists (select 1 from auth_users where id = ?)', params: [userId] }
  return [hookJobStatement(workshop, NEW_PERSON_JOB, { user_id: userId, ip_address: address }, made)]
}

/** Has the hooks run that were asked for, after the batch. What wasn't committed does nothing; what is lost on the way is found in the table. */
export function newPeopleCommitted(workshop: Workshop): void {
  hookJobsCommitted(workshop)
}

/** A person as they are now; null when they are no more. */
export async function findNewPerson(db: D1Database, userId: string): Promise<PersonAnswer | null> {
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ?`, params: [userId] }])
  const row = found!.results[0]
  return row === undefined ? null : showPerson(readPerson(row))
}
