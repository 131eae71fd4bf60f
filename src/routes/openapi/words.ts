// The pieces that descriptions of /auth/v1 are put together from.
import type { JsonSchema } from './schema'

export { taken } from './taken'

export const reference = (kind: string, name: string): JsonSchema => ({ $ref: `#/components/${kind}/${name}` })
export const json = (schema: JsonSchema): JsonSchema => ({ 'application/json': { schema } })
export const text: JsonSchema = { type: 'string' }
export const time: JsonSchema = { type: 'string', format: 'date-time' }
export const object = (properties: JsonSchema, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length > 0 ? { required } : {}),
})
const failures = { '4XX': reference('responses', 'AuthError'), '5XX': reference('responses', 'AuthError') }
export const answers = (schema: JsonSchema, description: string): JsonSchema => ({
  200: { description, content: json(schema) },
  ...failures,
})
/** An answer without a body. */
export const silence = (description: string): JsonSchema => ({ 204: { description }, ...failures })
export const body = (schema: JsonSchema): JsonSchema => ({ required: true, content: json(schema) })

export const API_KEY: readonly JsonSchema[] = [{ apiKey: [] }]
export const PERSON: readonly JsonSchema[] = [{ apiKey: [], token: [] }]
export const tags = ['auth']
