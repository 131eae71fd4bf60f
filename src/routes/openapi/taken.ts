// zod schemas as JSON Schema that stands anywhere in the document: a `$ref` there is read from the document's root, where zod's own definitions aren't.
import * as z from 'zod'
import type { JsonSchema } from './schema'

/** A schema with what it refers to in its place; what holds itself may be anything inside. */
function inlined(node: unknown, definitions: Readonly<Record<string, unknown>>, within: readonly string[] = []): unknown {
  if (Array.isArray(node)) return node.map((one) => inlined(one, definitions, within))
  if (typeof node !== 'object' || node === null) return node
  const { $ref, $defs: _, ...rest } = node as Readonly<Record<string, unknown>>
  if (typeof $ref === 'string') {
    const name = $ref.replace('#/$defs/', '')
    return within.includes(name) || $ref === '#'
      ? rest
      : inlined({ ...(definitions[name] as object), ...rest }, definitions, [...within, name])
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inlined(value, definitions, within)]))
}

type Options = Pick<NonNullable<Parameters<typeof z.toJSONSchema>[1]>, 'io' | 'override'>

/** What JSON has no word for may be anything. */
export function schemaOf(schema: z.ZodType, options: Options): JsonSchema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { ...options, unrepresentable: 'any' })
  return inlined(made, made.$defs ?? {}) as JsonSchema
}

/** What a route's schema takes. */
export const taken = (schema: z.ZodType): JsonSchema => schemaOf(schema, { io: 'input' })
