import { expect, test } from 'vitest'
import { apiKeys, call } from './client'

test('an address that GoTrue has not got is 404, one that is only missing here 501', async () => {
  for (const path of ['foo', 'foo/bar', 'users', 'constructor', '']) {
    const { status, body } = await call(`/auth/v1/${path}`)
    expect([path, status, body['code'], body['error_code']]).toEqual([path, 404, 404, 'path_unknown'])
  }
  expect((await call('/auth/v1/health', { method: 'POST' })).status).toBe(405)
})

test('a slash behind an address changes nothing, as in GoTrue, and opens nothing', async () => {
  for (const path of [
    'settings',
    'admin/users',
    'admin/users/00000000-0000-4000-8000-000000000000/factors',
    'user',
    '.well-known/jwks.json',
    'no/where',
  ]) {
    for (const apiKey of [apiKeys.secretKey, apiKeys.publishableKey, null]) {
      const asked = { apiKey, ...(apiKey === null ? {} : { token: apiKey }) }
      const [with_, without] = [await call(`/auth/v1/${path}/`, asked), await call(`/auth/v1/${path}`, asked)]
      expect([path, with_.status, with_.text]).toEqual([path, without.status, without.text])
    }
  }
})

test('a method that a built address does not take is 405, and the answer says which it takes', async () => {
  for (const [path, method, allow] of [
    ['signup', 'GET', 'POST'],
    ['token', 'PUT', 'POST'],
    ['user', 'PATCH', 'GET, PUT, DELETE'],
    ['settings', 'POST', 'GET'],
    ['user/identities/00000000-0000-4000-8000-000000000000', 'PUT', 'DELETE'],
  ] as const) {
    const { status, body, headers } = await call(`/auth/v1/${path}`, { method })
    expect([path, status, body['error_code'], headers.get('allow')]).toEqual([path, 405, 'method_not_allowed', allow])
  }
})

test('what stays off answers as GoTrue does when it is off, and the lists of it only to operators', async () => {
  for (const [path, code, message] of [
    ['sso', 'saml_provider_disabled', 'SAML 2.0 is disabled'],
    ['sso/saml/metadata', 'saml_provider_disabled', 'SAML 2.0 is disabled'],
    ['oauth/authorize', 'feature_disabled', 'OAuth server is disabled'],
    ['oauth/token', 'feature_disabled', 'OAuth server is disabled'],
    ['user/oauth/grants', 'feature_disabled', 'OAuth server is disabled'],
    ['.well-known/openid-configuration', 'feature_disabled', 'OAuth server is disabled'],
    ['.well-known/oauth-authorization-server', 'feature_disabled', 'OAuth server is disabled'],
    ['admin/oauth/clients', 'feature_disabled', 'OAuth server is disabled'],
    ['admin/custom-providers', 'feature_disabled', 'Custom OAuth providers are disabled'],
  ] as const) {
    const operator = path.startsWith('admin/') ? { apiKey: apiKeys.secretKey } : {}
    const { status, body } = await call(`/auth/v1/${path}`, { method: path === 'sso' ? 'POST' : 'GET', ...operator })
    expect([path, status, body['error_code'], body['msg']]).toEqual([path, 404, code, message])
    if (path.startsWith('admin/')) expect((await call(`/auth/v1/${path}`, { token: apiKeys.publishableKey })).status).toBe(403)
  }
})
