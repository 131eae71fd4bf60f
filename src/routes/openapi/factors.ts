// The paths of /auth/v1/factors: second factors, and recovery codes under the id `recovery-codes`.
import { challengeBody, enrollBody, recoveryBody, recoveryCodeBody, verifyBody } from '../auth/factors'
import { CHANGE_FACTOR } from './administration'
import type { JsonSchema } from './schema'
import { answers, API_KEY, body, object, PERSON, reference, taken, tags, text } from './words'

const uuid: JsonSchema = { type: 'string', format: 'uuid' }
const factor = [{ name: 'id', in: 'path', required: true, description: 'A factor, or `recovery-codes`.', schema: text }]
const recoveryCodes = [{ name: 'id', in: 'path', required: true, schema: { const: 'recovery-codes' } }]
const operation = (operationId: string, summary: string, rest: JsonSchema): JsonSchema => ({
  tags,
  operationId: `auth_factor_${operationId}`,
  summary,
  security: PERSON,
  ...rest,
})
const shown = (description: string) => answers(reference('schemas', 'Factor'), description)
const session = answers(reference('schemas', 'Session'), 'The session, aal2.')

export const FACTOR_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/factors': {
    post: operation('enroll', 'Begin to add a second factor', {
      requestBody: body(taken(enrollBody)),
      responses: shown('What the phone shows: for `totp` a QR code and its secret.'),
    }),
  },
  '/auth/v1/factors/{id}': {
    get: operation('recovery_codes', 'How many recovery codes are left', { parameters: recoveryCodes, responses: shown('Never a code.') }),
    post: operation('recovery_codes_generate', 'Make recovery codes', {
      parameters: recoveryCodes,
      requestBody: { content: body(taken(recoveryBody))['content'] },
      responses: shown('Ten codes, shown this once.'),
    }),
    delete: operation('unenroll', 'Remove a second factor, or all recovery codes', {
      parameters: factor,
      responses: answers(object({ id: uuid }, ['id']), 'It is gone. Sessions that were strong by it are weak again.'),
    }),
  },
  '/auth/v1/factors/{id}/challenge': {
    post: operation('challenge', 'Ask for a proof of a factor', {
      parameters: factor,
      requestBody: { content: body(taken(challengeBody))['content'] },
      responses: shown('Good for one try within five minutes. For `webauthn` with what the authenticator is asked for.'),
    }),
  },
  '/auth/v1/factors/{id}/verify': {
    post: operation('verify', 'Prove a factor, or use a recovery code', {
      parameters: factor,
      requestBody: body({ anyOf: [taken(verifyBody), taken(recoveryCodeBody)] }),
      responses: session,
    }),
  },
  '/auth/v1/factors/{id}/regenerate': {
    post: operation('recovery_codes_regenerate', 'Make other recovery codes; the old ones count no more', {
      parameters: recoveryCodes,
      responses: shown('Ten codes, shown this once.'),
    }),
  },
}

const userId: JsonSchema = { name: 'id', in: 'path', required: true, schema: uuid }

export const ADMIN_FACTOR_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/admin/users/{id}/factors': {
    get: {
      tags,
      operationId: 'auth_admin_factors',
      summary: 'A person’s second factors, for operators',
      description: 'With the secret key.',
      security: API_KEY,
      parameters: [userId],
      responses: answers({ type: 'array', items: object({ id: uuid, factor_type: text, status: text }, ['id']) }, 'The oldest first.'),
    },
  },
  '/auth/v1/admin/users/{id}/factors/{factorId}': {
    put: CHANGE_FACTOR,
    delete: {
      tags,
      operationId: 'auth_admin_factor_remove',
      summary: 'Remove a second factor of somebody, for operators',
      description: 'With the secret key. Sessions that were strong by it are weak with their next call.',
      security: API_KEY,
      parameters: [userId, { ...userId, name: 'factorId' }],
      responses: answers(object({ id: uuid, factor_type: text, status: text }, ['id']), 'The factor that is gone.'),
    },
  },
}

export const FACTOR_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Factor: object({ id: uuid, type: { enum: ['totp', 'phone', 'webauthn', 'recovery_code'] } }, ['id', 'type']),
}
