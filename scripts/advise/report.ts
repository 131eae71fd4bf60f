// Advice as a developer reads it: the line to add to a table's declaration, and what it is good for. Prints nothing itself.
import { relative } from 'node:path'
import type { Model } from '../../src/define'
import type { Outcome } from './advice'
import { describeQuery } from './question'

/** What to add where, and the rows read before and after. */
export function describeAdvice(model: Model, { advice, measured }: Outcome, rows: number): string {
  const helped = measured.filter(({ before, after }) => after < before)
  const lines = measured.length === 0 ? ['No question was asked that reads rows.'] : []
  if (advice.length === 0 && measured.length > 0)
    lines.push(`Nothing to add: no index makes any of ${measured.length} kinds of question read fewer rows.`)
  for (const table of new Set(advice.map((one) => one.table))) {
    const file = model.tables.get(table)?.file
    lines.push(`Add to "${table}"${file ? ` in ${relative(process.cwd(), file)}` : ''}, then \`npm run db:generate\`:`)
    for (const { name, properties } of advice.filter((one) => one.table === table))
      lines.push(`  index('${name}').on(${properties.map((property) => `t.${property}`).join(', ')}),`)
    lines.push('')
  }
  if (helped.length > 0) lines.push(`Rows read, at ${rows.toLocaleString('en')} rows a table:`)
  for (const { query, role, count, before, after } of helped) {
    lines.push(
      `  ${before.toLocaleString('en')} → ${after.toLocaleString('en')}  ${describeQuery(query)}  (${role}, asked ${count} ${count === 1 ? 'time' : 'times'})`,
    )
  }
  return lines.join('\n').trimEnd()
}
