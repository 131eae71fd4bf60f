// The paths of /auth/v1/passkeys, in GoTrue's dialect.
import { nameBody, registrationBody, signInBody } from '../auth/passkeys'
import type { JsonSchema } from './schema'
import { answers, API_KEY, body, object, PERSON, reference, silence, taken, tags, text, time } from './words'

const passkey = reference('schemas', 'Passkey')
const challenge = (described: string) => answers(reference('schemas', 'PasskeyChallenge'), described)
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }

export const PASSKEY_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/passkeys/registration/options': {
    post: {
      tags,
      operationId: 'auth_passkey_registration_options',
      summary: 'Begin to make a passkey',
      security: PERSON,
      responses: challenge('For `navigator.credentials.create()`, Credential Manager or AuthenticationServices.'),
    },
  },
  '/auth/v1/passkeys/registration/verify': {
    post: {
      tags,
      operationId: 'auth_passkey_registration_verify',
      summary: 'Keep the passkey that the authenticator made',
      security: PERSON,
      requestBody: body(taken(registrationBody)),
      responses: answers(passkey, 'The passkey.'),
    },
  },
  '/auth/v1/passkeys/authentication/options': {
    post: {
      tags,
      operationId: 'auth_passkey_authentication_options',
      summary: 'Begin to sign in with a passkey',
      security: API_KEY,
      responses: challenge('For `navigator.credentials.get()`, Credential Manager or AuthenticationServices.'),
    },
  },
  '/auth/v1/passkeys/authentication/verify': {
    post: {
      tags,
      operationId: 'auth_passkey_authentication_verify',
      summary: 'Sign in with a passkey',
      security: API_KEY,
      requestBody: body(taken(signInBody)),
      responses: answers(reference('schemas', 'Session'), 'A session.'),
    },
  },
  '/auth/v1/passkeys': {
    get: {
      tags,
      operationId: 'auth_passkeys',
      summary: 'One’s own passkeys',
      security: PERSON,
      responses: answers({ type: 'array', items: passkey }, 'The oldest first.'),
    },
  },
  '/auth/v1/passkeys/{id}': {
    patch: {
      tags,
      operationId: 'auth_passkey_rename',
      summary: 'Rename a passkey',
      security: PERSON,
      parameters: [id],
      requestBody: body(taken(nameBody)),
      responses: answers(passkey, 'The passkey.'),
    },
    delete: {
      tags,
      operationId: 'auth_passkey_remove',
      summary: 'Remove a passkey',
      security: PERSON,
      parameters: [id],
      responses: silence('It is gone.'),
    },
  },
}

export const ADMIN_PASSKEY_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/admin/users/{id}/passkeys': {
    get: {
      tags,
      operationId: 'auth_admin_passkeys',
      summary: 'A person’s passkeys, for operators',
      description: 'With the secret key.',
      security: API_KEY,
      parameters: [id],
      responses: answers({ type: 'array', items: passkey }, 'The oldest first.'),
    },
  },
  '/auth/v1/admin/users/{id}/passkeys/{passkeyId}': {
    delete: {
      tags,
      operationId: 'auth_admin_passkey_remove',
      summary: 'Remove a passkey of somebody, for operators',
      description: 'With the secret key.',
      security: API_KEY,
      parameters: [id, { ...id, name: 'passkeyId' }],
      responses: silence('It is gone.'),
    },
  },
}

export const PASSKEY_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Passkey: object({ id: { type: 'string', format: 'uuid' }, friendly_name: text, created_at: time, last_used_at: time }, [
    'id',
    'created_at',
  ]),
  PasskeyChallenge: object(
    {
      challenge_id: { type: 'string', format: 'uuid' },
      options: { type: 'object', description: 'JSON of WebAuthn’s creation or request options.' },
      expires_at: { type: 'integer', description: 'Unix time in seconds.' },
    },
    ['challenge_id', 'options', 'expires_at'],
  ),
}
