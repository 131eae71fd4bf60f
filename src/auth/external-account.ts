// What a provider says of a person, in GoTrue's words (its `provider.Claims`), cut to what is worth keeping. Decides nothing.
import type { JWTPayload } from 'jose'
import type { Provider } from './provider'

/** Somebody at a provider. */
export interface ExternalAccount {
  readonly provider: string
  /** The provider's own name for them; the only thing that is theirs for good. */
  readonly subject: string
  /** Lower case; null when the provider tells none that can be one. */
  readonly email: string | null
  readonly emailVerified: boolean
  /** What becomes `identity_data` and, merged, `user_metadata`. */
  readonly data: Readonly<Record<string, unknown>>
}

const MAX_TEXT = 500
const MAX_URL = 2_000
const MAX_EMAIL = 255
const ADDRESS = /^[^\s@"(),:;<>[\]\\\p{Cc}]+@[^\s@"(),:;<>[\]\\\p{Cc}]+\.[^\s@"(),:;<>[\]\\\p{Cc}.]+$/u

/** As text without what can't be stored, cut; null when there is none. */
function text(value: unknown, max = MAX_TEXT): string | null {
  if (typeof value !== 'string') return null
  const clean = value.replaceAll('\0', '').trim().toWellFormed()
  return clean === '' ? null : clean.slice(0, max).toWellFormed()
}

/** Providers write booleans as text, too. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === 'true' || value === '1'
}

function withoutNulls(entries: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null && value !== undefined))
}

/** An address as it is kept. `folds`: it becomes another one by more than A to Z, so it may look like somebody else's. */
function readEmail(value: unknown): { readonly email: string | null; readonly folds: boolean } {
  const raw = typeof value === 'string' ? value.trim() : ''
  const email = raw.toLowerCase()
  if (email.length > MAX_EMAIL || !email.isWellFormed() || !ADDRESS.test(email)) return { email: null, folds: false }
  return { email, folds: email !== raw.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) }
}

const AZURE = /^https:\/\/(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn)\//

/**
 * Whether the provider vouches for the address. Microsoft lets administrators of any tenant write any address, so there only the claim
 * `xms_edov` counts: the tenant has proved the domain. Apple vouches unless it says otherwise, as it does of accounts for work and school.
 */
function vouches({ declaration, issuers }: Provider, claims: Readonly<Record<string, unknown>>): boolean {
  if (declaration.trustEmails) return true
  if (AZURE.test(issuers[0] ?? '')) return isTrue(claims['xms_edov'])
  const { email_verified: verified } = claims
  return isTrue(verified) || (declaration.kind === 'apple' && verified === undefined)
}

const STANDARD = ['given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username', 'locale', 'zoneinfo'] as const

function customClaims({ declaration }: Provider, claims: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  if (declaration.kind === 'google') return text(claims['hd']) === null ? null : { hd: text(claims['hd']) }
  if (declaration.kind !== 'apple') return null
  const found = {
    ...(claims['is_private_email'] === undefined ? {} : { is_private_email: isTrue(claims['is_private_email']) }),
    ...(typeof claims['auth_time'] === 'number' ? { auth_time: claims['auth_time'] } : {}),
  }
  return Object.keys(found).length === 0 ? null : found
}

/** The account that a verified identity token, or such a token and the answer of `userinfo`, tells of. */
export function accountOfClaims(provider: Provider, claims: JWTPayload & { readonly sub: string }): ExternalAccount {
  const { email, folds } = readEmail(claims['email'])
  const emailVerified = email !== null && !folds && vouches(provider, claims)
  const name = text(claims['name'])
  const picture = text(claims['picture'], MAX_URL)
  return {
    provider: provider.name,
    subject: claims.sub,
    email,
    emailVerified,
    data: withoutNulls({
      ...Object.fromEntries(STANDARD.map((claim) => [claim, text(claims[claim])])),
      iss: claims.iss,
      sub: claims.sub,
      provider_id: claims.sub,
      name,
      full_name: name,
      picture,
      avatar_url: picture,
      email,
      email_verified: emailVerified,
      phone_verified: false,
      custom_claims: customClaims(provider, claims),
    }),
  }
}

/** The same with a name that came beside the token: Apple tells it once, to the first form that it posts. */
export function withName(account: ExternalAccount, name: string): ExternalAccount {
  const known = text(name)
  return known === null ? account : { ...account, data: { ...account.data, name: known, full_name: known } }
}

type Members = Readonly<Record<string, unknown>>

/** The account that GitHub's `/user` and `/user/emails` tell of: with the primary address if it is verified, else another that is; null when they name nobody. */
export function accountOfGithub(provider: Provider, user: Members, emails: readonly Members[]): ExternalAccount | null {
  const { id } = user
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return null
  const verified = emails.filter((one) => one['verified'] === true)
  const primary = (all: readonly Members[]) => all.find((one) => one['primary'] === true)
  const best = primary(verified) ?? verified[0] ?? primary(emails) ?? emails[0]
  const { email, folds } = readEmail(best?.['email'])
  const emailVerified = email !== null && !folds && best?.['verified'] === true
  const [name, login, picture] = [text(user['name']), text(user['login']), text(user['avatar_url'], MAX_URL)]
  return {
    provider: provider.name,
    subject: String(id),
    email,
    emailVerified,
    data: withoutNulls({
      iss: provider.endpoints?.userinfo?.replace(/\/user$/, ''),
      sub: String(id),
      provider_id: String(id),
      name,
      full_name: name,
      preferred_username: login,
      user_name: login,
      avatar_url: picture,
      email,
      email_verified: emailVerified,
      phone_verified: false,
    }),
  }
}
