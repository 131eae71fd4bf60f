// What can be wrong with the ground itself: secrets and services that aren't there.
import { AppError, defineErrors } from '../core'
import { readFault } from './d1-errors'

export const platformErrors = defineErrors({
  root_key_missing: {
    status: 503,
    title:
      'This server has no usable PERIGEE_ROOT_KEY. `npm run dev` makes one locally; deployed, set it with `npx wrangler secret put PERIGEE_ROOT_KEY`.',
    retry: false,
    postgrest: 'PGRST000',
  },
  root_key_changed: {
    status: 503,
    title: 'PERIGEE_ROOT_KEY is not the one that this database was sealed with. Restore the former value.',
    retry: false,
    postgrest: 'PGRST000',
  },
  service_unavailable: {
    status: 503,
    title: 'A service that this address needs does not answer. Try again shortly.',
    retry: true,
    postgrest: 'PGRST000',
  },
})

/** What a rejected call to D1 means to the phone when the same call may succeed shortly; null for every other error. */
export function asUnavailable(error: unknown): AppError | null {
  const { kind } = readFault(error)
  return kind === 'overloaded' || kind === 'unavailable'
    ? new AppError(platformErrors.service_unavailable, {
        message: 'The database has too much to do or cannot be reached. Try again in a moment.',
        headers: { 'retry-after': '2' },
        cause: error,
      })
    : null
}
