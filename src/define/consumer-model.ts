// Turns the declared consumers into the model's, or says what is wrong with them.
import type { ConsumerDeclaration } from './consumer'
import { getTableName } from './drizzle'
import type { ConsumerModel, Problem, TableModel } from './model'

/** How often a change is tried before it is set aside, when the app doesn't say. */
export const DEFAULT_ATTEMPTS = 10
const MOST_ATTEMPTS = 50
const LETTERS = { insert: 'I', update: 'U', delete: 'D' } as const

/** The consumers by name; reports what can't work. */
export function consumerModels(
  declarations: readonly ConsumerDeclaration[],
  tables: ReadonlyMap<string, TableModel>,
  problems: Problem[],
): Map<string, ConsumerModel> {
  const models = new Map<string, ConsumerModel>()
  for (const { table, rules, handle, file } of declarations) {
    const { name, ops, columns, from, attempts = DEFAULT_ATTEMPTS, interrupted } = rules
    const report = (message: string) => problems.push({ table: name, of: 'consumer', file, message })
    const found = tables.get(getTableName(table))
    if (models.has(name)) report('it is declared twice. Rename one of the two: each has a cursor of its own, kept under its name.')
    if (!/^[a-z_][a-z0-9_]{0,62}$/i.test(name)) report("that can't be a consumer's name. Use letters, digits and underscores.")
    if (!found?.served || found.view)
      report(`it follows "${getTableName(table)}", of which nothing is logged. Follow a table that stands in \`tables\`.`)
    if (!Number.isInteger(attempts) || attempts < 1 || attempts > MOST_ATTEMPTS)
      report(`it is tried ${attempts} times. Give \`attempts\` a whole number from 1 to ${MOST_ATTEMPTS}.`)
    if (ops?.length === 0) report('it follows no kind of change. Name some in `ops`, or leave it out.')
    const wanted = columns?.map((property) => columnName(found, property, report))
    if (columns?.length === 0) report('it follows no column. Name some in `columns`, or leave it out.')
    models.set(name, {
      name,
      table: getTableName(table),
      ops: ops ? [...new Set(ops)].map((op) => LETTERS[op]) : null,
      columns: wanted ?? null,
      from: from ?? 'now',
      attempts,
      handle: handle as ConsumerModel['handle'],
      interrupted: interrupted ?? null,
      file,
    })
  }
  return models
}

function columnName(table: TableModel | undefined, property: string, report: (message: string) => void): string {
  const column = [...(table?.columns.values() ?? [])].find((one) => one.property === property)
  if (table && !column) report(`it follows the column "${property}", which "${table.name}" hasn't. Name a property of the table.`)
  return column?.name ?? property
}
