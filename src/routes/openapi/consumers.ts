// The paths of /api/v1/admin/consumers. Bodies are the very schemas that the routes read with.
import type * as z from 'zod'
import { failuresQuery, replayFailuresBody, skipBody } from '../admin/consumer-schema'
import type { JsonSchema } from './schema'
import { taken } from './taken'

const TAG = 'consumers'
export const CONSUMERS_TAG = { name: TAG, description: 'Who follows the change log, and what was given up on. With the secret key only.' }

const ROOT = '/api/v1/admin/consumers'
const PROBLEM: JsonSchema = { $ref: '#/components/responses/Problem' }
const text: JsonSchema = { type: 'string' }
const count: JsonSchema = { type: 'integer' }
const countOrNull: JsonSchema = { type: ['integer', 'null'] }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const timeOrNull: JsonSchema = { type: ['string', 'null'], format: 'date-time' }
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const list = (name: string, schema: string): JsonSchema =>
  object({ [name]: { type: 'array', items: { $ref: `#/components/schemas/${schema}` } } })

const NAME: JsonSchema = { name: 'name', in: 'path', required: true, schema: text }
const LIMIT: JsonSchema = { name: 'limit', in: 'query', schema: (taken(failuresQuery)['properties'] as { limit: JsonSchema }).limit }

interface Described {
  readonly id: string
  readonly summary: string
  readonly parameters?: readonly JsonSchema[]
  readonly body?: z.ZodType
  readonly status: number
  readonly answer: string
  readonly schema?: JsonSchema
}

function operation({ id, summary, parameters, body, status, answer, schema }: Described): JsonSchema {
  return {
    tags: [TAG],
    operationId: id,
    summary,
    security: [{ apiKey: [] }],
    ...(parameters ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: taken(body) } } } } : {}),
    responses: {
      [status]: { description: answer, ...(schema ? { content: { 'application/json': { schema } } } : {}) },
      '4XX': PROBLEM,
      '5XX': PROBLEM,
    },
  }
}

export const CONSUMER_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Consumer: object({
    name: text,
    store: text,
    state: { enum: ['current', 'behind', 'failing', 'paused'] },
    lag: object({ changes: count, seconds: count }),
    seq: count,
    attempts: count,
    failing_seq: countOrNull,
    failing_since: timeOrNull,
    next_at: timeOrNull,
    error: { type: ['string', 'null'] },
    failures: count,
    updated_at: time,
  }),
  ChangeFailure: object({
    store: text,
    epoch: text,
    seq: count,
    table: text,
    op: { enum: ['I', 'U', 'D'] },
    key: { type: 'array', items: {} },
    reason: text,
    attempts: count,
    replaying: { type: 'boolean' },
    at: time,
  }),
}

export const CONSUMER_PATHS: Readonly<Record<string, JsonSchema>> = {
  [ROOT]: {
    get: operation({
      id: 'consumers_list',
      summary: 'All consumers, store by store, and how far each is behind',
      status: 200,
      answer: 'They.',
      schema: list('consumers', 'Consumer'),
    }),
  },
  [`${ROOT}/{name}/failures`]: {
    get: operation({
      id: 'consumers_failures',
      summary: 'Changes that were set aside, the newest first',
      parameters: [NAME, LIMIT],
      status: 200,
      answer: 'They.',
      schema: list('failures', 'ChangeFailure'),
    }),
  },
  [`${ROOT}/{name}/replay`]: {
    post: operation({
      id: 'consumers_replay',
      summary: 'Try changes once more that were set aside',
      parameters: [NAME],
      body: replayFailuresBody,
      status: 202,
      answer: 'How many.',
      schema: object({ replaying: count }),
    }),
  },
  [`${ROOT}/{name}/skip`]: {
    post: operation({
      id: 'consumers_skip',
      summary: 'Set the change aside that a consumer fails at',
      parameters: [NAME],
      body: skipBody,
      status: 204,
      answer: 'Done.',
    }),
  },
}
