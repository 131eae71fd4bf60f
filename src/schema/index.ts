// The engine's tables: migrations make them beside the app's.
export { authIdentities, authSessions, authSigningKeys, authUsers } from './auth'
export { sysJobs } from './jobs'
export { sysChangeFailures, sysConsumers } from './changes'
export { sysAudit, sysChanges, sysIdempotency, sysStatement, sysStore } from './system'
export { sysWebhookDeliveries, sysWebhooks } from './webhooks'
