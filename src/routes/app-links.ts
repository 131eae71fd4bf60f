// Which apps on phones belong to this domain: without it, phones offer the domain's passkeys to none of them.
import { Hono } from 'hono'
import { AppError } from '../core'
import { requestErrors, type AppContext, type AppEnv } from '../middleware'

const CACHED = { 'cache-control': 'public, max-age=3600' }

/** https://developer.apple.com/documentation/xcode/supporting-associated-domains */
function apple(c: AppContext): Response {
  const apps = c.var.app.auth?.passkeys?.appleApps ?? []
  if (apps.length === 0) throw new AppError(requestErrors.not_found)
  return c.json({ webcredentials: { apps } }, 200, CACHED)
}

/** https://developer.android.com/identity/sign-in/credential-manager */
function android(c: AppContext): Response {
  const apps = c.var.app.auth?.passkeys?.androidApps ?? []
  if (apps.length === 0) throw new AppError(requestErrors.not_found)
  return c.json(
    apps.map(({ package: name, fingerprints }) => ({
      relation: ['delegate_permission/common.handle_all_urls', 'delegate_permission/common.get_login_creds'],
      target: {
        namespace: 'android_app',
        package_name: name,
        sha256_cert_fingerprints: fingerprints.map((fingerprint) => fingerprint.toUpperCase()),
      },
    })),
    200,
    CACHED,
  )
}

export const appLinks = new Hono<AppEnv>()
  .get('/.well-known/apple-app-site-association', (c) => apple(c))
  .get('/.well-known/assetlinks.json', (c) => android(c))
