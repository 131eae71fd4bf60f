// The paths of /api/v1/admin/jobs. Parameters and bodies are the very schemas that the routes read with.
import type * as z from 'zod'
import { JOB_STATES } from '../../jobs'
import { jobQuery, jobsQuery, replayBody } from '../admin/job-schema'
import type { JsonSchema } from './schema'
import { taken } from './taken'

const TAG = 'jobs'
export const JOBS_TAG = { name: TAG, description: 'Work that happens later: what waits, fails and was given up. With the secret key only.' }

const PROBLEM: JsonSchema = { $ref: '#/components/responses/Problem' }
const text: JsonSchema = { type: 'string' }
const count: JsonSchema = { type: 'integer' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const timeOrNull: JsonSchema = { type: ['string', 'null'], format: 'date-time' }
const textOrNull: JsonSchema = { type: ['string', 'null'] }
const state: JsonSchema = { type: 'string', enum: [...JOB_STATES] }
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

const ID: JsonSchema = { name: 'id', in: 'path', required: true, schema: text }

function parameters(schema: z.ZodObject): JsonSchema[] {
  return Object.entries((taken(schema) as { properties: Record<string, JsonSchema> }).properties).map(([name, property]) => ({
    name,
    in: 'query',
    schema: property,
  }))
}

function operation(id: string, summary: string, schema: JsonSchema, more: Readonly<Record<string, unknown>> = {}): JsonSchema {
  return {
    tags: [TAG],
    operationId: id,
    summary,
    security: [{ apiKey: [] }],
    ...more,
    responses: {
      200: { description: 'So it is.', content: { 'application/json': { schema } } },
      '4XX': PROBLEM,
      '5XX': PROBLEM,
    },
  }
}

const one = { parameters: [ID, ...parameters(jobQuery)] }

export const JOB_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/api/v1/admin/jobs': {
    get: operation(
      'jobs_list',
      'Jobs, the newest first',
      object({ jobs: { type: 'array', items: reference('Job') }, next: { ...textOrNull, description: '`before` of the next page.' } }),
      { parameters: parameters(jobsQuery) },
    ),
  },
  '/api/v1/admin/jobs/counts': {
    get: operation(
      'jobs_counts',
      'How many jobs of each name wait, fail, run and are dead',
      object({
        counts: { type: 'array', items: object({ store: text, name: text, state, count, oldest: { ...count, description: 'Seconds.' } }) },
      }),
    ),
  },
  '/api/v1/admin/jobs/replay': {
    post: operation('jobs_replay_dead', 'Have dead jobs tried again, the oldest first', object({ replayed: count }), {
      requestBody: { required: true, content: { 'application/json': { schema: taken(replayBody) } } },
    }),
  },
  '/api/v1/admin/jobs/{id}': { get: operation('jobs_read', 'One job, with its payload and who asked for it', reference('JobDetail'), one) },
  '/api/v1/admin/jobs/{id}/replay': {
    post: operation('jobs_replay', 'Have a job tried again that is dead or was cancelled', reference('JobDetail'), one),
  },
  '/api/v1/admin/jobs/{id}/cancel': {
    post: operation('jobs_cancel', 'Call a job off', reference('JobDetail'), {
      ...one,
      description: 'What a running one goes on to write doesn’t commit any more.',
    }),
  },
}

const JOB = {
  id: { type: 'string', format: 'uuid' },
  name: text,
  state,
  store: text,
  attempts: count,
  max_attempts: count,
  unique_key: textOrNull,
  reason: { ...textOrNull, description: 'Why the last attempt failed.' },
  age: { ...count, description: 'Seconds since it was taken in.' },
  created_at: time,
  due_at: { ...time, description: 'When it may begin; while it runs, when its lease ends.' },
  finished_at: timeOrNull,
  cron_at: { ...timeOrNull, description: 'The time of the clock that it is the run of.' },
} satisfies Readonly<Record<string, JsonSchema>>

export const JOB_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Job: object(JOB),
  JobDetail: object({
    ...JOB,
    payload: { description: 'As it was given; null when it is too large for a row.' },
    context: { description: 'Who asked for it: `uid`, `request`, `function`.' },
  }),
}
