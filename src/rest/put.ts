// PUT: one row under its own address. Checks that the address, the filters and the body name the same row.
import { AppError } from '../core'
import type { TableModel } from '../define'
import { referenceText } from './batch-reference'
import type { Row } from './body'
import { restErrors } from './errors'
import { rawText } from './json'
import type { Parameters } from './parameters'

/**
 * The row to put.
 * Errors: PGRST114 for a limit or an offset, PGRST105 unless the filters are `eq` of each column of the primary key and nothing else,
 * PGRST115 unless the body is one row with that key.
 */
export function rowToPut(table: TableModel, parameters: Parameters, rows: readonly Row[]): Row {
  if ([...parameters.limits, ...parameters.offsets].some(({ path }) => path.length === 0)) throw new AppError(restErrors.rest_put_limit)
  const key = new Map<string, unknown>()
  const filters = parameters.filters.filter(({ path }) => path.length === 0)
  for (const { value } of filters) {
    if (value.kind !== 'compare' || value.operator !== 'eq' || value.target.path) throw new AppError(restErrors.rest_put_filters)
    key.set(value.target.column, value.value)
  }
  const complete = filters.length === table.primaryKey.length && table.primaryKey.every((column) => key.has(column))
  if (!complete || table.primaryKey.length === 0) throw new AppError(restErrors.rest_put_filters)
  const [row] = rows
  if (!row || rows.length > 1) throw new AppError(restErrors.rest_put_mismatch)
  for (const column of table.primaryKey) {
    const value = row[column]
    const place = referenceText(value)
    if ((place === null ? (rawText(value) ?? String(value)) : `{${place}}`) !== key.get(column))
      throw new AppError(restErrors.rest_put_mismatch)
  }
  return row
}
