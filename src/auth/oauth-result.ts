// What a sign-in at a provider leaves for the app that exchanges its code: the provider's tokens, and whose account it was. Sealed meanwhile.
import type { Keys } from '../platform'
import type { ExternalAccount } from './external-account'

export interface ProviderTokens {
  readonly accessToken: string | null
  readonly refreshToken: string | null
}

export interface OAuthResult {
  readonly tokens: ProviderTokens
  /** Of somebody who adds it to what they have; null where they were signed in already. */
  readonly account: ExternalAccount | null
}

const PURPOSE = 'oauth-result'

export function sealResult(keys: Keys, result: OAuthResult): Promise<string> {
  return keys.seal(JSON.stringify(result), PURPOSE)
}

export async function unsealResult(keys: Keys, sealed: string | null): Promise<OAuthResult> {
  if (sealed === null) return { tokens: { accessToken: null, refreshToken: null }, account: null }
  return JSON.parse(await keys.unseal(sealed, PURPOSE)) as OAuthResult
}

/** As GoTrue names them in a session; what there isn't is left out. */
export function showTokens({ accessToken, refreshToken }: ProviderTokens): { provider_token?: string; provider_refresh_token?: string } {
  return {
    ...(accessToken === null ? {} : { provider_token: accessToken }),
    ...(refreshToken === null ? {} : { provider_refresh_token: refreshToken }),
  }
}
