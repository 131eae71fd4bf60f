// What the paths of /api/v1/admin/webhooks take. The OpenAPI document is made of the same schemas.
import * as z from 'zod'
import { MAX_DELIVERIES, MAX_OVERLAP_SECONDS, OVERLAP_SECONDS, PATTERN, secretBytes, TYPE } from '../../webhooks'

const MAX_EVENTS = 100

const url = z.string().min(1).describe('Where events are sent: https, a public address, port 443 or 8443.')
const events = z
  .array(z.string().max(200).regex(PATTERN, 'a type such as trips.updated, trips.* or *'))
  .min(1)
  .max(MAX_EVENTS)
  .describe('What the endpoint is told of: `trips.updated`, `trips.*`, an event of your own, or `*`.')
const description = z.string().max(500).nullable()
const secret = z
  .string()
  .refine((text) => secretBytes(text) !== null, 'whsec_ and 24 to 64 bytes in base64')
  .describe('`whsec_` and 24 to 64 bytes in base64. Made when absent.')

export const createBody = z.strictObject({ url, events, description: description.default(null), secret: secret.optional() })
export const updateBody = z.strictObject({ url: url.optional(), events: events.optional(), description: description.optional() })
export const rotateBody = z.strictObject({
  secret: secret.optional(),
  overlap_seconds: z
    .int()
    .min(0)
    .max(MAX_OVERLAP_SECONDS)
    .default(OVERLAP_SECONDS)
    .describe('For so long the former secret goes on to sign beside the new one.'),
})
export const replayBody = z.union([
  z.strictObject({ deliveries: z.array(z.string().max(100)).min(1).max(MAX_DELIVERIES).describe('Their ids.') }),
  z.strictObject({ failed: z.literal(true) }),
  z.strictObject({ seq: z.int().min(1).describe('The first change of the log to be sent again.') }),
  z.strictObject({ since: z.iso.datetime({ offset: true }).describe('All changes from then on.') }),
])
export const eventBody = z.strictObject({
  type: z.string().max(200).regex(TYPE, 'words and dots, such as invoice.paid'),
  data: z.json(),
  key: z.string().min(1).max(200).optional().describe('Events with the same key reach an endpoint one after the other.'),
  id: z.string().min(1).max(200).optional().describe('The same event given twice under it is one.'),
})
export const deliveriesQuery = z.object({
  state: z.enum(['held', 'ready', 'delivered', 'failed']).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_DELIVERIES).default(50),
  before: z.coerce.number().int().min(1).optional().describe('`next` of the page before.'),
})
