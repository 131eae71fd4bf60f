// A request as the dialect reads it: its method, query string, headers and whole body.
import { readBody, type AppContext } from '../../middleware'
import type { RestRequest } from '../../rest'

const WITH_BODY = ['POST', 'PATCH', 'PUT']

/** `name` is the table, or what stands in its place. Errors: `body_cut`. */
export async function incomingOf(c: AppContext, name: string): Promise<RestRequest> {
  const { method } = c.req
  return {
    method,
    table: name,
    search: new URL(c.req.url).search.slice(1),
    header: (header) => c.req.header(header) ?? null,
    body: WITH_BODY.includes(method) ? await readBody(c) : null,
  }
}
