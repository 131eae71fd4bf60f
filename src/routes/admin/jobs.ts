// /api/v1/admin/jobs: what the holder of the secret key sees of jobs and does about them.
import { Hono } from 'hono'
import { AppError } from '../../core'
import { cancelJob, countJobs, findJob, jobErrors, listJobs, replayDead, replayJob } from '../../jobs'
import { requestErrors, type AppContext, type AppEnv } from '../../middleware'
import type { Store } from '../../platform'
import { jobQuery, jobsQuery, replayBody } from './job-schema'
import { readJson, readQuery } from './request'

const INVALID = requestErrors.bad_request

/** Errors: `job_not_found`, for a database that isn't there holds none. */
function storeOf(c: AppContext, name: string): Store {
  const store = c.var.stores.all.find((one) => one.name === name)
  if (!store) throw new AppError(jobErrors.job_not_found, { message: `There is no database "${name}".` })
  return store
}

const storeAsked = (c: AppContext): Store => storeOf(c, readQuery(c, jobQuery, INVALID).store)

export const jobs = new Hono<AppEnv>()

jobs.get('/', async (c) => {
  const { store, ...filter } = readQuery(c, jobsQuery, INVALID)
  const found = await listJobs(storeOf(c, store), filter, Date.now())
  return c.json({ jobs: found, next: found.length === filter.limit ? (found.at(-1)?.id ?? null) : null })
})

jobs.get('/counts', async (c) => c.json({ counts: await countJobs(c.var.stores, Date.now()) }))

jobs.post('/replay', async (c) => {
  const { store, ...choice } = await readJson(c, replayBody, INVALID)
  return c.json({ replayed: await replayDead(c.var.stores, storeOf(c, store), choice, Date.now()) })
})

jobs.get('/:id', async (c) => c.json(await findJob(storeAsked(c), c.req.param('id'), Date.now())))

jobs.post('/:id/replay', async (c) => {
  const store = storeAsked(c)
  await replayJob(c.var.stores, store, c.req.param('id'), Date.now())
  return c.json(await findJob(store, c.req.param('id'), Date.now()))
})

jobs.post('/:id/cancel', async (c) => {
  const store = storeAsked(c)
  await cancelJob(store, c.req.param('id'), Date.now())
  return c.json(await findJob(store, c.req.param('id'), Date.now()))
})
