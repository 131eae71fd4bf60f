// The door of the room: work that happens later.
export {
  cancelJob,
  countJobs,
  findJob,
  JOB_STATES,
  listJobs,
  replayDead,
  replayJob,
  type JobCount,
  type JobDetail,
  type JobFilter,
  type JobState,
  type JobView,
} from './admin'
export { consume, type ConsumeContext } from './consume'
export { beginCronJobs } from './cron'
export { jobErrors } from './errors'
export { sendDue } from './due'
export { runJob } from './runner'
export { sweepJobs, sweepPayloads } from './sweep'
