// What shows a provider that it is us who ask. Apple's is a JWT that the app's key signs, made for each request.
import { importPKCS8, SignJWT } from 'jose'
import { AppError } from '../core'
import { platformErrors } from '../platform'
import { providerSetting, type Provider } from './provider'
import type { Workshop } from './workshop'

const APPLE = 'https://appleid.apple.com'
/** Apple allows half a year; a minute is what one request takes. */
const SECONDS = 300

function unusable(provider: Provider, what: string, cause?: unknown): AppError {
  return new AppError(platformErrors.service_unavailable, {
    message: `Signing in with ${provider.name} is not set up completely.`,
    cause: new Error(what, { cause }),
  })
}

/** The client secret; null for an OpenID provider that gave none, which PKCE makes up for. Errors: `service_unavailable` when it can't be had. */
export async function clientSecret({ env, now }: Workshop, provider: Provider): Promise<string | null> {
  const { declaration, clientIds } = provider
  const secret = providerSetting(env, declaration, 'SECRET')
  if (declaration.kind === 'openid') return secret
  if (declaration.kind !== 'apple') {
    if (secret === null) throw unusable(provider, `The Worker lacks the secret PERIGEE_AUTH_${provider.name.toUpperCase()}_SECRET.`)
    return secret
  }
  const { teamId, keyId } = declaration
  if (secret === null || teamId === undefined || keyId === undefined) {
    throw unusable(provider, 'apple() needs teamId and keyId, and the Worker the secret PERIGEE_AUTH_APPLE_SECRET.')
  }
  try {
    // As a secret, the file's line ends may have been lost or written out.
    const body = secret.replaceAll('\\n', '\n').replaceAll(/-----[A-Z ]+-----|\s/g, '')
    const key = await importPKCS8(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`, 'ES256')
    const issuedAt = Math.floor(now / 1000)
    return await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(teamId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + SECONDS)
      .setAudience(APPLE)
      .setSubject(clientIds[0]!)
      .sign(key)
  } catch (cause) {
    throw unusable(provider, 'PERIGEE_AUTH_APPLE_SECRET is not the text of a .p8 file.', cause)
  }
}
