// Random values of computed columns and of what policies compare: every word, over columns, facts, literals and related rows.
import { MAX_EXISTS_DEPTH, type ComputedType, type OperandNode } from '../../src/define'
import type { Kind } from './apps'
import { literalOf } from './rows'
import { columnIn, inside, type Context } from './sight'

export type Class = 'text' | 'whole' | 'real' | 'boolean'

const KINDS: Readonly<Record<Class, readonly Kind[]>> = {
  text: ['text', 'date'],
  // Times count in milliseconds.
  whole: ['integer', 'timestamp', 'timestamp_ms'],
  real: ['real'],
  boolean: ['boolean'],
}

export const CLASSES: Readonly<Partial<Record<ComputedType, Class>>> = {
  text: 'text',
  integer: 'whole',
  real: 'real',
  boolean: 'boolean',
  timestamp: 'whole',
}

/** A value of the class. Numbers stay small enough for JavaScript to be exact. */
export function value(context: Context, as: Class, depth: number): OperandNode {
  const { choose } = context
  if (depth === 0) return plain(context, as)
  const way = choose.int(9)
  const inner = (of: Class = as) => value(context, of, depth - 1)
  if (way === 0) return plain(context, as)
  if (way === 1)
    return {
      kind: 'case',
      when: context.condition(context, 1),
      then: inner(),
      else: choose.chance(70) ? inner() : { kind: 'literal', literal: null },
    }
  if (way === 2) return { kind: 'call', name: 'coalesce', args: choose.times(1 + choose.int(2), () => inner()) }
  if (way === 3 && context.scopes.length <= MAX_EXISTS_DEPTH) return related(context, as)
  switch (as) {
    case 'text':
      return textual(context, inner)
    case 'boolean':
      return { kind: 'condition', of: context.condition(context, 1) }
    case 'real':
      if (choose.chance(50)) return { kind: 'call', name: 'div', args: [inner('whole'), inner('whole')] }
      return {
        kind: 'call',
        name: choose.pick(['add', 'sub'] as const),
        args: [inner(), plain(context, choose.pick(['real', 'whole'] as const))],
      }
    case 'whole':
      return numeric(context, inner)
  }
}

function textual(context: Context, inner: (of?: Class) => OperandNode): OperandNode {
  const { choose } = context
  const way = choose.int(4)
  if (way === 0) {
    const json = columnIn(context, ['json'])
    const part = (): OperandNode =>
      json && choose.chance(20)
        ? { kind: 'json', of: json.node, path: choose.pick([['name'], ['level'], ['tags'], ['deep', 'name']] as const) }
        : inner(choose.pick(['text', 'text', 'whole', 'boolean'] as const))
    return { kind: 'call', name: 'concat', args: choose.times(1 + choose.int(3), part) }
  }
  if (way === 1) return { kind: 'lower', of: inner() }
  if (way === 2) {
    const length: OperandNode[] = choose.chance(60) ? [{ kind: 'literal', literal: choose.int(3) }] : []
    return { kind: 'call', name: 'substr', args: [inner(), { kind: 'literal', literal: 1 + choose.int(3) }, ...length] }
  }
  return { kind: 'call', name: choose.pick(['upper', 'trim'] as const), args: [inner()] }
}

function numeric(context: Context, inner: (of?: Class) => OperandNode): OperandNode {
  const { choose } = context
  const small: OperandNode = { kind: 'literal', literal: choose.pick([-2, -1, 0, 1, 2, 3]) }
  const way = choose.int(5)
  if (way === 0) return { kind: 'call', name: 'length', args: [inner('text')] }
  if (way === 1) return { kind: 'call', name: 'abs', args: [inner()] }
  if (way === 2) return { kind: 'call', name: 'mul', args: [inner(), small] }
  if (way === 3) return { kind: 'call', name: 'mod', args: [inner(), small] }
  return { kind: 'call', name: choose.pick(['add', 'sub'] as const), args: [inner(), inner()] }
}

function related(context: Context, as: Class): OperandNode {
  const { choose } = context
  if (as === 'boolean') return { kind: 'condition', of: inside(context, (inner) => context.condition(inner, 1)) }
  const name = as === 'whole' ? choose.pick(['count', 'sum', 'min', 'max'] as const) : choose.pick(['min', 'max'] as const)
  let of: OperandNode | null = null
  const found = inside(context, (inner) => {
    if (name !== 'count') of = plain({ ...inner, scopes: inner.scopes.slice(0, 1) }, as)
    return context.condition(inner, 1)
  })
  if (found.kind !== 'exists') throw new Error('inside() makes an exists')
  return { kind: 'related', function: name, table: found.table, scope: found.scope, of, where: found.where }
}

/** A column, a fact or a literal. */
function plain(context: Context, as: Class): OperandNode {
  const { choose } = context
  const column = choose.chance(75) ? columnIn(context, KINDS[as]) : null
  if (column) return column.node
  if (as === 'text' && choose.chance(30)) return { kind: 'auth', fact: choose.pick(['uid', 'role', 'aal'] as const) }
  if (as === 'whole' && choose.chance(20)) return { kind: 'now', offsetMs: choose.pick([0, 1000]) }
  const kind = as === 'text' ? 'text' : as === 'whole' ? 'integer' : as
  return { kind: 'literal', literal: choose.chance(8) ? null : literalOf(choose, kind) }
}
