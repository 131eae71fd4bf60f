// The paths of /api/v1/admin/webhooks, and what a receiver is sent. Bodies are the very schemas that the routes read with.
import type * as z from 'zod'
import { createBody, deliveriesQuery, eventBody, replayBody, rotateBody, updateBody } from '../admin/webhook-schema'
import type { JsonSchema } from './schema'
import { taken } from './taken'

const TAG = 'webhooks'
export const WEBHOOKS_TAG = {
  name: TAG,
  description: 'Telling other servers what was written, by Standard Webhooks. With the secret key only.',
}

const ROOT = '/api/v1/admin/webhooks'

const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: JsonSchema): JsonSchema => ({ 'application/json': { schema } })
const PROBLEM: JsonSchema = { $ref: '#/components/responses/Problem' }
const text: JsonSchema = { type: 'string' }
const count: JsonSchema = { type: 'integer' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const timeOrNull: JsonSchema = { type: ['string', 'null'], format: 'date-time' }
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const list = (name: string, items: JsonSchema, more: Readonly<Record<string, JsonSchema>> = {}): JsonSchema =>
  object({ [name]: { type: 'array', items }, ...more })

const ID: JsonSchema = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }
const DELIVERY: JsonSchema = { name: 'delivery', in: 'path', required: true, schema: text }

interface Described {
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly JsonSchema[]
  readonly body?: z.ZodType
  readonly status: number
  readonly answers: string
  readonly schema?: JsonSchema
}

function operation({ id, summary, description, parameters, body, status, answers, schema }: Described): JsonSchema {
  return {
    tags: [TAG],
    operationId: id,
    summary,
    ...(description ? { description } : {}),
    security: [{ apiKey: [] }],
    ...(parameters ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: json(taken(body)) } } : {}),
    responses: {
      [status]: { description: answers, ...(schema ? { content: json(schema) } : {}) },
      '4XX': PROBLEM,
      '5XX': PROBLEM,
    },
  }
}

const state = (verb: 'enable' | 'disable', summary: string, description: string): JsonSchema => ({
  post: operation({
    id: `webhooks_${verb}`,
    summary,
    description,
    parameters: [ID],
    status: 200,
    answers: 'The endpoint.',
    schema: reference('Webhook'),
  }),
})

