// The paths of /rest/v1/rpc, one a function of the app, with its arguments by its own schema.
import type * as z from 'zod'
import type { FunctionModel, Model } from '../../define'
import { rowSchema, type JsonSchema } from './schema'
import { schemaOf } from './taken'

const reference = (kind: string, name: string): JsonSchema => ({ $ref: `#/components/${kind}/${name}` })
const ERRORS: JsonSchema = { '4XX': reference('responses', 'RestError'), '5XX': reference('responses', 'RestError') }

/** The section of the reference that they stand in. */
export const FUNCTIONS_TAG = 'functions'

export function functionPaths(model: Model): Record<string, JsonSchema> {
  return Object.fromEntries([...model.functions.values()].map((fn) => [`/rest/v1/rpc/${fn.name}`, functionPath(model, fn)]))
}

function functionPath(model: Model, fn: FunctionModel): JsonSchema {
  const tags = [FUNCTIONS_TAG]
  const rows = fn.result.kind === 'table' || fn.result.kind === 'rows'
  const shared = rows ? ['select', 'order', ...('many' in fn.result && fn.result.many ? ['limit', 'offset'] : [])] : []
  const common = { tags, summary: fn.description ?? `Call ${fn.name}`, responses: { ...answers(model, fn), ...ERRORS } }
  const clauses = shared.map((name) => reference('parameters', name))
  const post = {
    ...common,
    operationId: `call_${fn.name}`,
    parameters: clauses,
    requestBody: {
      required: [...fn.arguments.values()].some(({ required }) => required),
      content: { 'application/json': { schema: argumentsSchema(fn) } },
    },
  }
  if (fn.writes) return { post }
  const inAddress = [...fn.arguments].map(([name, { schema, required }]) => ({
    name,
    in: 'query',
    required,
    schema: described(schema, 'input'),
  }))
  return { get: { ...common, operationId: `get_${fn.name}`, parameters: [...inAddress, ...clauses] }, post }
}

/** The arguments as an object. */
export function argumentsSchema(fn: FunctionModel): JsonSchema {
  return fn.schema === null
    ? { type: 'object', additionalProperties: false }
    : { ...described(fn.schema, 'input'), additionalProperties: false }
}

/** A zod schema as JSON Schema; a date is its text. */
const described = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  schemaOf(schema, {
    io,
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = (zodSchema as unknown as z.ZodType).def
      if (type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
      if (type === 'bigint') Object.assign(jsonSchema, { type: 'integer', format: 'int64' })
    },
  })

function answers(model: Model, { result }: FunctionModel): JsonSchema {
  if (result.kind === 'nothing') return { 204: { description: 'Done.' } }
  const one = resultSchema(model, result)
  const schema = result.many ? { type: 'array', items: one } : result.kind === 'value' ? one : { oneOf: [one, { type: 'null' }] }
  return {
    200: { description: result.many ? 'What it gives.' : 'The one thing that it gives.', content: { 'application/json': { schema } } },
  }
}

/** What one of the results is. */
function resultSchema(model: Model, result: Exclude<FunctionModel['result'], { kind: 'nothing' }>): JsonSchema {
  if (result.kind === 'value') return described(result.schema, 'output')
  return result.kind === 'table' ? reference('schemas', model.tables.get(result.table)?.name ?? result.table) : rowSchema(result.table)
}
