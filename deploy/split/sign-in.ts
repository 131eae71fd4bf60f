// Sign-in as a Worker of its own: the class that the one Worker exports as well, with the same app. Nobody calls it but over a binding.
import app from '../../app'
import { createAuthentication } from '../../src/auth'

export const Authentication = createAuthentication(app)

export default {
  fetch: () => new Response('Sign-in answers over its service binding only.\n', { status: 404 }),
}
