// The public methods of the installed auth-js, read off the package itself: a method that comes with an update is in the list by itself.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SupabaseClient } from '@supabase/supabase-js'

const declarations = join(dirname(createRequire(import.meta.url).resolve('@supabase/auth-js')), 'GoTrueClient.d.ts')

/** Methods that the declarations call private: there at run time, and no promise to anybody. */
function privateNames(): Set<string> {
  return new Set([...readFileSync(declarations, 'utf8').matchAll(/^ {4}private ([a-zA-Z]\w*)/gm)].map(([, name]) => name!))
}

/** Members of a client that aren't groups of methods. */
const NOT_API = new Set(['fetch', 'logger', 'lock', 'storage'])

function methodsOf(target: object, path: string, found: Set<string>): void {
  for (
    let owner: object | null = target;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  )
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (name === 'constructor' || name.startsWith('_') || NOT_API.has(name)) continue
      const value: unknown = Reflect.get(target, name)
      if (typeof value === 'function') found.add(path + name)
    }
}

/** As an app writes them after `supabase.auth.`, sorted. */
export function publicMethods({ auth }: SupabaseClient): string[] {
  const found = new Set<string>()
  methodsOf(auth, '', found)
  for (const name of privateNames()) found.delete(name)
  // Each interface of the declarations that a client holds; `groups` fails the test when there is one more.
  for (const path of GROUPS) {
    const group = path.split('.').reduce<unknown>((owner, name) => Reflect.get(owner as object, name), auth)
    methodsOf(group as object, `${path}.`, found)
  }
  return [...found].toSorted()
}

export const GROUPS = [
  'admin',
  'admin.customProviders',
  'admin.mfa',
  'admin.oauth',
  'admin.passkey',
  'mfa',
  'mfa.recoveryCodes',
  'mfa.webauthn',
  'oauth',
  'passkey',
] as const

/** The groups that the package has: objects with methods of their own, to two levels. */
export function groupsOf({ auth }: SupabaseClient): string[] {
  const groups: string[] = []
  const visit = (owner: object, path: string) => {
    for (const [name, value] of Object.entries(owner)) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map || NOT_API.has(name)) continue
      const methods = new Set<string>()
      methodsOf(value as object, '', methods)
      if (methods.size === 0 || path.split('.').length > 2) continue
      groups.push(path + name)
      visit(value as object, `${path}${name}.`)
    }
  }
  visit(auth, '')
  return groups.toSorted()
}
