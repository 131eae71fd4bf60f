// The names of roles: which can be one, and that policies name none that nobody can be given.
import type { FunctionModel, Problem, TableModel } from './model'
import { walkExpression, walkOperand, type Visitor } from './walk'

/** A role's name, also when an administrator gives it (auth/role.ts). */
export const ROLE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/

/** Everything wrong with `auth.roles` and with what speaks of roles; empty when all roles go by a name. `declared` is undefined when any name is one. */
export function roleProblems(
  declared: readonly string[] | undefined,
  tables: Iterable<TableModel>,
  functions: Iterable<FunctionModel>,
): Problem[] {
  if (declared === undefined) return []
  const known = new Set(declared)
  const problems: Problem[] = []
  for (const role of declared) {
    if (!ROLE_NAME.test(role)) {
      const message = `roles has "${role}"; a role is a name of up to 64 letters, digits and _ . : -`
      problems.push({ table: 'auth', of: 'sign-in', file: null, message })
    }
  }
  const unknown = (walk: (visitor: Visitor) => void): string[] => {
    const found: string[] = []
    walk({
      expression(node) {
        if (node.kind === 'fact' && node.fact === 'hasRole' && !known.has(node.name)) found.push(node.name)
      },
    })
    return [...new Set(found)]
  }
  const told = (name: string) => `hasRole('${name}') can never hold: auth.roles has no such role. Add it there, or name one of its.`
  for (const { name, file, policies, columns, computed } of tables) {
    const { read, insert, update, delete: removal } = policies
    const all = [...columns.values(), ...computed.values()]
    const roles = unknown((visitor) => {
      for (const one of [read, insert, update.using, update.check, removal]) walkExpression(one, visitor)
      for (const column of all) {
        if (column.read) walkExpression(column.read, visitor)
        if (column.computed) walkOperand(column.computed, visitor)
      }
    })
    for (const role of roles) problems.push({ table: name, file, message: told(role) })
  }
  for (const { name, file, who } of functions) {
    for (const role of unknown((visitor) => walkExpression(who, visitor)))
      problems.push({ table: name, of: 'function', file, message: told(role) })
  }
  return problems
}
