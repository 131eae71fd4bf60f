// The paths of /auth/v1 that exist, in GoTrue's dialect. Bodies are the very schemas that the routes read with.
import { codeBody, idTokenBody, passwordBody, personBody, refreshBody, signUpBody } from '../auth/request'
import { ADMINISTRATION_PATHS, DELETE_OWN } from './administration'
import { ADMIN_FACTOR_PATHS, FACTOR_PATHS, FACTOR_SCHEMAS } from './factors'
import { CODE_PATHS } from './codes'
import { ADMIN_PASSKEY_PATHS, PASSKEY_PATHS, PASSKEY_SCHEMAS } from './passkeys'
import { PROVIDER_PATHS } from './providers'
import { answers, API_KEY, body, object, PERSON, reference, taken, tags, text, time } from './words'
import type { JsonSchema } from './schema'

const textOrNull: JsonSchema = { type: ['string', 'null'] }

export const AUTH_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/signup': {
    post: {
      tags,
      operationId: 'auth_signup',
      summary: 'Sign up with an e-mail address or a number and a password, or anonymously',
      description: 'Without `email` and `phone` the person is anonymous. `data` becomes their `user_metadata`.',
      security: API_KEY,
      requestBody: body(taken(signUpBody)),
      responses: answers(
        { anyOf: [reference('schemas', 'Session'), reference('schemas', 'User')] },
        'Signed up and signed in; the bare user where the address has to be confirmed first.',
      ),
    },
  },
  '/auth/v1/token': {
    post: {
      tags,
      operationId: 'auth_token',
      summary: 'Sign in with a password, a provider’s identity token or a code, or refresh a session',
      security: API_KEY,
      parameters: [
        { name: 'grant_type', in: 'query', required: true, schema: { enum: ['password', 'refresh_token', 'id_token', 'pkce'] } },
      ],
      requestBody: body({ anyOf: [passwordBody, refreshBody, idTokenBody, codeBody].map(taken) }),
      responses: answers(reference('schemas', 'Session'), 'A session. Refreshing makes a new refresh token; the old one stops working.'),
    },
  },
  ...CODE_PATHS,
  '/auth/v1/user': {
    get: {
      tags,
      operationId: 'auth_user',
      summary: 'Who is signed in',
      security: PERSON,
      responses: answers(reference('schemas', 'User'), 'The person.'),
    },
    put: {
      tags,
      operationId: 'auth_update_user',
      summary: 'Change one’s e-mail address, number, password or metadata',
      description: 'An address or a number that has to be proved waits as `new_email` or `new_phone` until it is.',
      security: PERSON,
      requestBody: body(taken(personBody)),
      responses: answers(reference('schemas', 'User'), 'The person as they are now.'),
    },
    delete: DELETE_OWN,
  },
  '/auth/v1/logout': {
    post: {
      tags,
      operationId: 'auth_logout',
      summary: 'Sign out',
      description: 'The very next request with the old token is refused.',
      security: PERSON,
      parameters: [{ name: 'scope', in: 'query', schema: { enum: ['global', 'local', 'others'], default: 'global' } }],
      responses: { 204: { description: 'Signed out.' }, '4XX': reference('responses', 'AuthError') },
    },
  },
  '/auth/v1/user/sessions': {
    get: {
      tags,
      operationId: 'auth_sessions',
      summary: 'The devices a person is signed in on',
      security: PERSON,
      responses: answers(
        object({ sessions: { type: 'array', items: reference('schemas', 'Device') } }, ['sessions']),
        'Their live sessions.',
      ),
    },
  },
  '/auth/v1/user/sessions/{id}': {
    delete: {
      tags,
      operationId: 'auth_session_end',
      summary: 'End one of them',
      description: 'What ends is refused on its next call.',
      security: PERSON,
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
      responses: { 204: { description: 'Ended.' }, '4XX': reference('responses', 'AuthError') },
    },
  },
  ...PROVIDER_PATHS,
  ...PASSKEY_PATHS,
  ...FACTOR_PATHS,
  '/auth/v1/settings': {
    get: {
      tags,
      operationId: 'auth_settings',
      summary: 'Which ways of signing in are open',
      security: API_KEY,
      responses: answers(
        object({
          external: { type: 'object', additionalProperties: { type: 'boolean' }, description: 'Each way in, and whether it is open.' },
          disable_signup: { type: 'boolean' },
          mailer_autoconfirm: { type: 'boolean', description: 'Whether an address counts without being proved.' },
          phone_autoconfirm: { type: 'boolean' },
          passkeys_enabled: { type: 'boolean' },
        }),
        'The settings.',
      ),
    },
  },
  '/auth/v1/health': {
    get: {
      tags,
      operationId: 'auth_health',
      summary: 'Whether sign-in runs',
      security: [],
      responses: answers({ type: 'object' }, 'It does.'),
    },
  },
  '/auth/v1/.well-known/jwks.json': {
    get: {
      tags,
      operationId: 'auth_jwks',
      summary: 'Public keys that verify tokens',
      security: [],
      responses: answers(object({ keys: { type: 'array', items: { type: 'object' } } }), 'A JWK set (RFC 7517).'),
    },
  },
  ...ADMINISTRATION_PATHS,
  ...ADMIN_FACTOR_PATHS,
  ...ADMIN_PASSKEY_PATHS,
}

