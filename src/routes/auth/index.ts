// /auth/v1: what GoTrue's clients call. What isn't here yet says so.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError } from '../../core'
import type { AppEnv } from '../../middleware'
import { adminFactors } from './admin-factors'
import { adminPasskeys } from './admin-passkeys'
import { devices } from './devices'
import { factors } from './factors'
import { identities } from './identities'
import { oauth } from './oauth'
import { passkeys } from './passkeys'
import { person } from './person'
import { phone } from './phone'
import { settingsRoutes } from './settings'
import { refuseSwitchedOff } from './switched-off'
import { token } from './token'

/** What GoTrue answers below, by the first part of the path. */
const GOTRUE = new Set(
  '.well-known admin authorize callback factors health invite logout magiclink oauth otp passkeys reauthenticate recover resend saml settings signup sso token user verify'.split(
    ' ',
  ),
)

const built = [token, person, devices, factors, identities, oauth, passkeys, adminFactors, adminPasskeys, settingsRoutes] as const

/** The methods of each path that is built. */
const METHODS = new Map<string, Set<string>>()
for (const { path, method } of built.flatMap(({ routes }) => routes)) METHODS.set(path, (METHODS.get(path) ?? new Set()).add(method))

/** Which methods an address takes; none where nothing is. */
function methodsAt(address: string): string[] {
  const parts = address.split('/')
  const fits = (pattern: string) => {
    const wanted = pattern.split('/')
    return wanted.length === parts.length && wanted.every((part, i) => part.startsWith(':') || part === parts[i])
  }
  return [...METHODS].flatMap(([pattern, methods]) => (fits(pattern) ? [...methods] : []))
}

export const auth = new Hono<AppEnv>()
  // What names a number; the rest goes on to the others.
  .route('/', phone)
  .route('/', token)
  .route('/', person)
  .route('/', devices)
  .route('/', factors)
  .route('/', identities)
  .route('/', oauth)
  .route('/', passkeys)
  .route('/', adminFactors)
  .route('/', adminPasskeys)
  .route('/', settingsRoutes)
  .all('*', (c) => {
    const methods = methodsAt(`/${c.req.path.split('/').slice(3).join('/')}`)
    if (methods.length > 0) throw new AppError(authErrors.method_not_allowed, { headers: { allow: methods.join(', ') } })
    refuseSwitchedOff(c)
    if (!GOTRUE.has(c.req.path.split('/')[3] ?? '')) throw new AppError(authErrors.path_unknown)
    throw new AppError(authErrors.feature_disabled, { message: `${c.req.method} ${c.req.path.slice(0, 120)} is not built yet.` })
  })
