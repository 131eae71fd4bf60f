// Which relationship an embed means: by table, constraint, foreign key column or junction, as PostgREST looks for it.
import { AppError } from '../core'
import type { Model, Relationship, TableModel } from '../define'
import { restErrors } from './errors'
import { nearestName } from './similarity'

/**
 * The one relationship from `table` that `name` and `hint` describe.
 * Errors: PGRST200 when there is none, PGRST201 when there are several.
 */
export function findRelationship(model: Model, table: TableModel, name: string, hint: string | null): Relationship {
  const found = table.relationships.filter((relationship) => fits(model, table, relationship, name, hint))
  if (found.length === 1) return found[0]!
  if (found.length > 1) throw ambiguous(table, name, found)
  const through = hint === null ? table.relationships.filter(({ from, to, junction }) => junction && to === name && from === to) : []
  if (through.length > 0) throw ambiguous(table, name, through)
  throw missing(table, name, hint)
}

function fits(model: Model, table: TableModel, relationship: Relationship, name: string, hint: string | null): boolean {
  const { kind, from, to, constraint, junction } = relationship
  const near = single(relationship.columns, 0, table)
  const far = single(relationship.columns, 1, model.tables.get(junction?.table ?? to))
  if (junction) {
    const reached = single(junction.columns, 0, model.tables.get(junction.table))
    // To itself through a junction there are always two ways, so one must be named.
    return name === to && (hint === null ? from !== to : hint === junction.table || hint === junction.constraint || hint === reached)
  }
  const outward = kind === 'to-one'
  if (from === to) {
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

function describe({ kind, from, to, columns, constraint, junction }: Relationship): Record<string, string> {
  const list = (side: 0 | 1, pairs: readonly (readonly [string, string])[]) => pairs.map((pair) => pair[side]).join(', ')
  return {
    cardinality: CARDINALITIES[kind],
    embedding: `${from} with ${to}`,
    relationship: junction
      ? `${junction.table} using ${constraint}(${list(1, columns)}) and ${junction.constraint}(${list(0, junction.columns)})`
      : `${constraint} using ${from}(${list(0, columns)}) and ${to}(${list(1, columns)})`,
  }
}

function ambiguous(table: TableModel, name: string, found: readonly Relationship[]): AppError {
  const hints = new Set(
    found.map(
      ({ to, constraint, junction }) =>
        `'${to}!${junction === undefined ? constraint : distinct(found) ? junction.table : junction.constraint}'`,
    ),
  )
  return new AppError(restErrors.rest_ambiguous_relationship, {
    message: `Could not embed because more than one relationship was found for '${table.name}' and '${name}'`,
    details: found.map(describe),
    hint: `Try changing '${name}' to one of the following: ${[...hints].join(', ')}. Find the desired relationship in the 'details' key.`,
  })
}

/** Whether each junction among `found` leads there in one way only. */
function distinct(found: readonly Relationship[]): boolean {
  const junctions = found.flatMap(({ junction }) => (junction ? [junction.table] : []))
  return new Set(junctions).size === junctions.length
}

function missing(table: TableModel, name: string, hint: string | null): AppError {
  const near = nearestName(name, new Set(table.relationships.map(({ to }) => to)))
  const using = hint === null ? '' : ` using the hint '${hint}'`
  return new AppError(restErrors.rest_no_relationship, {
    message: `Could not find a relationship between '${table.name}' and '${name}' in the schema cache`,
    details: `Searched for a foreign key relationship between '${table.name}' and '${name}'${using} in the schema 'public', but no matches were found.`,
    ...(near === null || near === name ? {} : { hint: `Perhaps you meant '${near}' instead of '${name}'.` }),
  })
}
