// The parts of GoTrue that stay off here: they answer as GoTrue does when its operator left them off, so that SDKs take it for that.
import { authErrors } from '../../auth'
import { AppError } from '../../core'
import type { AppContext } from '../../middleware'

const OFF = [
  { at: /^(?:sso|saml)(?:\/|$)/, error: authErrors.saml_provider_disabled, message: 'SAML 2.0 is disabled' },
  {
    at: /^(?:(?:admin\/|user\/)?oauth(?:\/|$)|\.well-known\/(?:oauth-authorization-server|openid-configuration)$)/,
    error: { ...authErrors.feature_disabled, status: 404 },
    message: 'OAuth server is disabled',
  },
  {
    at: /^admin\/custom-providers(?:\/|$)/,
    error: { ...authErrors.feature_disabled, status: 404 },
    message: 'Custom OAuth providers are disabled',
  },
  { at: /^admin\/sso(?:\/|$)/, error: authErrors.saml_provider_disabled, message: 'SAML 2.0 is disabled' },
] as const

/** What GoTrue says at an address that is off; nothing at another. Errors: `saml_provider_disabled`, `feature_disabled` (404); `not_admin` (403). */
export function refuseSwitchedOff(c: AppContext): void {
  const path = c.req.path.split('/').slice(3).join('/')
  const found = OFF.find(({ at }) => at.test(path))
  if (!found) return
  if (path.startsWith('admin/') && c.var.principal.role !== 'service_role') throw new AppError(authErrors.not_admin)
  throw new AppError(found.error, { message: found.message })
}
