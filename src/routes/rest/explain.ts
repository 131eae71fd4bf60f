// A query's plan instead of its rows, for whoever may ask: it shows statements, policies and indexes.
import { AppError } from '../../core'
import { planQuery, type ExecuteRequest } from '../../data'
import type { AppContext } from '../../middleware'
import { isDevelopment } from '../../platform'
import { planAnswerOf, restErrors, type Plan, type RestAnswer } from '../../rest'

/** The app's `rest.plans` says who may; else anyone in development, nobody in production. Errors: PGRST107. */
export async function explained(c: AppContext, plan: Plan, request: ExecuteRequest): Promise<RestAnswer> {
  const audience = c.var.app.rest?.plans ?? (isDevelopment(c.env) ? 'anyone' : 'off')
  if (audience === 'off' || (audience === 'service' && c.var.principal.role !== 'service_role')) {
    throw new AppError(restErrors.rest_not_acceptable, {
      message: `None of these media types are available: ${(c.req.header('accept') ?? '').slice(0, 200)}`,
      hint: 'Plans are off here. `app({ rest: { plans } })` says who may ask for them.',
    })
  }
  return planAnswerOf(plan, await planQuery(request, { analyze: plan.media.plan?.options.includes('analyze') === true }))
}
