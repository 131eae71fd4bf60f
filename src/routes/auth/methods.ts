// Which methods an address takes, read off the routes, for who comes with another.
import type { Hono } from 'hono'
import type { AppEnv } from '../../middleware'

/** What tells the methods at a path under /auth/v1; none where nothing is. */
export function methodsOf(built: readonly Pick<Hono<AppEnv>, 'routes'>[]): (path: string) => string[] {
  const known = new Map<string, Set<string>>()
  for (const { path, method } of built.flatMap(({ routes }) => routes)) known.set(path, (known.get(path) ?? new Set()).add(method))
  return (path) => {
    const parts = path.split('/').slice(2)
    parts[0] = ''
    const fits = (pattern: string) => {
      const wanted = pattern.split('/')
      return wanted.length === parts.length && wanted.every((part, i) => part.startsWith(':') || part === parts[i])
    }
    return [...known].flatMap(([pattern, methods]) => (fits(pattern) ? [...methods] : []))
  }
}
