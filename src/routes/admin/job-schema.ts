// What the paths of /api/v1/admin/jobs take. The OpenAPI document is made of the same schemas.
import * as z from 'zod'
import { JOB_STATES } from '../../jobs'

const store = z
  .string()
  .regex(/^db(?:_\d+)?$/, 'db, db_1, db_2, …')
  .default('db')
  .describe('The database: `db`, or `db_1`, `db_2`, … of partitioned tables.')

export const jobsQuery = z.object({
  state: z.enum(JOB_STATES).optional().describe('`failed` waits for another attempt after one that failed.'),
  name: z.string().max(64).optional(),
  before: z.uuid().optional().describe('`next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  store,
})
export const jobQuery = z.object({ store })
export const replayBody = z.strictObject({
  name: z.string().max(64).optional().describe('Only jobs of this name.'),
  limit: z.int().min(1).max(1_000).default(100),
  store,
})
