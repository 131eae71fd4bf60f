// Turns the declared jobs into the model's, or says what is wrong with them.
import { Cron } from 'croner'
import type * as z from 'zod'
import type { JobDeclaration } from './job'
import type { CronModel, JobModel, Problem } from './model'

const MAX_ATTEMPTS = 100
/** A queue's consumer may run 15 minutes. */
const MAX_LEASE_SECONDS = 840

/** The jobs by name; reports what can't work. */
export function jobModels(declarations: readonly JobDeclaration[], problems: Problem[]): Map<string, JobModel> {
  const models = new Map<string, JobModel>()
  for (const { name, rules, run, file } of declarations) {
    const report = (message: string) => problems.push({ table: name, of: 'job', file, message })
    const whole = (what: string, value: number, most: number): number => {
      if (!Number.isInteger(value) || value < 1 || value > most) report(`\`${what}\` is ${value}. Give a whole number from 1 to ${most}.`)
      return value
    }
    if (models.has(name)) report('it is declared twice. Rename one of the two.')
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(name))
      report("that can't be a job's name. Use small letters, digits, underscores and hyphens, a letter first.")
    const { attempts = 8, lease = 60, backoff = {} } = rules
    models.set(name, {
      name,
      description: rules.description ?? null,
      payload: rules.payload,
      attempts: whole('attempts', attempts, MAX_ATTEMPTS),
      leaseMs: whole('lease', lease, MAX_LEASE_SECONDS) * 1000,
      backoff: {
        firstMs: whole('backoff.first', backoff.first ?? 5, 86_400) * 1000,
        mostMs: whole('backoff.most', backoff.most ?? 3600, 7 * 86_400) * 1000,
      },
      retry: rules.retry ?? (() => 'retry'),
      unique: (rules.unique ?? null) as JobModel['unique'],
      cron: rules.cron === undefined ? null : cronOf(rules.cron, rules.payload, report),
      run: run as JobModel['run'],
      file,
    })
  }
  return models
}

function cronOf(rule: NonNullable<JobDeclaration['rules']['cron']>, payload: z.ZodType, report: (message: string) => void): CronModel {
  const { pattern, zone = 'UTC' } = typeof rule === 'string' ? { pattern: rule } : rule
  if (pattern.trim().split(/\s+/).length !== 5)
    report(`the cron "${pattern}" has not five parts: minute, hour, day of the month, month, day of the week.`)
  else {
    try {
      if (new Cron(pattern, { timezone: zone, paused: true }).nextRun() === null) report(`the cron "${pattern}" never comes.`)
    } catch (error) {
      report(`the cron "${pattern}" in "${zone}" can't be read: ${error instanceof Error ? error.message : String(error)}.`)
    }
  }
  const empty = payload.safeParse({})
  if (!empty.success) report('the clock begins it with the payload {}, which its schema refuses. Make its members optional.')
  return { pattern, zone }
}
