// /auth/v1: what GoTrue's clients call. What isn't here yet says so.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError } from '../../core'
import type { AppEnv } from '../../middleware'
import { person } from './person'
import { settingsRoutes } from './settings'
import { token } from './token'

/** What GoTrue answers below, by the first part of the path. */
const GOTRUE = new Set(
  '.well-known admin authorize callback factors health invite logout magiclink oauth otp passkeys reauthenticate recover resend saml settings signup sso token user verify'.split(
    ' ',
  ),
)

export const auth = new Hono<AppEnv>()
  .route('/', token)
  .route('/', person)
  .route('/', settingsRoutes)
  .all('*', (c) => {
    if (!GOTRUE.has(c.req.path.split('/')[3] ?? '')) throw new AppError(authErrors.path_unknown)
    throw new AppError(authErrors.feature_disabled, { message: `${c.req.method} ${c.req.path.slice(0, 120)} is not built yet.` })
  })
