// Which of Hono's routers serves the routes: decided by their shapes, and told by nothing but time.
import { expect, test } from 'vitest'
import { routes } from '../../src/routes'

test('one regular expression matches all routes', () => {
  const all = routes()
  // The choice is made at the first match.
  all.router.match('GET', '/health')
  expect(all.router.name).toBe('SmartRouter + RegExpRouter')
})
