// The paths of /auth/v1/factors: second factors, and recovery codes, which are a factor with a name in the place of an id.
import { challengeBody, enrollBody, recoveryBody, recoveryCodeBody, verifyBody } from '../auth/factors'
import { CHANGE_FACTOR } from './administration'
import type { JsonSchema } from './schema'
import { answers, API_KEY, body, object, PERSON, reference, taken, tags, text } from './words'

const uuid: JsonSchema = { type: 'string', format: 'uuid' }
const factor = [{ name: 'id', in: 'path', required: true, schema: uuid }]
const operation = (operationId: string, summary: string, rest: JsonSchema): JsonSchema => ({
  tags,
  operationId: `auth_factor_${operationId}`,
  summary,
  security: PERSON,
  ...rest,
})
const shown = (description: string) => answers(reference('schemas', 'Factor'), description)
const removed = answers(object({ id: uuid }, ['id']), 'It is gone. Sessions that were strong by it are weak again.')
const session = answers(reference('schemas', 'Session'), 'The session, aal2.')

export const FACTOR_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/factors': {
    post: operation('enroll', 'Begin to add a second factor', {
      requestBody: body(taken(enrollBody)),
      responses: shown('What the phone shows: for `totp` a QR code and its secret.'),
    }),
  },
  '/auth/v1/factors/{id}': {
    delete: operation('unenroll', 'Remove a second factor', { parameters: factor, responses: removed }),
  },
  '/auth/v1/factors/{id}/challenge': {
    post: operation('challenge', 'Ask for a proof of a factor', {
      parameters: factor,
      requestBody: { content: body(taken(challengeBody))['content'] },
      responses: shown('Good for one try within five minutes. For `webauthn` with what the authenticator is asked for.'),
    }),
  },
  '/auth/v1/factors/{id}/verify': {
    post: operation('verify', 'Prove a factor', { parameters: factor, requestBody: body(taken(verifyBody)), responses: session }),
  },
  '/auth/v1/factors/recovery-codes': {
    get: operation('recovery_codes', 'How many recovery codes are left', { responses: shown('`total` and `remaining`, never a code.') }),
    post: operation('recovery_codes_generate', 'Make recovery codes', {
      requestBody: { content: body(taken(recoveryBody))['content'] },
      responses: shown('Ten `codes`, shown this once.'),
    }),
    delete: operation('recovery_codes_remove', 'Remove all recovery codes', { responses: removed }),
  },
  '/auth/v1/factors/recovery-codes/verify': {
    post: operation('recovery_codes_verify', 'Use a recovery code', { requestBody: body(taken(recoveryCodeBody)), responses: session }),
  },
  '/auth/v1/factors/recovery-codes/regenerate': {
    post: operation('recovery_codes_regenerate', 'Make other recovery codes; the old ones count no more', {
      responses: shown('Ten `codes`, shown this once.'),
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
  Factor: object(
    {
      id: uuid,
      type: { enum: ['totp', 'phone', 'webauthn', 'recovery_code'] },
      friendly_name: text,
      totp: { type: 'object', description: '`qr_code` (SVG), `uri`, which it shows, and `secret`, for who types it.' },
      phone: text,
      webauthn: { type: 'object' },
      expires_at: { type: 'integer', description: 'Of a challenge: Unix time in seconds.' },
      total: { type: 'integer' },
      remaining: { type: 'integer' },
      codes: { type: 'array', items: text },
    },
    ['id', 'type'],
  ),
}
