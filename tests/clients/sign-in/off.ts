// What stays off answers as GoTrue does when its operator left it off.
import type { AuthError } from '@supabase/supabase-js'
import { describe, expect, test } from 'vitest'
import type { Lodge } from './lodge'

const ID = '00000000-0000-4000-8000-000000000000'

export function off(lodge: () => Lodge): void {
  const expectOff = ({ error }: { readonly error: AuthError | null }, status: number, code: string, message: string) =>
    expect([error?.status, error?.code, error?.message]).toEqual([status, code, message])

  const signedIn = async () => {
    const { auth } = lodge().phone()
    await auth.signInAnonymously()
    return auth
  }

  describe('off', () => {
    test('signInWithWeb3', async () => {
      const { auth } = lodge().phone()
      const answer = await auth.signInWithWeb3({ chain: 'ethereum', message: 'm', signature: '0x00' })
      expectOff(answer, 422, 'web3_provider_disabled', 'Web3 provider is disabled')
    })
    test('signInWithSSO', async () => {
      expectOff(
        await lodge().phone().auth.signInWithSSO({ domain: 'lodge.example' }),
        404,
        'saml_provider_disabled',
        'SAML 2.0 is disabled',
      )
    })

    const server = [404, 'feature_disabled', 'OAuth server is disabled'] as const
    test('oauth.getAuthorizationDetails', async () => {
      expectOff(await (await signedIn()).oauth.getAuthorizationDetails(ID), ...server)
    })
    test('oauth.approveAuthorization', async () => {
      expectOff(await (await signedIn()).oauth.approveAuthorization(ID), ...server)
    })
    test('oauth.denyAuthorization', async () => {
      expectOff(await (await signedIn()).oauth.denyAuthorization(ID), ...server)
    })
    test('oauth.listGrants', async () => {
      expectOff(await (await signedIn()).oauth.listGrants(), ...server)
    })
    test('oauth.revokeGrant', async () => {
      expectOff(await (await signedIn()).oauth.revokeGrant({ clientId: ID }), ...server)
    })
    test('admin.oauth.listClients', async () => {
      expectOff(await lodge().desk().auth.admin.oauth.listClients(), ...server)
    })
    test('admin.oauth.createClient', async () => {
      const params = { client_name: 'c', redirect_uris: ['https://c.example'] }
      expectOff(await lodge().desk().auth.admin.oauth.createClient(params), ...server)
      const stranger = await lodge().phone().auth.admin.oauth.createClient(params)
      expect([stranger.error?.status, stranger.error?.code]).toEqual([403, 'not_admin'])
    })
    test('admin.oauth.getClient', async () => {
      expectOff(await lodge().desk().auth.admin.oauth.getClient(ID), ...server)
    })
    test('admin.oauth.updateClient', async () => {
      expectOff(await lodge().desk().auth.admin.oauth.updateClient(ID, { client_name: 'd' }), ...server)
    })
    test('admin.oauth.deleteClient', async () => {
      expectOff(await lodge().desk().auth.admin.oauth.deleteClient(ID), ...server)
    })
    test('admin.oauth.regenerateClientSecret', async () => {
      expectOff(await lodge().desk().auth.admin.oauth.regenerateClientSecret(ID), ...server)
    })

    const custom = [404, 'feature_disabled', 'Custom OAuth providers are disabled'] as const
    test('admin.customProviders.listProviders', async () => {
      expectOff(await lodge().desk().auth.admin.customProviders.listProviders(), ...custom)
    })
    test('admin.customProviders.createProvider', async () => {
      const params = {
        provider_type: 'oidc',
        identifier: 'custom:x',
        name: 'X',
        client_id: 'i',
        client_secret: 's',
        issuer: 'https://x.example',
      } as const
      expectOff(await lodge().desk().auth.admin.customProviders.createProvider(params), ...custom)
    })
    test('admin.customProviders.getProvider', async () => {
      expectOff(await lodge().desk().auth.admin.customProviders.getProvider('custom:x'), ...custom)
    })
    test('admin.customProviders.updateProvider', async () => {
      expectOff(await lodge().desk().auth.admin.customProviders.updateProvider('custom:x', { name: 'Y' }), ...custom)
    })
    test('admin.customProviders.deleteProvider', async () => {
      expectOff(await lodge().desk().auth.admin.customProviders.deleteProvider('custom:x'), ...custom)
    })
  })
}
