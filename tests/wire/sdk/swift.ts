// supabase-swift 2: Sources/Auth/Types.swift, AuthClient.swift, AuthMFA.swift, AuthAdmin.swift, WebAuthn/, and the requests that its own tests recorded
// (Tests/AuthTests/__Snapshots__). JSONEncoder leaves out what is nil; UUID writes itself in upper case.
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
  'identity_id?': 'uuid',
  user_id: 'uuid',
  'identity_data?': 'object',
  provider: 'string',
  'created_at?': 'instant',
  'last_sign_in_at?': 'instant',
  'updated_at?': 'instant',
}
const USER: Shape = {
  id: 'uuid',
  'app_metadata?': 'object',
  'user_metadata?': 'object',
  aud: 'string',
  'confirmation_sent_at?': 'instant',
  'recovery_sent_at?': 'instant',
  'email_change_sent_at?': 'instant',
  'new_email?': 'string',
  'invited_at?': 'instant',
  'action_link?': 'string',
  'email?': 'string',
  'phone?': 'string',
  created_at: 'instant',
  'confirmed_at?': 'instant',
  'email_confirmed_at?': 'instant',
  'phone_confirmed_at?': 'instant',
  'last_sign_in_at?': 'instant',
  'role?': 'string',
  updated_at: 'instant',
  'identities?': [IDENTITY],
  'is_anonymous?': 'bool',
  'factors?': [FACTOR],
}

const post = (path: string, body?: object): Asked => ({ method: 'POST', path, ...(body === undefined ? {} : { body }) })
const redirect = (to?: string) => (to === undefined ? '' : `?redirect_to=${to}`)
const challengeOf = (pkce?: Pkce) => (pkce === undefined ? {} : { code_challenge: pkce.challenge, code_challenge_method: 's256' })

export const swift: Sdk = {
  name: 'supabase-swift',
  headers: { 'x-supabase-api-version': '2024-01-01', 'x-client-info': 'supabase-swift/2.36.0' },
  keyAsBearer: true,
  session: {
    access_token: 'string',
    token_type: 'string',
    expires_in: 'double',
    expires_at: 'double',
    refresh_token: 'string',
    'provider_token?': 'string',
    'provider_refresh_token?': 'string',
    user: USER,
  },
  user: USER,
  factor: FACTOR,
  enrolledTotp: { id: 'string', type: 'string', 'friendly_name?': 'string', totp: { qr_code: 'string', secret: 'string', uri: 'string' } },
  enrolledPhone: { id: 'string', type: 'string', 'friendly_name?': 'string', 'phone?': 'string' },
  challenge: { id: 'string', type: 'string', expires_at: 'double' },
  error: { code: 'string', 'msg?': 'string', 'message?': 'string', 'error_code?': 'string' },
  code: 'code',

  signUp: (email, password, { data, redirectTo, pkce } = {}) =>
    post(`/signup${redirect(redirectTo)}`, { ...(data ? { data } : {}), email, password, ...challengeOf(pkce) }),
  signUpWithPhone: (phone, password) => post('/signup', { channel: 'sms', password, phone }),
  signUpAnonymously: () => post('/signup', {}),
  signIn: (by, password) => post('/token?grant_type=password', { ...by, password }),
  otp: (email, { redirectTo, pkce, createUser = true } = {}) =>
    post(`/otp${redirect(redirectTo)}`, { create_user: createUser, email, ...challengeOf(pkce) }),
  otpByPhone: (phone) => post('/otp', { channel: 'sms', create_user: true, phone }),
  verify: (type, email, token) => post('/verify', { email, token, type }),
  verifyPhone: (type, phone, token) => post('/verify', { phone, token, type }),
  verifyHash: (type, hash) => post('/verify', { token_hash: hash, type }),
  recover: (email, pkce) => post('/recover', { email, ...challengeOf(pkce) }),
  resend: (type, email) => post('/resend', { email, type }),
  resendToPhone: (type, phone) => post('/resend', { phone, type }),
  idToken: (token, provider, nonce) => post('/token?grant_type=id_token', { id_token: token, link_identity: false, nonce, provider }),
  authorize: (provider, redirectTo, challenge) =>
    `/authorize?provider=${provider}${redirectTo === null ? '' : `&redirect_to=${redirectTo}`}&code_challenge=${challenge}&code_challenge_method=s256`,
  exchange: (code, verifier) => post('/token?grant_type=pkce', { auth_code: code, code_verifier: verifier }),
  refresh: (token) => post('/token?grant_type=refresh_token', { refresh_token: token }),

  update: (changes) => ({ method: 'PUT', path: '/user', body: changes }),
  reauthenticate: { method: 'GET', path: '/reauthenticate' },
  link: (provider, redirectTo, challenge) => ({
    method: 'GET',
    path: `/user/identities/authorize?code_challenge=${challenge}&code_challenge_method=s256&provider=${provider}&redirect_to=${redirectTo}&scopes=user:email&skip_http_redirect=true`,
  }),
  unlink: (identityId) => ({ method: 'DELETE', path: `/user/identities/${identityId.toUpperCase()}` }),
  signOut: (scope) => post(`/logout?scope=${scope}`),

  enrollTotp: (name) => post('/factors', { factor_type: 'totp', friendly_name: name, issuer: 'lodge.example' }),
  enrollPhone: (name, phone) => post('/factors', { factor_type: 'phone', friendly_name: name, phone }),
  challengeFactor: (id) => post(`/factors/${id.toUpperCase()}/challenge`),
  verifyFactor: (id, challengeId, code) =>
    post(`/factors/${id.toUpperCase()}/verify`, { challenge_id: challengeId.toUpperCase(), code, factor_id: id.toUpperCase() }),
  unenroll: (id) => ({ method: 'DELETE', path: `/factors/${id.toUpperCase()}` }),
  recoveryCodes: {
    generate: post('/factors/recovery-codes'),
    status: { method: 'GET', path: '/factors/recovery-codes' },
    verify: (code) => post('/factors/recovery-codes/verify', { code }),
    remove: { method: 'DELETE', path: '/factors/recovery-codes' },
  },
  passkeys: {
    registration: post('/passkeys/registration/options'),
    authentication: post('/passkeys/authentication/options'),
    list: { method: 'GET', path: '/passkeys/' },
    rename: (id, name) => ({ method: 'PATCH', path: `/passkeys/${id.toUpperCase()}`, body: { friendly_name: name } }),
    remove: (id) => ({ method: 'DELETE', path: `/passkeys/${id.toUpperCase()}` }),
  },

  createUser: (attributes) => post('/admin/users', attributes),
  users: (page, perPage) => ({ method: 'GET', path: `/admin/users?page=${page}&per_page=${perPage}` }),
  userById: (id) => ({ method: 'GET', path: `/admin/users/${id.toUpperCase()}` }),
  updateUser: (id, attributes) => ({ method: 'PUT', path: `/admin/users/${id.toUpperCase()}`, body: attributes }),
  deleteUser: (id) => ({ method: 'DELETE', path: `/admin/users/${id.toUpperCase()}`, body: { should_soft_delete: false } }),
  // Not /invite, as the others.
  invite: (email) => post('/admin/invite', { data: null, email }),
  generateLink: (type, email) => post('/admin/generate_link', { email, type }),
}
