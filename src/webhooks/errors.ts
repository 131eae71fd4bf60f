// What can be wrong with a request about webhooks.
import { defineErrors } from '../core'

export const webhookErrors = defineErrors({
  webhook_invalid: { status: 422, title: 'The endpoint has a value that is not allowed.', retry: false },
  webhook_address: { status: 422, title: 'No webhook is sent to this address.', retry: false },
  webhook_unknown: { status: 404, title: 'There is no such endpoint.', retry: false },
  webhook_delivery_unknown: { status: 404, title: 'This endpoint has no such delivery.', retry: false },
  webhook_disabled: { status: 409, title: 'The endpoint is disabled. Enable it first.', retry: false },
  webhook_too_many: { status: 409, title: 'There are as many endpoints as there may be. Delete one.', retry: false },
  webhook_replay_pruned: { status: 410, title: 'The log does not reach back that far any more.', retry: false },
  webhook_replay_busy: { status: 409, title: 'A replay is going on for this endpoint. Try again when it has ended.', retry: true },
})
