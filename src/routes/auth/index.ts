// /auth/v1: what GoTrue's clients call. What isn't here yet says so.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError } from '../../core'
import type { AppEnv } from '../../middleware'
import { person } from './person'
import { settingsRoutes } from './settings'
import { token } from './token'

export const auth = new Hono<AppEnv>()
  .route('/', token)
  .route('/', person)
  .route('/', settingsRoutes)
  .all('*', (c) => {
    throw new AppError(authErrors.feature_disabled, { message: `${c.req.method} ${c.req.path.slice(0, 120)} is not built yet.` })
  })
