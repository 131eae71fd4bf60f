// A question in words, without its values.
import type { Condition, OrderTerm, Query, SelectItem } from '../../src/query'

/** One line: `read trips where team_id eq … order by created_at desc limit …, with waypoints`. */
export function describeQuery({ operations }: Query): string {
  return operations
    .map((operation) => {
      if (operation.kind === 'insert') return `insert ${operation.table}`
      if (operation.kind === 'enqueue' || operation.kind === 'cancel') return `${operation.kind} ${operation.job}`
      const { kind, table, where, order, limit } = operation
      const embeds = kind === 'read' ? embedded(operation.select) : []
      return [
        `${kind} ${table}`,
        ...(where ? [`where ${conditionText(where)}`] : []),
        ...(order ? [`order by ${order.map(orderText).join(', ')}`] : []),
        ...(limit === undefined ? [] : ['limit …']),
        ...(embeds.length > 0 ? [`with ${embeds.join(', ')}`] : []),
      ].join(' ')
    })
    .join('; ')
}

const embedded = (items: readonly SelectItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'embed' ? [item.relationship.to, ...embedded(item.select)] : []))

const orderText = ({ target, descending, embed }: OrderTerm): string =>
  `${embed === undefined ? '' : `${embed}.`}${target.column}${descending ? ' desc' : ''}`

function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.terms
        .map((term) => (term.kind === 'and' || term.kind === 'or' ? `(${conditionText(term)})` : conditionText(term)))
        .join(` ${condition.kind} `)
    case 'not':
      return `not (${conditionText(condition.term)})`
    case 'related':
      return `${condition.present ? '' : 'no '}${condition.embed}`
    case 'is':
      return `${condition.target.column} is ${condition.value}`
    case 'compare':
      return `${condition.target.column} ${condition.operator} …`
    default:
      return `${condition.target.column} ${condition.kind} …`
  }
}
