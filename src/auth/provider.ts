// A provider as it is in force: what the app declares, under the Worker's settings. Says where it is; asks nobody.
import { plainName, settingName, type AppDefinition, type ProviderDeclaration } from '../define'
import { isDevelopment, settingOf, type Env } from '../platform'

/** Where a provider is asked. */
export interface Endpoints {
  readonly authorization: string
  readonly token: string
  readonly userinfo: string | null
  readonly jwks: string | null
  /** How the provider wants to be shown who we are (RFC 6749 §2.3.1): in the header or in the body. */
  readonly secretIn: 'header' | 'body'
  /** Whether its answers always name it (RFC 9207). */
  readonly namesIssuer: boolean
}

export interface Provider {
  readonly declaration: ProviderDeclaration
  /** As it stands in identities. */
  readonly name: string
  /** The first is the one for browsers. */
  readonly clientIds: readonly string[]
  /** Whose tokens count: fixed texts, compared as they are. The first is where discovery asks. */
  readonly issuers: readonly string[]
  /** Null when discovery tells. */
  readonly endpoints: Endpoints | null
  /** Whether it may be on this very machine, over http: in development only. */
  readonly loopback: boolean
}

const GOOGLE: Endpoints = {
  authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
  jwks: 'https://www.googleapis.com/oauth2/v3/certs',
  secretIn: 'body',
  namesIssuer: false,
}
const APPLE: Endpoints = {
  authorization: 'https://appleid.apple.com/auth/authorize',
  token: 'https://appleid.apple.com/auth/token',
  userinfo: null,
  jwks: 'https://appleid.apple.com/auth/keys',
  secretIn: 'body',
  namesIssuer: false,
}

/** Both providers write their issuer in two ways, and say so. */
const ISSUERS = {
  google: ['https://accounts.google.com', 'accounts.google.com'],
  apple: ['https://appleid.apple.com', 'https://account.apple.com'],
} as const

function githubEndpoints(pages: string): Endpoints {
  const api = pages === 'https://github.com' ? 'https://api.github.com' : `${pages}/api/v3`
  return {
    authorization: `${pages}/login/oauth/authorize`,
    token: `${pages}/login/oauth/access_token`,
    userinfo: `${api}/user`,
    jwks: null,
    secretIn: 'body',
    namesIssuer: false,
  }
}

/** A setting of one provider: `PERIGEE_AUTH_<NAME>_<WHAT>`. */
export function providerSetting(env: Env, { name }: ProviderDeclaration, what: 'SECRET' | 'CLIENT_ID' | 'ISSUER'): string | null {
  return settingOf(env, `PERIGEE_AUTH_${settingName(name)}_${what}`)
}

function resolve(declaration: ProviderDeclaration, env: Env): Provider {
  const { kind, name } = declaration
  const loopback = isDevelopment(env)
  // Somebody's own machine may stand in for a provider; a deployed Worker never looks at this setting.
  const stand = loopback ? providerSetting(env, declaration, 'ISSUER') : null
  const configured = (providerSetting(env, declaration, 'CLIENT_ID') ?? '').split(',').map((id) => id.trim())
  const clientIds = declaration.clientIds.length > 0 ? declaration.clientIds : configured.filter((id) => id !== '')
  const base = { declaration, name, clientIds, loopback }
  if (kind === 'github') {
    const pages = stand ?? declaration.issuer
    return { ...base, issuers: [pages], endpoints: githubEndpoints(pages) }
  }
  if (stand !== null || kind === 'openid') return { ...base, issuers: [stand ?? declaration.issuer], endpoints: null }
  return { ...base, issuers: ISSUERS[kind], endpoints: kind === 'google' ? GOOGLE : APPLE }
}

/** The declared provider that a client means; `custom:` before its name makes no difference. Null when there is none. */
export function findProvider(app: AppDefinition, env: Env, name: string): Provider | null {
  const declaration = app.auth?.providers?.find((one) => plainName(one.name) === plainName(name))
  return declaration === undefined ? null : resolve(declaration, env)
}

/** The declared provider with that issuer; null when there is none. */
export function findIssuer(app: AppDefinition, env: Env, issuer: string): Provider | null {
  const all = (app.auth?.providers ?? []).map((declaration) => resolve(declaration, env))
  return all.find(({ declaration, issuers }) => declaration.kind !== 'github' && issuers.includes(issuer)) ?? null
}
