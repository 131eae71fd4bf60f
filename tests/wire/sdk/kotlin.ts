// supabase-kt 3: Auth/src/commonMain (AuthImpl.kt, user/UserInfo.kt, user/UserSession.kt, mfa/MfaApi.kt, admin/AdminApi.kt). It sends no API version and no
// bearer that isn't a JWT; kotlinx.serialization takes null only where the type has a `?`, and leaves out what is a default.
import type { Shape } from '../decode'
import type { Asked, Pkce, Sdk } from './index'

const FACTOR: Shape = {
  id: 'string',
  created_at: 'instant',
  updated_at: 'instant',
  status: 'string',
  'friendly_name?': 'string',
  factor_type: 'string',
}
const IDENTITY: Shape = {
  id: 'string',
  identity_data: 'object',
  'identity_id?': 'string',
  'last_sign_in_at?': 'string',
  'updated_at?': 'string',
  'created_at?': 'string',
  provider: 'string',
  user_id: 'string',
}
const USER: Shape = {
  'app_metadata?': 'object',
  aud: 'string',
  'confirmation_sent_at?': 'instant',
  'confirmed_at?': 'instant',
  'created_at?': 'instant',
  'email?': 'string',
  'email_confirmed_at?': 'instant',
  'factors~': [FACTOR],
  id: 'string',
  'identities?': [IDENTITY],
  'last_sign_in_at?': 'instant',
  'phone?': 'string',
  'role?': 'string',
  'updated_at?': 'instant',
  'user_metadata?': 'object',
  'phone_change_sent_at?': 'instant',
  'new_phone?': 'string',
  'email_change_sent_at?': 'instant',
  'new_email?': 'string',
  'invited_at?': 'instant',
  'recovery_sent_at?': 'instant',
  'phone_confirmed_at?': 'instant',
  'action_link?': 'string',
}

const post = (path: string, body?: object): Asked => ({ method: 'POST', path, ...(body === undefined ? {} : { body }) })
const challengeOf = (pkce?: Pkce) => (pkce === undefined ? {} : { code_challenge: pkce.challenge, code_challenge_method: 's256' })
const redirect = (to?: string) => (to === undefined ? '' : `?redirect_to=${encodeURIComponent(to)}`)

export const kotlin: Sdk = {
  name: 'supabase-kt',
  headers: { 'x-client-info': 'supabase-kt/3.7.0' },
  keyAsBearer: false,
  session: {
    access_token: 'string',
    refresh_token: 'string',
    'provider_refresh_token?': 'string',
    'provider_token?': 'string',
    expires_in: 'int',
    token_type: 'string',
    'user?': USER,
    'type~': 'string',
  },
  user: USER,
  factor: FACTOR,
  enrolledTotp: { id: 'string', totp: { secret: 'string', qr_code: 'string', uri: 'string' } },
  enrolledPhone: { id: 'string', phone: 'string' },
  challenge: { id: 'string', type: 'string', expires_at: 'int' },
  error: { error_code: 'string', msg: 'string' },
  code: 'error_code',

  signUp: (email, password, { data, redirectTo, pkce } = {}) =>
    post(`/signup${redirect(redirectTo)}`, { gotrue_meta_security: {}, ...(data ? { data } : {}), email, password, ...challengeOf(pkce) }),
  signUpWithPhone: (phone, password) => post('/signup', { gotrue_meta_security: {}, phone, password, channel: 'sms' }),
  signUpAnonymously: () => post('/signup', {}),
  signIn: (by, password) => post('/token?grant_type=password', { gotrue_meta_security: {}, ...by, password }),
  otp: (email, { redirectTo, pkce, createUser = true } = {}) =>
    post(`/otp${redirect(redirectTo)}`, { create_user: createUser, email, ...challengeOf(pkce) }),
  // Without a channel unless the app says one; a challenge comes along even for a phone.
  otpByPhone: (phone) => post('/otp', { create_user: true, phone, code_challenge: 'A'.repeat(43), code_challenge_method: 's256' }),
  verify: (type, email, token) => post('/verify', { type, token, email }),
  verifyPhone: (type, phone, token) => post('/verify', { type, token, phone }),
  verifyHash: (type, hash) => post('/verify', { type, token_hash: hash }),
  recover: (email, pkce) => post('/recover', { email, ...challengeOf(pkce) }),
  resend: (type, email) => post('/resend', { type, email }),
  resendToPhone: (type, phone) => post('/resend', { type, phone }),
  idToken: (token, provider, nonce) =>
    post('/token?grant_type=id_token', { gotrue_meta_security: {}, id_token: token, provider, nonce, link_identity: false }),
  // Not encoded, and the text null when the app gives no address.
  authorize: (provider, redirectTo, challenge) =>
    `/authorize?provider=${provider}&redirect_to=${String(redirectTo)}&scopes=email+profile&code_challenge=${challenge}&code_challenge_method=s256`,
  exchange: (code, verifier) => post('/token?grant_type=pkce', { auth_code: code, code_verifier: verifier }),
  refresh: (token) => post('/token?grant_type=refresh_token', { refresh_token: token }),

  update: (changes) => ({ method: 'PUT', path: '/user', body: { ...changes, ...challengeOf({ challenge: 'A'.repeat(43) }) } }),
  reauthenticate: { method: 'GET', path: '/reauthenticate' },
  link: (provider, redirectTo, challenge) => ({
    method: 'GET',
    path: `/user/identities/authorize?provider=${provider}&redirect_to=${redirectTo}&code_challenge=${challenge}&code_challenge_method=s256&skip_http_redirect=true`,
  }),
  unlink: (identityId) => ({ method: 'DELETE', path: `/user/identities/${identityId}` }),
  signOut: (scope) => post(`/logout?scope=${scope}`),

  enrollTotp: (name) => post('/factors', { factor_type: 'totp', friendly_name: name, issuer: 'lodge.example' }),
  enrollPhone: (name, phone) => post('/factors', { factor_type: 'phone', friendly_name: name, phone }),
  challengeFactor: (id) => post(`/factors/${id}/challenge`, {}),
  verifyFactor: (id, challengeId, code) => post(`/factors/${id}/verify`, { code, challenge_id: challengeId }),
  unenroll: (id) => ({ method: 'DELETE', path: `/factors/${id}` }),
  recoveryCodes: null,
  passkeys: null,

  createUser: (attributes) => post('/admin/users', attributes),
  users: (page, perPage) => ({ method: 'GET', path: `/admin/users?page=${page}&per_page=${perPage}` }),
  userById: (id) => ({ method: 'GET', path: `/admin/users/${id}` }),
  updateUser: (id, attributes) => ({ method: 'PUT', path: `/admin/users/${id}`, body: attributes }),
  deleteUser: (id) => ({ method: 'DELETE', path: `/admin/users/${id}` }),
  invite: (email) => post('/invite', { email }),
  generateLink: (type, email) => post('/admin/generate_link', { type, email }),
}
