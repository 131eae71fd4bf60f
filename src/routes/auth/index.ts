// /auth/v1: what GoTrue's clients call. What isn't here yet says so.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError } from '../../core'
import type { AppEnv } from '../../middleware'
import { devices } from './devices'
import { factors } from './factors'
import { identities } from './identities'
import { mail } from './mail'
import { methodsOf } from './methods'
import { oauth } from './oauth'
import { passkeys } from './passkeys'
import { person } from './person'
import { phone } from './phone'
import { settingsRoutes } from './settings'
import { refuseSwitchedOff } from './switched-off'
import { token } from './token'
import { verification } from './verify'

/** What GoTrue answers below, by the first part of the path. */
const GOTRUE = new Set(
  '.well-known admin authorize callback factors health invite logout magiclink oauth otp passkeys reauthenticate recover resend saml settings signup sso token user verify'.split(
    ' ',
  ),
)

const built = [token, person, mail, verification, devices, factors, identities, oauth, passkeys, settingsRoutes] as const

const methodsAt = methodsOf(built)

export const auth = new Hono<AppEnv>()
  // What names a number; the rest goes on to the others.
  .route('/', phone)
  .route('/', token)
  .route('/', person)
  .route('/', mail)
  .route('/', verification)
  .route('/', devices)
  .route('/', factors)
  .route('/', identities)
  .route('/', oauth)
  .route('/', passkeys)
  .route('/', settingsRoutes)
  .all('*', (c) => {
    const methods = methodsAt(c.req.path)
    if (methods.length > 0) throw new AppError(authErrors.method_not_allowed, { headers: { allow: methods.join(', ') } })
    refuseSwitchedOff(c)
    if (!GOTRUE.has(c.req.path.split('/')[3] ?? '')) throw new AppError(authErrors.path_unknown)
    throw new AppError(authErrors.feature_disabled, { message: `${c.req.method} ${c.req.path.slice(0, 120)} is not built yet.` })
  })
