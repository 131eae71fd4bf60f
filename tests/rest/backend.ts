// The library behind a real backend, and people who ask it things over HTTP.
import library from '../apps/library'
import { serve } from '../support/backend'

export { PUBLISHABLE_KEY, sql, type Answer, type Ask, type Asked, type Person } from '../support/backend'
export const { fetchBackend, mount, nobody, person, service, stranger } = serve(library)
