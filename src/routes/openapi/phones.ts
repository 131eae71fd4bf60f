// The paths of /auth/v1 that send a code and take one, for phone numbers.
import { phoneBodies } from '../auth/phone'
import { answers, API_KEY, body, object, PERSON, reference, taken, tags, text } from './words'
import type { JsonSchema } from './schema'

const sent = answers(object({ message_id: text }), 'Answered alike whether anything was sent.')

export const PHONE_PATHS: Readonly<Record<string, JsonSchema>> = {
  '/auth/v1/otp': {
    post: {
      tags,
      operationId: 'auth_otp',
      summary: 'Send a code to sign in with',
      description: 'To a phone number. Who is not known becomes a person, unless `create_user` is false.',
      security: API_KEY,
      requestBody: body(taken(phoneBodies.code)),
      responses: sent,
    },
  },
  '/auth/v1/resend': {
    post: {
      tags,
      operationId: 'auth_resend',
      summary: 'Send a code once more',
      description: '`sms` for a number that waits to be proved, `phone_change` for one that is to become a person’s.',
      security: API_KEY,
      requestBody: body(taken(phoneBodies.resend)),
      responses: sent,
    },
  },
  '/auth/v1/verify': {
    post: {
      tags,
      operationId: 'auth_verify',
      summary: 'Sign in with a code',
      security: API_KEY,
      requestBody: body(taken(phoneBodies.verify)),
      responses: answers(reference('schemas', 'Session'), 'A session. The code is used.'),
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
