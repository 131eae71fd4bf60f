// The door of the room: endpoints, what is on its way to them, and the work of sending.
export { checkAddress, type AddressProblem } from './address'
export { consume } from './consumer'
export type { Delivered } from './deliver'
export { DELIVERIES_MS } from './delivery'
export { webhookConsumer } from './follow'
export {
  createEndpoint,
  deleteEndpoint,
  disable,
  enable,
  listEndpoints,
  MAX_ENDPOINTS,
  openSecrets,
  readEndpoint,
  rotateSecret,
  updateEndpoint,
  type Endpoint,
} from './endpoint'
export { webhookErrors } from './errors'
export { eventName, PATTERN, TYPE } from './event'
export { emit, listDeliveries, MAX_DELIVERIES, readBacklog, readDelivery, type Backlog, type DeliveryRecord } from './manage'
export { replayDeliveries, replayFailed, startReplay } from './replay'
export { live, MAX_OVERLAP_SECONDS, OVERLAP_SECONDS, secretBytes } from './secret'
export { sendDueWebhooks, sweepWebhooks, tellQueue, work, type WorkContext } from './work'
