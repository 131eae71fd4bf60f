// Every address of sign-in, read off the router itself: a test that goes over them has new ones by itself.
import { auth } from '../../src/routes/auth'
import { administration } from '../../src/routes/auth/admin'

export interface Endpoint {
  readonly method: string
  /** Below /auth/v1, with `:id` where an id stands. */
  readonly path: string
}

export const endpoints: readonly Endpoint[] = [
  ...new Map(
    [...auth.routes, ...administration.routes]
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => [`${method} ${path}`, { method, path }] as const),
  ).values(),
]

/** The pattern that an address falls under; null when none does. */
export function endpointOf(method: string, address: string): Endpoint | null {
  const parts = address.split('?')[0]!.split('/')
  const fits = ({ path }: Endpoint) => {
    const pattern = path.split('/')
    return pattern.length === parts.length && pattern.every((part, i) => part.startsWith(':') || part === parts[i])
  }
  return endpoints.find((endpoint) => endpoint.method === method && fits(endpoint)) ?? null
}
