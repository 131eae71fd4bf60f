// The path of /rest/v1/batch: several requests on tables as one.
import { MAX_OPERATIONS } from '../../rest'
import type { JsonSchema } from './schema'

const parameter = (name: string): JsonSchema => ({ $ref: `#/components/parameters/${name}` })
const ERROR: JsonSchema = { $ref: '#/components/responses/RestError' }

const DESCRIPTION = `All are done, or none. Each has the dialect of its single request. A value of an earlier operation is
\`{"$ref": "id.column"}\` in a body and \`{id.column}\` in a filter; of several rows, \`id.0.column\`. An error has the number of the
operation that failed, \`operation\`, beside its other members.`

const OPERATION: JsonSchema = {
  type: 'object',
  required: ['method', 'path'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'A name for later operations.' },
    method: { enum: ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'] },
    path: { type: 'string', description: 'The table and its parameters.', examples: ['/trips?select=id'] },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    body: { description: 'As the single request would send it; a text when its Content-Type is not JSON.' },
  },
}

const RESULT: JsonSchema = {
  type: 'object',
  required: ['status', 'headers', 'body'],
  properties: {
    id: { type: 'string' },
    status: { type: 'integer' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    body: { description: 'What the single request would be answered; null when there is none.' },
  },
}

const list = (name: string, items: JsonSchema): JsonSchema => ({ type: 'object', required: [name], properties: { [name]: items } })

export const BATCH_TAG = { name: 'batch', description: 'Several requests on tables as one.' }

export const BATCH_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/rest/v1/batch': {
    post: {
      tags: [BATCH_TAG.name],
      operationId: 'batch',
      summary: 'Do several things, or none of them',
      description: DESCRIPTION,
      parameters: [parameter('IdempotencyKey')],
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: list('operations', { type: 'array', minItems: 1, maxItems: MAX_OPERATIONS, items: OPERATION }) },
        },
      },
      responses: {
        200: {
          description: 'One result each, in order.',
          content: { 'application/json': { schema: list('results', { type: 'array', items: RESULT }) } },
        },
        '4XX': ERROR,
        '5XX': ERROR,
      },
    },
  },
}
