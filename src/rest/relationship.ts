// Which relationship an embed means: by table, constraint, foreign key column or junction, as PostgREST looks for it.
import { AppError } from '../core'
import type { Model, Relationship, TableModel } from '../define'
import { nameFrom } from './catalog'
import { restErrors } from './errors'
import { nearestName } from './similarity'

/**
 * The one relationship from `table` that `name` and `hint` describe; one that the app declared under the name comes first.
 * Errors: PGRST200 when there is none, PGRST201 when there are several.
 */
export function findRelationship(model: Model, table: TableModel, name: string, hint: string | null): Relationship {
  const named = hint === null ? table.relationships.find((relationship) => relationship.name === name) : undefined
  if (named && nameFrom(table, model.tables.get(named.to)) !== null) return named
  const found = table.relationships.filter(
    (relationship) => relationship.name === undefined && fits(model, table, relationship, name, hint),
  )
  if (found.length === 1) return found[0]!
  if (found.length > 1) throw ambiguous(model, table, name, found)
  const own = table.exposed.name === name && hint === null
  const through = own ? table.relationships.filter((one) => one.name === undefined && one.junction && one.from === one.to) : []
  if (through.length > 0) throw ambiguous(model, table, name, through)
  throw missing(model, table, name, hint)
}

function fits(model: Model, table: TableModel, relationship: Relationship, name: string, hint: string | null): boolean {
  const { kind, from, to: target, constraint, junction } = relationship
  const to = nameFrom(table, model.tables.get(target))
  if (to === null) return false
  const near = single(relationship.columns, 0, table)
  const far = single(relationship.columns, 1, model.tables.get(junction?.table ?? target))
  if (junction) {
    const reached = single(junction.columns, 0, model.tables.get(junction.table))
    // To itself through a junction there are always two ways, so one must be named.
    return (
      name === to &&
      (hint === null ? from !== target : hint === shown(model, junction.table) || hint === junction.constraint || hint === reached)
    )
  }
  const outward = kind === 'to-one'
  if (from === target) {
    // One key, two ways: the table's name leads to the children, the column's to the parent.
    if (hint === null) return outward ? name === near : name === to
    return name === to && !outward && (hint === far || hint === constraint)
  }
  if (hint === null) return name === to || name === constraint || (outward && name === near)
  return name === to && (hint === constraint || hint === near || hint === far)
}

/** The column of a key of one column, unless clients may not know of it. */
function single(columns: readonly (readonly [string, string])[], side: 0 | 1, table: TableModel | undefined): string | null {
  const name = columns.length === 1 ? columns[0]![side] : null
  return name !== null && table?.columns.get(name)?.hidden === false ? name : null
}

const CARDINALITIES: Readonly<Record<Relationship['kind'], string>> = {
  'to-one': 'many-to-one',
  'to-many': 'one-to-many',
  'one-to-one': 'one-to-one',
  'many-to-many': 'many-to-many',
}

/** The name that clients know a table by. */
const shown = (model: Model, table: string): string => model.tables.get(table)?.exposed.name ?? table

function describe(model: Model, { kind, columns, constraint, junction, ...ends }: Relationship): Record<string, string> {
  const [from, to] = [shown(model, ends.from), shown(model, ends.to)]
  const list = (side: 0 | 1, pairs: readonly (readonly [string, string])[]) => pairs.map((pair) => pair[side]).join(', ')
  return {
    cardinality: CARDINALITIES[kind],
    embedding: `${from} with ${to}`,
    relationship: junction
      ? `${shown(model, junction.table)} using ${constraint}(${list(1, columns)}) and ${junction.constraint}(${list(0, junction.columns)})`
      : `${constraint} using ${from}(${list(0, columns)}) and ${to}(${list(1, columns)})`,
  }
}

function ambiguous(model: Model, table: TableModel, name: string, found: readonly Relationship[]): AppError {
  const hints = new Set(
    found.map(
      ({ to, constraint, junction }) =>
        `'${shown(model, to)}!${junction === undefined ? constraint : distinct(found) ? shown(model, junction.table) : junction.constraint}'`,
    ),
  )
  return new AppError(restErrors.rest_ambiguous_relationship, {
    message: `Could not embed because more than one relationship was found for '${table.exposed.name}' and '${name}'`,
    details: found.map((relationship) => describe(model, relationship)),
    hint: `Try changing '${name}' to one of the following: ${[...hints].join(', ')}. Find the desired relationship in the 'details' key.`,
  })
}

/** Whether each junction among `found` leads there in one way only. */
function distinct(found: readonly Relationship[]): boolean {
  const junctions = found.flatMap(({ junction }) => (junction ? [junction.table] : []))
  return new Set(junctions).size === junctions.length
}

function missing(model: Model, table: TableModel, name: string, hint: string | null): AppError {
  const { name: own, schema } = table.exposed
  const near = nearestName(name, new Set(table.relationships.flatMap(({ to }) => nameFrom(table, model.tables.get(to)) ?? [])))
  const using = hint === null ? '' : ` using the hint '${hint}'`
  return new AppError(restErrors.rest_no_relationship, {
    message: `Could not find a relationship between '${own}' and '${name}' in the schema cache`,
    details: `Searched for a foreign key relationship between '${own}' and '${name}'${using} in the schema '${schema}', but no matches were found.`,
    ...(near === null || near === name ? {} : { hint: `Perhaps you meant '${near}' instead of '${name}'.` }),
  })
}
