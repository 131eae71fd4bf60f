// What the paths of /api/v1/admin/consumers take. The OpenAPI document is made of the same schemas.
import * as z from 'zod'

const MOST = 500
const store = z.string().max(20).default('db').describe('The store, as the list names it.')
const seq = z.int().min(1)

export const failuresQuery = z.object({ limit: z.coerce.number().int().min(1).max(MOST).default(50) })
export const replayFailuresBody = z.strictObject({
  store,
  seqs: z.array(seq).min(1).max(MOST).optional().describe('Of the changes to try once more; all that were set aside when absent.'),
})
export const skipBody = z.strictObject({ store, seq: seq.describe('The change that it fails at, `failing_seq` of the list.') })
