// Pages of a developer's own machine, out of the folder public/, with a policy that lets nothing in from elsewhere.
import { AppError } from '../../core'
import { requestErrors } from '../../middleware'

/** Scripts, styles, pictures and calls are this host's own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

const PAGE_HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' } as const

/** A file of public/. `more` adds to the policy. Errors: `not_found`. */
export async function servePage(assets: Fetcher | undefined, url: URL, more: readonly string[] = []): Promise<Response> {
  const answer = await assets?.fetch(url)
  if (!answer?.ok) throw new AppError(requestErrors.not_found)
  const page = new Response(answer.body, answer)
  page.headers.set('content-security-policy', [...CONTENT_SECURITY_POLICY, ...more].join('; '))
  for (const [name, value] of Object.entries(PAGE_HEADERS)) page.headers.set(name, value)
  return page
}
