// What a request may cost, out of bench/budgets.json, against what the answer says it cost.
import { expect } from 'vitest'
import budgets from '../../bench/budgets.json'

export interface Cost {
  readonly d1Calls: number
  readonly rowsRead: number
  readonly rowsWritten: number
}

export type Budget = keyof typeof budgets.requests

/** Reads the cost headers that development adds. Throws where there are none. */
export function costOf(response: Response): Cost {
  const count = (name: string) => {
    const value = response.headers.get(`x-perigee-${name}`)
    if (value === null) throw new Error(`The answer (${response.status}) doesn't say what it cost.`)
    return Number(value)
  }
  return { d1Calls: count('d1-calls'), rowsRead: count('rows-read'), rowsWritten: count('rows-written') }
}

/** Fails when the request cost more than its budget. */
export function withinBudget(name: Budget, response: Response): void {
  const budget: Cost = budgets.requests[name]
  const cost = costOf(response)
  const over = (Object.keys(budget) as (keyof Cost)[]).filter((key) => cost[key] > budget[key])
  expect.soft(over, `${name} cost ${JSON.stringify(cost)}, its budget is ${JSON.stringify(budget)}`).toEqual([])
}
