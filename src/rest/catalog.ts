// The names that clients know tables by: a schema, chosen by a header, and a name in it. Says nothing of tables that aren't served.
import { AppError } from '../core'
import { DEFAULT_SCHEMA, type Model, type TableModel } from '../define'
import { restErrors } from './errors'
import { nearestName } from './similarity'

const served = (model: Model): TableModel[] => [...model.tables.values()].filter((table) => table.served)

/** The schema that a request speaks of: what `Accept-Profile` or `Content-Profile` names, else `public`. Errors: PGRST106. */
export function schemaOf(model: Model, profile: string | null): string {
  if (profile === null || profile === DEFAULT_SCHEMA) return DEFAULT_SCHEMA
  const schemas = new Set([DEFAULT_SCHEMA, ...served(model).map(({ exposed }) => exposed.schema)])
  if (schemas.has(profile)) return profile
  throw new AppError(restErrors.rest_unknown_schema, {
    message: `Invalid schema: ${profile.slice(0, 100)}`,
    hint: `Only the following schemas are exposed: ${[...schemas].join(', ')}`,
  })
}

/** Whether answers say which schema they are of: when there are several, as PostgREST has it. */
export function namesSchema(model: Model): boolean {
  const [first, ...others] = namesOf(model).values()
  return others.some(({ exposed }) => exposed.schema !== first?.exposed.schema)
}

/** The served table that clients know by this name. Errors: PGRST205. */
export function findTable(model: Model, schema: string, name: string): TableModel {
  const table = namesOf(model).get(`${schema}.${name}`)
  if (table !== undefined) return table
  const near = nearestName(
    name,
    served(model).flatMap(({ exposed }) => (exposed.schema === schema ? [exposed.name] : [])),
  )
  throw new AppError(restErrors.rest_unknown_table, {
    message: `Could not find the table '${schema}.${name.slice(0, 100)}' in the schema cache`,
    ...(near === null ? {} : { hint: `Perhaps you meant the table '${schema}.${near}'` }),
  })
}

/** The name that a client who looks from `table` knows another table by; null for one of another schema. */
export function nameFrom(table: TableModel, other: TableModel | undefined): string | null {
  return other?.served && other.exposed.schema === table.exposed.schema ? other.exposed.name : null
}

const remembered = new WeakMap<Model, ReadonlyMap<string, TableModel>>()

function namesOf(model: Model): ReadonlyMap<string, TableModel> {
  const known = remembered.get(model)
  if (known) return known
  const names = new Map(served(model).map((table) => [`${table.exposed.schema}.${table.exposed.name}`, table]))
  remembered.set(model, names)
  return names
}
