// The paths of /auth/v1 that lead to providers and back, and what a person has there.
import { answers, PERSON, object, reference, tags, text } from './words'
import type { JsonSchema } from './schema'

const asked = (name: string, description: string, required = false): JsonSchema => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type: 'string' },
})

const AUTHORIZE: readonly JsonSchema[] = [
  asked('provider', 'A declared provider, with or without `custom:` before its name.', true),
  asked('redirect_to', 'Where the browser ends; the site when the app does not list it.'),
  asked('scopes', 'Beside those that the app declares.'),
  asked('code_challenge', 'RFC 7636; without it the session stands in the fragment at the end.'),
  asked('code_challenge_method', '`s256` or `plain`.'),
]

const sentOn = (description: string): JsonSchema => ({
  302: { description, headers: { location: { schema: { type: 'string', format: 'uri' } } } },
  '4XX': reference('responses', 'AuthError'),
  '5XX': reference('responses', 'AuthError'),
})

export const PROVIDER_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/authorize': {
    get: {
      tags,
      operationId: 'auth_authorize',
      summary: 'Send a browser to a provider',
      description: 'Other parameters go on to the provider, but for those that decide who gets in.',
      security: [],
      parameters: AUTHORIZE,
      responses: sentOn('To the provider.'),
    },
  },
  '/auth/v1/callback': {
    get: {
      tags,
      operationId: 'auth_callback',
      summary: 'Where providers send browsers back to',
      security: [],
      parameters: [
        asked('state', 'Counts once.', true),
        asked('code', 'Of the provider.'),
        asked('iss', 'RFC 9207.'),
        asked('error', 'RFC 6749 §4.1.2.1.'),
      ],
      responses: sentOn(
        'On to the app: with `code`, with the session behind `#`, or with `error`, `error_code` and `error_description` in both.',
      ),
    },
    post: {
      tags,
      operationId: 'auth_callback_form',
      summary: 'The same as a form, as Apple sends it',
      security: [],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': { schema: object({ state: text, code: text, user: text, error: text }, ['state']) },
        },
      },
      responses: sentOn('On to the app.'),
    },
  },
  '/auth/v1/user/identities/authorize': {
    get: {
      tags,
      operationId: 'auth_identity_authorize',
      summary: 'Add an account at a provider',
      security: PERSON,
      parameters: [...AUTHORIZE, asked('skip_http_redirect', '`true` for the address in the body.')],
      responses: { ...answers(object({ url: text }, ['url']), 'Where to send the browser.'), ...sentOn('To the provider.') },
    },
  },
  '/auth/v1/user/identities/{id}': {
    delete: {
      tags,
      operationId: 'auth_identity_unlink',
      summary: 'Take a way to sign in away, never the last',
      security: PERSON,
      parameters: [
        { name: 'id', in: 'path', required: true, description: 'Its `identity_id`.', schema: { type: 'string', format: 'uuid' } },
      ],
      responses: answers({ type: 'object' }, 'It is gone.'),
    },
  },
}
