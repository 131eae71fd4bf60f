// The providers that people may sign in with, as an app declares them: `app({ auth: { providers: [apple(…), google(…)] } })`.
// Plain data. Secrets never stand here: they come from Worker secrets (docs/auth-providers.md).

/** Where a provider lives, and under which names this app is known there. Made by `apple`, `google`, `github` and `openid`. */
export interface ProviderDeclaration {
  readonly kind: 'apple' | 'google' | 'github' | 'openid'
  /** As SDKs spell it, and as it stands in identities. */
  readonly name: string
  /** OpenID's issuer; of GitHub, where its pages are. Fixed here, never told by a client. */
  readonly issuer: string
  /** Empty: those of the Worker's setting `PERIGEE_AUTH_<NAME>_CLIENT_ID`. */
  readonly clientIds: readonly string[]
  readonly scopes: readonly string[]
  readonly skipNonceCheck: boolean
  readonly trustEmails: boolean
  /** Of Apple: what signs the client secret, beside the key in `PERIGEE_AUTH_APPLE_SECRET`. */
  readonly teamId?: string
  readonly keyId?: string
}

/** What any provider may be told. */
export interface ProviderRules {
  /**
   * Every client id of this app at the provider: the one for browsers first (it signs people in by redirect), then those of the iOS and
   * Android apps, whose identity tokens are accepted as well. When absent, `PERIGEE_AUTH_<NAME>_CLIENT_ID`, comma separated.
   */
  readonly clientIds?: readonly string[]
  /** Beside those that signing in needs. */
  readonly scopes?: readonly string[]
}

export interface OpenIdRules extends ProviderRules {
  /** Don't compare the nonce of identity tokens, for sign-in libraries that send one of their own; a token then counts until it expires. */
  readonly skipNonceCheck?: boolean
}

export interface AppleRules extends OpenIdRules {
  /** Ten characters: App Store Connect → Membership. Only signing in by redirect needs it. */
  readonly teamId?: string
  /** Ten characters: the id of the key in `PERIGEE_AUTH_APPLE_SECRET`. Only signing in by redirect needs it. */
  readonly keyId?: string
}

export interface GithubRules extends ProviderRules {
  /** Where your own GitHub Enterprise Server is: `https://github.example.com`. */
  readonly url?: string
}

export interface CustomRules extends OpenIdRules {
  /** The provider's issuer, exactly as it stands in its tokens; https. Its `/.well-known/openid-configuration` says the rest. */
  readonly issuer: string
  /**
   * Take every address for verified, whatever the token says of it. For a provider whose addresses are all given out by you, such as your own
   * directory: whoever can write any address there signs in as its owner.
   */
  readonly trustEmails?: boolean
}

/** Sign in with Apple. */
export function apple({ clientIds = [], scopes = [], skipNonceCheck = false, teamId, keyId }: AppleRules = {}): ProviderDeclaration {
  return {
    kind: 'apple',
    name: 'apple',
    issuer: 'https://appleid.apple.com',
    clientIds,
    scopes: ['email', 'name', ...scopes],
    skipNonceCheck,
    trustEmails: false,
    ...(teamId === undefined ? {} : { teamId }),
    ...(keyId === undefined ? {} : { keyId }),
  }
}

/** Sign in with Google. */
export function google({ clientIds = [], scopes = [], skipNonceCheck = false }: OpenIdRules = {}): ProviderDeclaration {
  return {
    kind: 'google',
    name: 'google',
    issuer: 'https://accounts.google.com',
    clientIds,
    scopes: ['openid', 'email', 'profile', ...scopes],
    skipNonceCheck,
    trustEmails: false,
  }
}

/** Sign in with GitHub, which has no identity tokens: by redirect only. */
export function github({ clientIds = [], scopes = [], url = 'https://github.com' }: GithubRules = {}): ProviderDeclaration {
  return {
    kind: 'github',
    name: 'github',
    issuer: url.replace(/\/+$/, ''),
    clientIds,
    scopes: ['user:email', ...scopes],
    skipNonceCheck: false,
    trustEmails: false,
  }
}

/** Any OpenID Connect provider, found by discovery. `name` is what clients call it, with or without `custom:` before it. */
export function openid(
  name: string,
  { issuer, clientIds = [], scopes = [], skipNonceCheck = false, trustEmails = false }: CustomRules,
): ProviderDeclaration {
  return { kind: 'openid', name, issuer, clientIds, scopes: ['openid', 'email', 'profile', ...scopes], skipNonceCheck, trustEmails }
}

/** A name without the mark that SDKs put before those they don't know. */
export function plainName(name: string): string {
  return name.startsWith('custom:') ? name.slice('custom:'.length) : name
}

/** What stands between `PERIGEE_AUTH_` and what a setting is: `acme-id` is `ACME_ID`. */
export function settingName(name: string): string {
  return plainName(name)
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
}

const NAME = /^(?:custom:)?[a-z][a-z0-9_-]{0,39}$/
/** Names of identities that aren't a provider's, and of providers that have a function of their own. */
const TAKEN = new Set(['email', 'phone', 'anonymous', 'sso', 'saml', 'web3', 'apple', 'google', 'github'])
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:\/|$)/

function issuerProblem({ kind, issuer }: ProviderDeclaration): string | null {
  const url = URL.parse(issuer)
  const plain = url !== null && issuer.length <= 300 && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (plain && (url.protocol === 'https:' || LOOPBACK.test(issuer))) return null
  return `its ${kind === 'github' ? 'url' : 'issuer'} is not an https address without query, fragment and credentials.`
}

/** What is wrong with the declared providers, by the name of each. */
export function providerProblems(providers: readonly ProviderDeclaration[]): { readonly name: string; readonly message: string }[] {
  const seen = new Set<string>()
  return providers.flatMap((provider) => {
    const problems: string[] = []
    const { name, kind } = provider
    if (!NAME.test(name)) problems.push('its name is not lower-case letters, digits, _ and -, at most 40, beginning with a letter.')
    if (kind === 'openid' && TAKEN.has(plainName(name)))
      problems.push('that name belongs to another way to sign in. Choose a different one.')
    if (seen.has(settingName(name))) problems.push('another provider has that name, or one that spells the same in settings.')
    seen.add(settingName(name))
    const wrong = issuerProblem(provider)
    if (wrong !== null) problems.push(wrong)
    if (provider.clientIds.some((id) => id.trim() === '' || id.includes(','))) problems.push('a client id is empty or has a comma in it.')
    return problems.map((message) => ({ name, message }))
  })
}
