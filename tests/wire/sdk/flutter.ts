// supabase-flutter: packages/gotrue/lib/src (gotrue_client.dart, gotrue_mfa_api.dart, gotrue_passkey_api.dart, gotrue_admin_api.dart, types/). It writes null
// for what it hasn't got, `{}` for no body (of DELETE as well), and casts with `as`: a wrong type throws.
import type { Shape } from '../decode'
import type { Asked, Pkce, Sdk } from './index'

const FACTOR: Shape = {
  id: 'string',
  'friendly_name?': 'string',
  factor_type: 'string',
  status: 'string',
  created_at: 'instant',
  updated_at: 'instant',
}
const IDENTITY: Shape = {
  id: 'string',
  user_id: 'string',
  'identity_data?': 'object',
  'identity_id?': 'string',
  provider: 'string',
  'created_at?': 'string',
  'last_sign_in_at?': 'string',
  'updated_at?': 'string',
}
const USER: Shape = {
  id: 'string',
  'app_metadata?': 'object',
  'user_metadata?': 'object',
  'aud?': 'string',
  'confirmation_sent_at?': 'string',
  'recovery_sent_at?': 'string',
  'email_change_sent_at?': 'string',
  'new_email?': 'string',
  'invited_at?': 'string',
  'action_link?': 'string',
  'email?': 'string',
  'phone?': 'string',
  'created_at?': 'string',
  'confirmed_at?': 'string',
  'email_confirmed_at?': 'string',
  'phone_confirmed_at?': 'string',
  'last_sign_in_at?': 'string',
  'role?': 'string',
  'updated_at?': 'string',
  'identities?': [IDENTITY],
  'factors?': [FACTOR],
  'is_anonymous?': 'bool',
  'banned_until?': 'string',
}

const post = (path: string, body: object = {}): Asked => ({ method: 'POST', path, body })
const redirect = (to?: string) => (to === undefined ? '' : `?redirect_to=${encodeURIComponent(to)}`)
const security = { gotrue_meta_security: { captcha_token: null } }
const challengeOf = (pkce?: Pkce) => ({ code_challenge: pkce?.challenge ?? null, code_challenge_method: pkce ? 's256' : null })

