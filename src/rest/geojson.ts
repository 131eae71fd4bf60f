// Rows as GeoJSON (RFC 7946): a feature each, whose geometry is the first JSON column that holds one, as PostGIS makes of a row.
import { AppError } from '../core'
import { restErrors } from './errors'
import type { Field } from './fields'

const GEOMETRIES: readonly unknown[] = [
  'Point',
  'MultiPoint',
  'LineString',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
  'GeometryCollection',
]

function isGeometry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { type, coordinates, geometries } = value as { type?: unknown; coordinates?: unknown; geometries?: unknown }
  return GEOMETRIES.includes(type) && Array.isArray(type === 'GeometryCollection' ? geometries : coordinates)
}

/**
 * Text of a FeatureCollection. Errors: 22023 when no column holds geometries in every row that has a value, unless what is told of
 * is `done` and can't be refused any more; then rows without a geometry have none.
 */
export function geoJsonOf(rows: readonly Readonly<Record<string, unknown>>[], fields: readonly Field[], done: boolean): string {
  const candidates = fields.filter(({ kind }) => kind === 'json')
  const fits = candidates.filter(({ name }) => rows.every((row) => row[name] === null || isGeometry(row[name])))
  const chosen = fits.find(({ name }) => rows.some((row) => row[name] !== null)) ?? fits[0] ?? (done ? candidates[0] : undefined)
  if (!chosen) throw missingGeometry()
  const features = rows.map((row) => {
    const { [chosen.name]: geometry, ...properties } = row
    return isGeometry(geometry)
      ? { type: 'Feature', geometry, properties }
      : { type: 'Feature', geometry: null, properties: geometry === null ? properties : row }
  })
  return JSON.stringify({ type: 'FeatureCollection', features })
}

/** PostGIS' words. */
export function missingGeometry(): AppError {
  return new AppError(restErrors.rest_no_geometry, { hint: 'Select one JSON column that holds GeoJSON geometries.' })
}