export const AUTH_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...FACTOR_SCHEMAS,
  ...PASSKEY_SCHEMAS,
  User: object(
    {
      id: { type: 'string', format: 'uuid' },
      aud: text,
      role: text,
      email: { ...text, description: 'Empty when there is none.' },
      phone: { ...text, description: 'Without the plus; empty when there is none.' },
      email_confirmed_at: time,
      phone_confirmed_at: time,
      new_email: { ...text, description: 'Waits to be confirmed.' },
      new_phone: { ...text, description: 'Waits to be confirmed.' },
      is_anonymous: { type: 'boolean' },
      app_metadata: { type: 'object', description: 'Written by administrators only.' },
      user_metadata: { type: 'object', description: 'Written by the person; nothing trusts it.' },
      identities: { type: 'array', items: { type: 'object' } },
      factors: { type: 'array', items: { type: 'object' } },
      banned_until: time,
      created_at: time,
      updated_at: time,
      last_sign_in_at: time,
    },
    ['id', 'aud', 'created_at', 'updated_at'],
  ),
  Device: object({
    id: { type: 'string', format: 'uuid' },
    current: { type: 'boolean', description: 'Whether it is the session that asks.' },
    aal: { enum: ['aal1', 'aal2'] },
    device: object({ id: textOrNull, model: textOrNull, platform: textOrNull, app_version: textOrNull, app_build: textOrNull }),
    place: object({ country: textOrNull, city: textOrNull }),
    user_agent: textOrNull,
    created_at: time,
    last_used_at: time,
    expires_at: { ...time, type: ['string', 'null'] },
  }),
  Session: object(
    {
      access_token: { ...text, description: 'A JWT (ES256); goes into `Authorization: Bearer`.' },
      token_type: { const: 'bearer' },
      expires_in: { type: 'integer', description: 'Seconds.' },
      expires_at: { type: 'integer', description: 'Unix time in seconds.' },
      refresh_token: text,
      user: reference('schemas', 'User'),
      weak_password: object({ message: text, reasons: { type: 'array', items: text } }),
      provider_token: { ...text, description: 'Once, from the exchange of a provider’s code.' },
      provider_refresh_token: text,
    },
    ['access_token', 'token_type', 'expires_in', 'expires_at', 'refresh_token', 'user'],
  ),
  AuthError: object({
    code: { type: ['string', 'integer'], description: 'The name, for who sends `X-Supabase-Api-Version: 2024-01-01`; else the status.' },
    error_code: { ...text, description: 'The name of what is wrong, of those under /docs/errors.' },
    message: text,
    msg: text,
    error: { ...text, description: 'In refusals of identity tokens, by OAuth 2.0.' },
    error_description: text,
  }),
}
