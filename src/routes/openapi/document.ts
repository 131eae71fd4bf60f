// The whole surface as one OpenAPI 3.1 document, made from the model that also serves it.
import type { Model } from '../../define'
import { AUTH_PATHS, AUTH_SCHEMAS } from './auth'
import { BATCH_PATHS, BATCH_TAG } from './batch'
import { CONSUMER_PATHS, CONSUMER_SCHEMAS, CONSUMERS_TAG } from './consumers'
import { functionPaths, FUNCTIONS_TAG } from './functions'
import { INSTALLATION_PATHS, INSTALLATION_TAG } from './installation'
import { JOB_PATHS, JOB_SCHEMAS, JOBS_TAG } from './jobs'
import type { JsonSchema } from './schema'
import { REST_ERROR, servedTables, TABLE_PARAMETERS, tablePaths, tableSchemas } from './tables'
import { PROBLEM_RESPONSE, WEBHOOK_PATHS, WEBHOOK_SCHEMAS, WEBHOOKS_TAG } from './webhooks'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly description: string; readonly version: string }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly security: readonly JsonSchema[]
  readonly paths: Readonly<Record<string, JsonSchema>>
  readonly components: Readonly<Record<'schemas' | 'parameters' | 'responses' | 'securitySchemes', Readonly<Record<string, JsonSchema>>>>
}

const errorResponse = (description: string, schema: string): JsonSchema => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
})

/** Tables only. `origin` is the host that was called. */
function tablesDocument(model: Model, origin: string): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: { title: model.name, description: model.description, version: '1' },
    servers: [{ url: origin }],
    tags: servedTables(model).map((table) => ({
      name: table.name,
      description: table.description ?? `Rows of \`${table.name}\` that the caller's policies admit.`,
    })),
    security: [{ apiKey: [] }, { apiKey: [], token: [] }],
    paths: tablePaths(model),
    components: {
      schemas: { ...tableSchemas(model), RestError: REST_ERROR },
      parameters: TABLE_PARAMETERS,
      responses: { RestError: errorResponse('Refused, in the words of PostgREST.', 'RestError') },
      securitySchemes: {
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'apikey',
          description: 'The publishable key, which ships in apps, or the secret key, which never does.',
        },
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "A person's access token." },
      },
    },
  }
}

/** Everything that is served. */
export function surfaceDocument(model: Model, origin: string): OpenApiDocument {
  const tables = tablesDocument(model, origin)
  return {
    ...tables,
    tags: [
      { name: 'auth', description: 'Signing in, in the dialect of Supabase Auth.' },
      BATCH_TAG,
      ...(model.functions.size > 0 ? [{ name: FUNCTIONS_TAG, description: "The app's own functions, called by name." }] : []),
      ...tables.tags,
      JOBS_TAG,
      CONSUMERS_TAG,
      WEBHOOKS_TAG,
      INSTALLATION_TAG,
    ],
    paths: {
      ...AUTH_PATHS,
      ...BATCH_PATHS,
      ...tables.paths,
      ...functionPaths(model),
      ...JOB_PATHS,
      ...CONSUMER_PATHS,
      ...WEBHOOK_PATHS,
      ...INSTALLATION_PATHS,
      '/health': HEALTH,
    },
    components: {
      ...tables.components,
      schemas: { ...AUTH_SCHEMAS, ...JOB_SCHEMAS, ...CONSUMER_SCHEMAS, ...WEBHOOK_SCHEMAS, ...tables.components.schemas },
      responses: {
        ...tables.components.responses,
        AuthError: errorResponse('Refused, in the words of Supabase Auth.', 'AuthError'),
        Problem: PROBLEM_RESPONSE,
      },
    },
  }
}

const HEALTH: JsonSchema = {
  get: {
    operationId: 'health',
    summary: 'Whether the backend runs',
    security: [],
    responses: {
      200: {
        description: 'It does.',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: {
                status: { const: 'ok' },
                name: { type: 'string' },
                cache: { type: 'string', description: 'Of public tables: `on`, or why there is none.' },
              },
            },
          },
        },
      },
    },
  },
}
