// The paths of /auth/v1 that send a code or a link and take one, for mail addresses and phone numbers.
import { mailBodies } from '../auth/mail'
import { phoneBodies } from '../auth/phone'
import { verifyMailBody } from '../auth/verify'
import { answers, API_KEY, body, object, PERSON, reference, taken, tags, text } from './words'
import type { JsonSchema } from './schema'

const ALIKE = 'Answered alike whether anything was sent. Numbers get the id of their message.'
const sent = answers(object({ message_id: text }), ALIKE)
const either = (...bodies: readonly Parameters<typeof taken>[0][]) => body({ anyOf: bodies.map((one) => taken(one)) })

const asking = (operationId: string, summary: string, description: string, requestBody: JsonSchema): JsonSchema => ({
  post: { tags, operationId, summary, description, security: API_KEY, requestBody, responses: sent },
})

const parameter = (name: string, required: boolean, schema: JsonSchema = text): JsonSchema => ({ name, in: 'query', required, schema })

export const CODE_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/otp': asking(
    'auth_otp',
    'Send a code to sign in with',
    'By mail with a link, or to a phone number. Who is not known becomes a person, unless `create_user` is false.',
    either(mailBodies.code, phoneBodies.code),
  ),
  '/auth/v1/magiclink': asking('auth_magiclink', 'Mail a link to sign in with', 'The older name of `/otp`.', body(taken(mailBodies.link))),
  '/auth/v1/recover': asking(
    'auth_recover',
    'Mail a link to a new password',
    'It signs the person in, who then changes the password.',
    body(taken(mailBodies.recover)),
  ),
  '/auth/v1/resend': asking(
    'auth_resend',
    'Send a code once more',
    '`signup` for an address that waits to be proved, `email_change` for one that is to become a person’s; `sms` and `phone_change` for numbers.',
    either(mailBodies.resend, phoneBodies.resend),
  ),
  '/auth/v1/verify': {
    get: {
      tags,
      operationId: 'auth_open_link',
      summary: 'Open the link of a mail',
      security: [],
      parameters: [parameter('token', true), parameter('type', true), parameter('redirect_to', false)],
      responses: {
        '303': { description: 'To the app: with the session in the fragment, a `code` in the query, or an `error` in either.' },
        default: reference('responses', 'AuthError'),
      },
    },
    post: {
      tags,
      operationId: 'auth_verify',
      summary: 'Sign in with a code',
      security: API_KEY,
      requestBody: either(verifyMailBody, phoneBodies.verify),
      responses: answers(
        reference('schemas', 'Session'),
        'A session. The code is used. `{ msg, code }` for the first half of a change of address.',
      ),
    },
  },
  '/auth/v1/reauthenticate': {
    get: {
      tags,
      operationId: 'auth_reauthenticate',
      summary: 'Send a code that shows that it is still the person who holds the session',
      security: PERSON,
      responses: sent,
    },
  },
}
