// The paths of /auth/v1/admin about people, of invitations, and of one's own account's end.
import { changedPersonBody, deleteBody, factorBody, inviteBody, linkBody, newPersonBody, rolesBody } from '../auth/admin-request'
import type { JsonSchema } from './schema'
import { leaveBody } from '../auth/request'
import { answers, API_KEY, body, object, PERSON, reference, silence, taken, tags, text, time } from './words'

const uuid: JsonSchema = { type: 'string', format: 'uuid' }
const userId: JsonSchema = { name: 'id', in: 'path', required: true, schema: uuid }
const user = reference('schemas', 'User')
const query = (name: string, description: string, schema: JsonSchema = text): JsonSchema => ({ name, in: 'query', description, schema })
const paging = [
  query('page', 'From 1 on.', { type: 'integer', minimum: 1 }),
  query('per_page', '50 when absent.', { type: 'integer', minimum: 1, maximum: 1000 }),
]
const operation = (operationId: string, summary: string, rest: JsonSchema): JsonSchema => ({
  tags,
  operationId: `auth_admin_${operationId}`,
  summary,
  description: 'With the secret key.',
  security: API_KEY,
  ...rest,
})
const roles = object({ roles: { type: 'array', items: text } }, ['roles'])
const changeOfRoles = (operationId: string, summary: string): JsonSchema =>
  operation(operationId, summary, {
    parameters: [userId],
    requestBody: body(taken(rolesBody)),
    responses: answers(roles, 'The roles that they have then.'),
  })

export const ADMINISTRATION_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/admin/users': {
    get: operation('users', 'People, a page at a time', {
      parameters: [
        ...paging,
        query('filter', 'Stands in the address, the number, the id or the name.'),
        query('sort', 'The newest first when absent.', { enum: ['created_at asc', 'created_at desc'] }),
      ],
      responses: answers(
        object({ users: { type: 'array', items: user }, aud: text }, ['users', 'aud']),
        'Headers: `x-total-count`, and `link` with the next and the last page.',
      ),
    }),
    post: operation('create_user', 'Make a person', { requestBody: body(taken(newPersonBody)), responses: answers(user, 'The person.') }),
  },
  '/auth/v1/admin/users/{id}': {
    get: operation('user', 'A person', { parameters: [userId], responses: answers(user, 'The person.') }),
    put: operation('update_user', 'Change or ban a person', {
      parameters: [userId],
      requestBody: body(taken(changedPersonBody)),
      responses: answers(user, 'The person as they are now. A new password ends their sessions.'),
    }),
    delete: operation('delete_user', 'Delete a person', {
      parameters: [userId],
      requestBody: { content: body(taken(deleteBody))['content'] },
      responses: answers(object({}), 'They are gone, with their sessions.'),
    }),
  },
  '/auth/v1/admin/users/{id}/logout': {
    post: operation('end_sessions', 'End all sessions of a person', { parameters: [userId], responses: silence('They have ended.') }),
  },
  '/auth/v1/admin/users/{id}/roles': {
    get: operation('roles', 'The roles of a person', {
      parameters: [userId],
      responses: answers(roles, 'As they stand in `app_metadata`.'),
    }),
    post: changeOfRoles('grant_roles', 'Give a person roles'),
    delete: changeOfRoles('remove_roles', 'Take roles from a person, with their next call'),
  },
  '/auth/v1/admin/generate_link': {
    post: operation('generate_link', 'A link and a code for somebody, to be sent by you', {
      requestBody: body(taken(linkBody)),
      responses: answers(
        {
          allOf: [
            user,
            object({ action_link: text, email_otp: text, hashed_token: text, verification_type: text, redirect_to: text }, [
              'action_link',
              'email_otp',
              'hashed_token',
              'verification_type',
              'redirect_to',
            ]),
          ],
        },
        'The person, and the link beside them.',
      ),
    }),
  },
  '/auth/v1/invite': {
    post: operation('invite', 'Invite somebody by mail', { requestBody: body(taken(inviteBody)), responses: answers(user, 'The person.') }),
  },
  '/auth/v1/admin/audit': {
    get: operation('audit', 'What was done to whom', {
      parameters: [...paging, query('query', '`author:`, `action:`, `type:` or `user:`, and what to look for.')],
      responses: answers(
        {
          type: 'array',
          items: object({ id: uuid, payload: object({}), created_at: time, ip_address: text }, ['id', 'payload', 'created_at']),
        },
        'The newest first.',
      ),
    }),
  },
  '/auth/v1/user/export': {
    get: {
      tags,
      operationId: 'auth_export_user',
      summary: 'All that sign-in holds of who asks',
      security: PERSON,
      responses: answers(object({ exported_at: time, user }, ['exported_at', 'user']), 'No password, key or secret.'),
    },
  },
}

/** Of `/auth/v1/user`. */
export const DELETE_OWN: JsonSchema = {
  tags,
  operationId: 'auth_delete_user',
  summary: 'Delete one’s own account',
  description: 'Within ten minutes of a sign-in, or with the code of `reauthenticate()`; and with the second factor of who has one.',
  security: PERSON,
  requestBody: { content: body(taken(leaveBody))['content'] },
  responses: answers(object({}), 'It is gone.'),
}

/** Of `/auth/v1/admin/users/{id}/factors/{factorId}`. */
export const CHANGE_FACTOR: JsonSchema = operation('factor_update', 'Rename a second factor of somebody, or change its number', {
  parameters: [userId, { ...userId, name: 'factorId' }],
  requestBody: body(taken(factorBody)),
  responses: answers(object({ id: uuid, factor_type: text, status: text }, ['id']), 'The factor as it is now.'),
})
