// A query's plan in the forms that PostgREST answers it: Postgres' words for the frame, SQLite's for the steps.
import type { PlanStep, StatementPlan } from '../data'
import type { RestAnswer } from './answer'
import type { Plan } from './request'

/** Lays out the plans of a request's statements; `plan.media.plan` says how. */
export function planAnswerOf(plan: Plan, statements: readonly StatementPlan[]): RestAnswer {
  const asked = plan.media.plan
  if (!asked) throw new Error('the request asks for no plan')
  const { format, options } = asked
  const verbose = options.includes('verbose')
  // What wasn't done isn't claimed: a write is never run for its plan.
  const applied = options.filter((option) => option === 'verbose' || (option === 'analyze' && statements.some(({ cost }) => cost !== null)))
  const suffix = applied.length > 0 ? `; options=${applied.join('|')}` : ''
  return {
    status: 200,
    headers: {
      'content-type': `application/vnd.pgrst.plan+${format}; for="${asked.for}"${suffix}; charset=utf-8`,
      vary: 'Accept, Prefer, Range',
      ...(plan.profiled ? { 'content-profile': plan.table.exposed.schema } : {}),
    },
    body:
      plan.method === 'HEAD'
        ? null
        : format === 'json'
          ? JSON.stringify(statements.map((one) => asJson(one, verbose)))
          : statements.map((one) => asText(one, verbose)).join('\n'),
  }
}

function asJson({ role, table, steps, cost, sql }: StatementPlan, verbose: boolean): Record<string, unknown> {
  return {
    Plan: {
      'Node Type': titleOf(role),
      'Relation Name': table,
      ...(cost === null ? {} : { 'Actual Rows': cost.rows, 'Rows Read': cost.rowsRead }),
      Plans: steps.map(stepJson),
    },
    ...(cost === null ? {} : { 'Execution Time': cost.milliseconds }),
    ...(verbose ? { 'Query Text': sql } : {}),
  }
}

function stepJson({ detail, table, index, steps }: PlanStep): Record<string, unknown> {
  return {
    'Node Type': detail,
    ...(table === null ? {} : { 'Relation Name': table }),
    ...(index === null ? {} : { 'Index Name': index }),
    ...(steps.length > 0 ? { Plans: steps.map(stepJson) } : {}),
  }
}

function asText({ role, table, steps, cost, sql }: StatementPlan, verbose: boolean): string {
  const measured = cost === null ? '' : `  (rows=${cost.rows} rows read=${cost.rowsRead} time=${cost.milliseconds} ms)`
  return [
    `${titleOf(role)} on ${table}${measured}`,
    ...steps.flatMap((step) => lines(step, 1)),
    ...(verbose ? [`Query Text: ${sql}`] : []),
  ].join('\n')
}

function lines({ detail, table, steps }: PlanStep, depth: number): string[] {
  const [, alias] = /^(?:SCAN|SEARCH) (\S+)/.exec(detail) ?? []
  const named = table !== null && alias !== table ? `${detail}  [${table}]` : detail
  return [`${'      '.repeat(depth - 1)}  ->  ${named}`, ...steps.flatMap((step) => lines(step, depth + 1))]
}

/** What is read becomes one JSON text, so clients of Postgres find the node that they know on top. */
const titleOf = (role: StatementPlan['role']): string =>
  role === 'read' || role === 'read-rows' ? 'Aggregate' : `${role.slice(0, 1).toUpperCase()}${role.slice(1)}`
