import { expect, test } from 'vitest'
import type { AllClaims } from './access-token'
import { claimsProblem } from './claims-hook'

const claims: AllClaims = {
  iss: 'https://example.com/auth/v1',
  sub: '11111111-1111-4111-8111-111111111111',
  aud: 'authenticated',
  iat: 1,
  exp: 2,
  email: 'ada@example.com',
  phone: '',
  app_metadata: {},
  user_metadata: {},
  role: 'authenticated',
  aal: 'aal1',
  amr: [{ method: 'password', timestamp: 1 }],
  session_id: '22222222-2222-4222-8222-222222222222',
  is_anonymous: false,
}

test('claims may be added, addresses blanked, metadata left out', () => {
  const { user_metadata: metadata, ...rest } = claims
  expect(metadata).toEqual({})
  expect(claimsProblem(claims, { ...rest, email: '', plan: { name: 'pro' }, app_metadata: { roles: ['editor'] } })).toBeNull()
})

test.each([
  ['sub', { sub: '33333333-3333-4333-8333-333333333333' }],
  ['role', { role: 'service_role' }],
  ['aal', { aal: 'aal2' }],
  ['amr', { amr: [{ method: 'totp', timestamp: 1 }] }],
  ['session_id', { session_id: '33333333-3333-4333-8333-333333333333' }],
  ['exp', { exp: 4_000_000_000 }],
  ['iat', { iat: '1' }],
  ['iss', { iss: 'https://evil.example/auth/v1' }],
  ['aud', { aud: ['authenticated', 'other'] }],
  ['is_anonymous', { is_anonymous: undefined }],
  ['email', { email: undefined }],
  ['phone', { phone: null }],
  ['nbf', { nbf: 1 }],
  ['bytes', { much: 'x'.repeat(17_000) }],
])('%s can not be changed', (name, change) => {
  expect(claimsProblem(claims, { ...claims, ...change })).toContain(name)
})

test.each([
  ['a list', []],
  ['text', 'claims'],
  ['null', null],
  ['a number', 1],
])('%s is no claims', (_name, value) => {
  expect(claimsProblem(claims, value)).toContain('no object')
})
