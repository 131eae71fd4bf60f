// A policy as it was declared, built into an expression; what is wrong with it is reported, and then it admits nobody.
import { buildExpression, type Expression } from './expression'
import { resolveExpression, type Known } from './resolve'
import type { Policy } from './table'

/** What nobody declared, and what was declared wrongly, admits nobody. */
export const NEVER: Expression = { kind: 'constant', value: false }

/** `which` names the policy in what is reported of it. */
export type MakePolicy = (which: string, declared: Policy | undefined) => Expression

/** Builds the policies of one table or view. */
export function policies(name: string, known: Known, report: (message: string) => void): MakePolicy {
  return (which, declared) => {
    if (declared === undefined) return NEVER
    try {
      return resolveExpression(buildExpression(name, declared), known, (message) => report(`policy \`${which}\`: ${message}`))
    } catch (error) {
      report(
        `policy \`${which}\` throws while it is built: ${error instanceof Error ? error.message : String(error)}. A policy only combines the operators it is given.`,
      )
      return NEVER
    }
  }
}
