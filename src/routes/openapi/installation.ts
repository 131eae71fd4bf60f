// The paths of /api/v1/admin that are about sign-in as a whole. The body is the very schema that the route reads with.
import { importBody } from '../admin/sign-in-schema'
import type { JsonSchema } from './schema'
import { taken } from './taken'

const TAG = 'sign-in'
export const INSTALLATION_TAG = {
  name: TAG,
  description: 'The keys that sign people’s tokens, and people brought along from elsewhere. With the secret key only.',
}

const PROBLEM: JsonSchema = { $ref: '#/components/responses/Problem' }
const text: JsonSchema = { type: 'string' }
const count: JsonSchema = { type: 'integer' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const list = (schema: JsonSchema): JsonSchema => ({ type: 'array', items: schema })

const KEYS = object({
  keys: list(
    object({
      kid: text,
      state: { enum: ['pending', 'signing', 'retired', 'expired'] },
      signs_from: time,
      created_at: time,
      verifies_until: { type: ['string', 'null'], format: 'date-time' },
    }),
  ),
})
const IMPORTED = object({ made: count, there: count, refused: list(object({ id: text, reason: text })) })

function operation(operationId: string, summary: string, answer: string, schema: JsonSchema, more: JsonSchema = {}): JsonSchema {
  return {
    tags: [TAG],
    operationId,
    summary,
    security: [{ apiKey: [] }],
    ...more,
    responses: { 200: { description: answer, content: { 'application/json': { schema } } }, '4XX': PROBLEM, '5XX': PROBLEM },
  }
}

export const INSTALLATION_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/api/v1/admin/signing-keys': { get: operation('signing_keys', 'The keys that sign people’s tokens', 'Newest first.', KEYS) },
  '/api/v1/admin/signing-keys/rotate': {
    post: operation(
      'signing_keys_rotate',
      'Publish the next key, which signs 30 minutes later',
      'All keys. While one is pending, no other is made.',
      KEYS,
    ),
  },
  '/api/v1/admin/users/import': {
    post: operation(
      'users_import',
      'Bring people along with the hashes of their passwords',
      'Who was made, was there already, or was refused and why.',
      IMPORTED,
      {
        requestBody: { required: true, content: { 'application/json': { schema: taken(importBody) } } },
      },
    ),
  },
}
