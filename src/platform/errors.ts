// What can be wrong with the ground itself: secrets and services that aren't there.
import { defineErrors } from '../core'

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
