// The engine's tables: migrations make them beside the app's.
export { authAudit, authFlows, authIdentities, authOneTimeTokens, authSessions, authSigningKeys, authUsers } from './auth'
export { authChallenges, authFactors, authPasskeys, authRecoveryCodes } from './auth-factors'
export { sysOutbox } from './messages'
export { sysJobs } from './jobs'
export { sysChangeFailures, sysConsumers } from './changes'
export { sysAudit, sysChanges, sysIdempotency, sysStatement, sysStore } from './system'
export { sysWebhookDeliveries, sysWebhooks } from './webhooks'
