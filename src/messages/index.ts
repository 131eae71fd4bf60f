// The door of the room: mail and text messages, asked for in a batch and sent afterwards by a job.
export { deliverMessage, type DeliveryContext } from './deliver'
export { messageId, messagesCommitted, messageStatements, type MessageWorkshop } from './enqueue'
export { DeliveryError, messageErrors } from './errors'
export { languageOf } from './language'
export { MESSAGE_JOB, type Message } from './message'
export { emptyOutbox, readOutbox, sweepOutbox, type OutboxFilter, type OutboxMessage } from './outbox'
export { requireTransport, transportOf } from './transport'