export const WEBHOOK_PATHS: Readonly<Record<string, JsonSchema>> = {
  [ROOT]: {
    get: operation({
      id: 'webhooks_list',
      summary: 'All endpoints',
      status: 200,
      answers: 'They.',
      schema: list('webhooks', reference('Webhook')),
    }),
    post: operation({
      id: 'webhooks_create',
      summary: 'Tell a server of events',
      description: 'The answer holds the secret, which is never shown again.',
      body: createBody,
      status: 201,
      answers: 'The endpoint with its secret.',
      schema: { allOf: [reference('Webhook'), object({ secret: text })] },
    }),
  },
  [`${ROOT}/{id}`]: {
    get: operation({
      id: 'webhooks_show',
      summary: 'One endpoint, and what waits for it',
      parameters: [ID],
      status: 200,
      answers: 'It.',
      schema: {
        allOf: [
          reference('Webhook'),
          object({
            secrets: { type: 'array', items: object({ signs_until: timeOrNull }) },
            backlog: object({ held: count, ready: count, failed: count, oldest_age_seconds: { type: ['integer', 'null'] } }),
          }),
        ],
      },
    }),
    patch: operation({
      id: 'webhooks_update',
      summary: 'Change its address, events or description',
      parameters: [ID],
      body: updateBody,
      status: 200,
      answers: 'The endpoint.',
      schema: reference('Webhook'),
    }),
    delete: operation({
      id: 'webhooks_delete',
      summary: 'Delete it with its deliveries',
      parameters: [ID],
      status: 204,
      answers: 'Deleted.',
    }),
  },
  [`${ROOT}/{id}/rotate`]: {
    post: operation({
      id: 'webhooks_rotate',
      summary: 'Give it a new secret',
      description: 'For `overlap_seconds` both sign. The new one is never shown again.',
      parameters: [ID],
      body: rotateBody,
      status: 200,
      answers: 'The new secret, and until when the others sign.',
      schema: object({ secret: text, secrets: { type: 'array', items: object({ signs_until: timeOrNull }) } }),
    }),
  },
  [`${ROOT}/{id}/enable`]: state('enable', 'Go on where it stopped', 'What failed is tried again first.'),
  [`${ROOT}/{id}/disable`]: state('disable', 'Send nothing', 'What waits stays; what is written meanwhile is told by a replay only.'),
  [`${ROOT}/{id}/ping`]: {
    post: operation({
      id: 'webhooks_ping',
      summary: 'Send it `webhook.ping`',
      parameters: [ID],
      status: 202,
      answers: 'It will be sent.',
      schema: object({ delivery: text }),
    }),
  },
  [`${ROOT}/{id}/deliveries`]: {
    get: operation({
      id: 'webhooks_deliveries',
      summary: 'Its deliveries, the newest first',
      parameters: [ID, ...Object.entries(deliveriesQuery.shape).map(([name, schema]) => ({ name, in: 'query', schema: taken(schema) }))],
      status: 200,
      answers: 'A page; `next` goes into `before`.',
      schema: list('deliveries', reference('WebhookDelivery'), { next: { type: ['integer', 'null'] } }),
    }),
  },
  [`${ROOT}/{id}/deliveries/{delivery}`]: {
    get: operation({
      id: 'webhooks_delivery',
      summary: 'One delivery with its body',
      parameters: [ID, DELIVERY],
      status: 200,
      answers: 'It.',
      schema: { allOf: [reference('WebhookDelivery'), object({ body: reference('WebhookEvent') })] },
    }),
  },
  [`${ROOT}/{id}/replay`]: {
    post: operation({
      id: 'webhooks_replay',
      summary: 'Send again',
      description:
        'Single deliveries, what failed, or all changes from a `seq` or a time that the log still holds. Order is kept: what was written since waits.',
      parameters: [ID],
      body: replayBody,
      status: 202,
      answers: 'How many deliveries, or from where to where in which store.',
      schema: { type: 'object', properties: { deliveries: count, replaying: { type: 'object' } } },
    }),
  },
  '/api/v1/admin/webhook-events': {
    post: operation({
      id: 'webhooks_event',
      summary: 'Tell of an event of your own',
      body: eventBody,
      status: 202,
      answers: 'The deliveries.',
      schema: list('deliveries', object({ webhook: text, delivery: text })),
    }),
  },
}

export const WEBHOOK_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Webhook: object({
    id: { type: 'string', format: 'uuid' },
    url: text,
    description: { type: ['string', 'null'] },
    events: { type: 'array', items: text },
    state: { enum: ['enabled', 'disabled'] },
    disabled_reason: { enum: ['asked', 'gone', 'exhausted', null] },
    disabled_at: timeOrNull,
    replaying: { type: 'boolean' },
    last_success_at: timeOrNull,
    last_failure_at: timeOrNull,
    created_at: time,
    updated_at: time,
  }),
  WebhookDelivery: object({
    id: { ...text, description: 'The `webhook-id` header.' },
    type: text,
    key: text,
    store: text,
    seq: count,
    state: { enum: ['held', 'ready', 'sending', 'delivered', 'failed'] },
    attempts: count,
    next_attempt_at: timeOrNull,
    last_status: { type: ['integer', 'null'] },
    last_reason: { enum: ['status', 'redirect', 'gone', 'timeout', 'connection', 'broken_answer', 'address', null] },
    last_attempt_at: timeOrNull,
    created_at: time,
    finished_at: timeOrNull,
    age_seconds: count,
  }),
  WebhookEvent: object({ type: { ...text, examples: ['trips.updated'] }, timestamp: time, data: {} }),
  Problem: {
    ...object({ type: text, title: text, status: count, code: text }),
    description: 'RFC 9457.',
  },
}

export const PROBLEM_RESPONSE: JsonSchema = {
  description: 'Refused (RFC 9457).',
  content: { 'application/problem+json': { schema: reference('Problem') } },
}
