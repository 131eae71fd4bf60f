export { answerOf, type Outcome, type RestAnswer } from './answer'
export { renderRestError, restErrors, type RenderedRestError } from './errors'
export { keyedQuery } from './idempotency'
export { allowedMethods, planRequest, type Plan, type RestRequest } from './request'