export const flutter: Sdk = {
  name: 'supabase-flutter',
  headers: { 'x-supabase-api-version': '2024-01-01', 'x-client-info': 'supabase-flutter/2.10.4' },
  keyAsBearer: true,
  session: {
    access_token: 'string',
    'expires_in?': 'double',
    'refresh_token?': 'string',
    token_type: 'string',
    'provider_token?': 'string',
    'provider_refresh_token?': 'string',
    user: USER,
  },
  user: USER,
  factor: FACTOR,
  enrolledTotp: { id: 'string', type: 'string', totp: { qr_code: 'string', secret: 'string', uri: 'string' } },
  enrolledPhone: { id: 'string', type: 'string', phone: 'string' },
  challenge: { id: 'string', expires_at: 'int' },
  error: { code: 'string', msg: 'string' },
  code: 'code',

  signUp: (email, password, { data, redirectTo, pkce } = {}) =>
    post(`/signup${redirect(redirectTo)}`, { email, password, data: data ?? null, ...security, ...challengeOf(pkce) }),
  signUpWithPhone: (phone, password) => post('/signup', { phone, password, data: null, ...security, channel: 'sms' }),
  signUpAnonymously: () => post('/signup', { data: {}, ...security }),
  signIn: (by, password) => post('/token?grant_type=password', { ...by, password, ...security }),
  otp: (email, { redirectTo, pkce, createUser = true } = {}) =>
    post(`/otp${redirect(redirectTo)}`, { email, data: {}, create_user: createUser, ...security, ...challengeOf(pkce) }),
  otpByPhone: (phone) => post('/otp', { phone, data: {}, create_user: true, ...security, channel: 'sms' }),
  // `captchaToken`, and a redirect_to in the body that is mostly null: as it is in the source.
  verify: (type, email, token) => post('/verify', { email, token, type, redirect_to: null, gotrue_meta_security: { captchaToken: null } }),
  verifyPhone: (type, phone, token) =>
    post('/verify', { phone, token, type, redirect_to: null, gotrue_meta_security: { captchaToken: null } }),
  verifyHash: (type, hash) => post('/verify', { type, redirect_to: null, gotrue_meta_security: { captchaToken: null }, token_hash: hash }),
  recover: (email, pkce) => post('/recover', { email, ...security, ...challengeOf(pkce) }),
  resend: (type, email) => post('/resend', { email, type, ...security }),
  resendToPhone: (type, phone) => post('/resend', { phone, type, ...security }),
  idToken: (token, provider, nonce) =>
    post('/token?grant_type=id_token', { provider, id_token: token, nonce, ...security, access_token: null }),
  authorize: (provider, redirectTo, challenge) => {
    const to = redirectTo === null ? '' : `&redirect_to=${encodeURIComponent(redirectTo)}`
    return `/authorize?provider=${provider}${to}&flow_type=pkce&code_challenge=${challenge}&code_challenge_method=s256`
  },
  exchange: (code, verifier) => post('/token?grant_type=pkce', { auth_code: code, code_verifier: verifier }),
  refresh: (token) => post('/token?grant_type=refresh_token', { refresh_token: token }),

  update: (changes) => ({ method: 'PUT', path: '/user', body: changes }),
  reauthenticate: { method: 'GET', path: '/reauthenticate' },
  link: (provider, redirectTo, challenge) => ({
    method: 'GET',
    path: `/user/identities/authorize?provider=${provider}&redirect_to=${encodeURIComponent(redirectTo)}&flow_type=pkce&code_challenge=${challenge}&code_challenge_method=s256&skip_http_redirect=true`,
  }),
  unlink: (identityId) => ({ method: 'DELETE', path: `/user/identities/${identityId}`, body: {} }),
  signOut: (scope) => post(`/logout?scope=${scope}`),

  enrollTotp: (name) => post('/factors', { friendly_name: name, factor_type: 'totp', issuer: 'lodge.example', phone: null }),
  enrollPhone: (name, phone) => post('/factors', { friendly_name: name, factor_type: 'phone', issuer: null, phone }),
  challengeFactor: (id) => post(`/factors/${id}/challenge`),
  verifyFactor: (id, challengeId, code) => post(`/factors/${id}/verify`, { challenge_id: challengeId, code }),
  unenroll: (id) => ({ method: 'DELETE', path: `/factors/${id}`, body: {} }),
  recoveryCodes: {
    generate: post('/factors/recovery-codes'),
    status: { method: 'GET', path: '/factors/recovery-codes' },
    verify: (code) => post('/factors/recovery-codes/verify', { code }),
    remove: { method: 'DELETE', path: '/factors/recovery-codes', body: {} },
  },
  passkeys: {
    registration: post('/passkeys/registration/options'),
    authentication: post('/passkeys/authentication/options', security),
    list: { method: 'GET', path: '/passkeys' },
    rename: (id, name) => ({ method: 'PATCH', path: `/passkeys/${id}`, body: { friendly_name: name } }),
    remove: (id) => ({ method: 'DELETE', path: `/passkeys/${id}`, body: {} }),
  },

  createUser: (attributes) => post('/admin/users', attributes),
  users: (page, perPage) => ({ method: 'GET', path: `/admin/users?page=${page}&per_page=${perPage}` }),
  userById: (id) => ({ method: 'GET', path: `/admin/users/${id}` }),
  updateUser: (id, attributes) => ({ method: 'PUT', path: `/admin/users/${id}`, body: attributes }),
  deleteUser: (id) => ({ method: 'DELETE', path: `/admin/users/${id}`, body: { should_soft_delete: false } }),
  invite: (email) => post('/invite', { email }),
  generateLink: (type, email) => post('/admin/generate_link', { email, type, redirect_to: null }),
}
