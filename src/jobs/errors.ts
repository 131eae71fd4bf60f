// What the administration of jobs can be refused for.
import { defineErrors } from '../core'

export const jobErrors = defineErrors({
  job_not_found: { status: 404, title: 'There is no such job.', retry: false },
  job_not_replayable: { status: 409, title: 'Only a job that is dead or was cancelled can be replayed.', retry: false },
  job_not_cancellable: { status: 409, title: 'Only a job that is queued or running can be cancelled.', retry: false },
  job_unique_taken: { status: 409, title: 'Another job with the same unique key is queued or running.', retry: false },
})
