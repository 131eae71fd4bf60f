// Tells builds that are too old to go on to update, before anything of theirs is read. A request that names no build passes.
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core'
import { runtimeConfig } from '../platform'
import type { AppEnv } from './context'
import { requestErrors } from './errors'

/** `412`, or with the platform before it: `ios/412`. */
const BUILD = /^(?:([a-z]{1,20})\/)?(\d{1,9})$/

/**
 * Compares `X-App-Build` with `minBuild` of the runtime configuration, which may be a minute old.
 * Errors: `upgrade_required` (426), with the least build and where to get it, as machines read it.
 */
export function versionGate(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const [, platform, digits] = BUILD.exec(c.req.header('x-app-build') ?? '') ?? []
    if (digits !== undefined) {
      const { minBuild, updateUrls } = await runtimeConfig(c.env)
      if (minBuild !== null && Number(digits) < minBuild) {
        const facts = {
          build: Number(digits),
          min_build: minBuild,
          update_url: updateUrls[platform ?? ''] ?? updateUrls['default'] ?? null,
        }
        throw new AppError(requestErrors.upgrade_required, { details: facts, body: facts })
      }
    }
    await next()
  }
}
