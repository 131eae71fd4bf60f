// The statements that lead from one schema to the next, in an order in which no row is lost on the way.
import { columnDefinition, createIndex, createTable, engineRows, parentsFirst } from './ddl'
import { difference, needsValue, type TableDifference } from './difference'
import { cannotRebuild, rebuildStatements, referenceDuring, withReferrers } from './rebuild'
import { applyRenames, type Rename } from './rename'
import { findTable, type DatabaseSchema, type TableSchema } from './schema'
import { planSearch } from './search'
import { identifier } from './sql'
import { viewChanges } from './views'

/** What the developer said of changes that could lose data. */
export interface Intents {
  readonly renames: readonly Rename[]
  /** `table` or `table.column` that may go with its data. */
  readonly drops: readonly string[]
}

export interface Plan {
  readonly statements: readonly string[]
  /** What happens, one line each, for people. */
  readonly summary: readonly string[]
  /** Why there is no plan; the statements are empty then. */
  readonly problems: readonly string[]
}

const NO_INTENTS: Intents = { renames: [], drops: [] }

/** An empty plan means that the schemas agree. */
export function planMigration(before: DatabaseSchema, after: DatabaseSchema, intents: Intents = NO_INTENTS): Plan {
  const renamed = applyRenames(before, after, intents.renames)
  const was = renamed.schema
  const pairs = after.tables.flatMap((table) => {
    const old = findTable(was, table.name)
    return old ? [{ before: old, after: table, change: difference(old, table) }] : []
  })
  const created = parentsFirst(after.tables.filter((table) => !findTable(was, table.name)))
  const dropped = was.tables.filter((table) => !findTable(after, table.name))
  const wanted = new Set(pairs.filter(({ change }) => change.rebuild.length > 0).map(({ after: table }) => table.name))
  const rebuilt = withReferrers(wanted, was, after)
  const problems = [...renamed.problems, ...dataLoss(pairs, dropped, created, intents)]
  for (const { before: old, after: table } of pairs) {
    const why = rebuilt.has(table.name) ? cannotRebuild(old, table) : null
    if (why) problems.push(`table "${table.name}" must be rebuilt, but ${why}`)
  }
  if (problems.length > 0) return { statements: [], summary: [], problems }

  const search = planSearch(pairs, created, dropped, rebuilt)
  const isAltered = ({ added, dropped: gone }: TableDifference) => added.length > 0 || gone.length > 0
  const touched = (table: TableSchema, change: TableDifference) =>
    rebuilt.has(table.name) ||
    renamed.touched.has(table.name) ||
    search.touched.has(table.name) ||
    isAltered(change) ||
    change.triggersChanged
  const logTouched = ['sys_changes', 'sys_statement'].some((name) => rebuilt.has(name))
  const retriggered = pairs.filter(({ after: table, change }) => logTouched || touched(table, change))
  const kept = pairs.filter(({ after: table }) => !rebuilt.has(table.name))
  const rebuilds = pairs.filter(({ after: table }) => rebuilt.has(table.name))
  // A column that refers to a rebuilt table waits for it: the old table couldn't go under it.
  const isLate = ({ after: table, change }: Pair) =>
    table.foreignKeys.some((key) => rebuilt.has(key.foreignTable) && change.added.some((column) => key.columns.includes(column.name)))

  const changes = [
    ...[...retriggered.map((pair) => pair.before), ...dropped].flatMap((table) =>
      table.triggers.map(({ name }) => `DROP TRIGGER IF EXISTS ${identifier(name)}`),
    ),
    ...search.drops,
    ...renamed.statements,
    ...[
      ...kept.flatMap(({ change }) => change.droppedIndexes),
      ...[...rebuilds.map((pair) => pair.before), ...dropped].flatMap((table) => table.indexes),
    ].map(({ name }) => `DROP INDEX ${identifier(name)}`),
    ...created.map((table) => createTable(table, { reference: referenceDuring(rebuilt) })),
    ...created.flatMap((table) => table.indexes.map((index) => createIndex(table.name, index))),
    ...kept.filter((pair) => !isLate(pair)).flatMap(alter),
    ...rebuildStatements(rebuilds, dropped),
    ...kept.filter(isLate).flatMap(alter),
    ...search.creates,
    ...[...created, ...retriggered.map((pair) => pair.after)].flatMap((table) => table.triggers.map(({ sql }) => sql)),
    ...(created.some(({ name }) => name === 'sys_store') ? engineRows() : []),
  ]
  const views = viewChanges(before.views ?? [], after.views ?? [], changes.length > 0)
  const statements = [...views.drops, ...changes, ...views.creates]
  const summary = [
    ...intents.renames.map(({ table, column, to }) => `rename ${column === null ? table : `${table}.${column}`} to ${to}`),
    ...created.map(({ name }) => `create ${name}`),
    ...dropped.map(({ name }) => `drop ${name}`),
    ...kept.flatMap(({ after: { name }, change }) => summarize(name, change, search.touched.has(name))),
    ...search.summary,
    ...rebuilds.map(({ after: { name }, change }) => `rebuild ${name}: ${change.rebuild.join(', ') || 'it refers to a rebuilt table'}`),
    ...views.summary,
  ]
  return { statements, summary, problems: [] }
}

function alter({ after: table, change }: Pair): string[] {
  const name = identifier(table.name)
  return [
    ...change.added.map((column) => `ALTER TABLE ${name} ADD COLUMN ${columnDefinition(table, column)}`),
    ...change.dropped.map((column) => `ALTER TABLE ${name} DROP COLUMN ${identifier(column.name)}`),
    ...change.addedIndexes.map((index) => createIndex(table.name, index)),
  ]
}

function summarize(table: string, change: TableDifference, searched: boolean): string[] {
  return [
    ...change.added.map((column) => `add ${table}.${column.name}`),
    ...change.dropped.map((column) => `drop ${table}.${column.name}`),
    ...change.droppedIndexes.map((index) => `drop index ${index.name}`),
    ...change.addedIndexes.map((index) => `index ${table} by ${index.name}`),
    ...(change.triggersChanged && !searched && change.added.length + change.dropped.length === 0 ? [`log ${table} anew`] : []),
  ]
}

type Pair = { readonly after: TableSchema; readonly change: TableDifference }

/** Changes that would lose data, or leave rows without it, and that nobody asked for. */
function dataLoss(pairs: readonly Pair[], dropped: readonly TableSchema[], created: readonly TableSchema[], intents: Intents): string[] {
  const problems: string[] = []
  const allowed = new Set(intents.drops)
  for (const { name } of dropped) {
    if (allowed.delete(name)) continue
    const rename = created.length > 0 ? ` If it has a new name: --rename ${name}:${created[0]!.name}.` : ''
    problems.push(`table "${name}" would go, with its rows. If that is meant: --drop ${name}.${rename}`)
  }
  for (const { after: table, change } of pairs) {
    for (const { name } of change.dropped) {
      if (allowed.delete(`${table.name}.${name}`)) continue
      const rename = change.added.length > 0 ? ` If it has a new name: --rename ${table.name}.${name}:${change.added[0]!.name}.` : ''
      problems.push(`column "${table.name}.${name}" would go, with its values. If that is meant: --drop ${table.name}.${name}.${rename}`)
    }
    for (const column of change.added) {
      if (needsValue(column)) {
        problems.push(
          `column "${table.name}.${column.name}" is NOT NULL without a default, and rows that exist would have no value. Give it a default, or make it nullable first.`,
        )
      }
    }
  }
  for (const name of allowed) problems.push(`--drop ${name}: nothing by that name would go.`)
  return problems
}
