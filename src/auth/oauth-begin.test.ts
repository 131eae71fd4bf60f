import { expect, test } from 'vitest'
import { passable, scopesOf } from './oauth-begin'

test('P24: no name that is ours is passed on, in any case, and nothing that is long, odd or too much', () => {
  const reserved = [
    'client_id',
    'redirect_uri',
    'state',
    'response_type',
    'response_mode',
    'scope',
    'code_challenge',
    'code_challenge_method',
  ]
  for (const name of [...reserved, 'nonce', 'request', 'request_uri', 'client_secret', 'code_verifier', 'apikey']) {
    for (const spelled of [name, name.toUpperCase(), `${name[0]!.toUpperCase()}${name.slice(1)}`]) {
      expect(passable({ [spelled]: 'x' }), spelled).toEqual([])
    }
  }
  expect(passable({ login_hint: 'ada', 'x-y.z': '' })).toEqual([
    ['login_hint', 'ada'],
    ['x-y.z', ''],
  ])
  expect(passable({ 'a b': 'x', 'state ': 'x', '': 'x', ['n'.repeat(61)]: 'x', long: 'x'.repeat(501) })).toEqual([])
  expect(passable({ long: 'x'.repeat(500) })).toHaveLength(1)
  expect(passable(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, 'x'])))).toHaveLength(20)
})

test('scopes are asked for once each, however they are separated', () => {
  expect(scopesOf(['openid', 'email'], '')).toBe('openid email')
  expect(scopesOf(['openid', 'email'], ' email, calendar  https://www.googleapis.com/auth/drive ')).toBe(
    'openid email calendar https://www.googleapis.com/auth/drive',
  )
  for (const wrong of ['a"b', 'a\\b', 'ä', 'a\u0000', 'x'.repeat(1_001)]) expect(() => scopesOf([], wrong)).toThrow('scopes')
})
