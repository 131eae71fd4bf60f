// What stands in an answer, known before any row is: the names of its members and which of them are times or JSON.
import { knownColumn, type Model, type TableModel } from '../define'
import type { SelectItem } from '../query'

/** A member of a row's object. */
export interface Field {
  readonly name: string
  /** `json` only for a whole column as it is. */
  readonly kind: 'time' | 'json' | 'other'
  /** The members of an embed's rows. */
  readonly inner?: readonly Field[]
}

/** The members in the order they stand in. A list of values, or of rows, has the field of one. */
export function fieldsOf(model: Model, table: TableModel, select: readonly SelectItem[]): Field[] {
  return select.flatMap((item): Field[] => {
    switch (item.kind) {
      case 'all':
        return [...table.columns.values()].filter(({ hidden }) => !hidden).map(({ name }) => ({ name, kind: kindOf(table, name) }))
      case 'column': {
        if (item.cast !== undefined) return [{ name: item.as, kind: item.cast === 'timestamptz' ? 'time' : 'other' }]
        return [{ name: item.as, kind: item.target.path ? 'other' : kindOf(table, item.target.column) }]
      }
      case 'version':
        return [{ name: item.as, kind: 'other' }]
      case 'aggregate': {
        const keeps = item.function === 'min' || item.function === 'max'
        const column = item.target && !item.target.path && item.castInput === undefined ? item.target.column : null
        const own = keeps && (item.castInput === 'timestamptz' || (column !== null && kindOf(table, column) === 'time'))
        const time = item.cast === undefined ? own : item.cast === 'timestamptz'
        return [{ name: item.as, kind: time ? 'time' : 'other' }]
      }
      case 'embed': {
        const other = model.tables.get(item.relationship.to)
        if (item.silent || !other) return []
        const inner = fieldsOf(model, other, item.select)
        return item.spread ? inner : [{ name: item.as, kind: 'other', inner }]
      }
    }
  })
}

function kindOf(table: TableModel, name: string): Field['kind'] {
  const type = knownColumn(table, name)?.type
  return type === 'timestamp' || type === 'timestamp_ms' ? 'time' : type === 'json' ? 'json' : 'other'
}
