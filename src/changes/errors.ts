// What the administration of consumers refuses.
import { defineErrors } from '../core'

export const changeErrors = defineErrors({
  consumer_unknown: { status: 404, title: 'There is no such consumer in that store.', retry: false },
  consumer_invalid: { status: 400, title: 'The request about a consumer is not valid.', retry: false },
  nothing_to_skip: { status: 409, title: 'The consumer fails at nothing.', retry: false },
  consumer_moved: { status: 409, title: 'The consumer has moved meanwhile. Look where it stands now.', retry: true },
})
