// Unmodified @supabase/supabase-js against the built Worker on a real port. One server for all of it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import budgets from '../../bench/budgets.json'
import { build, startServer, type Build, type Server } from '../support/server'
import { authentication } from './auth'
import { data } from './data'
import { phones } from './phones'
import { STORM_VARS } from '../support/webhook-storm'
import { webhooks } from './webhooks'

let built: Build
let server: Server

beforeAll(async () => {
  built = build()
  server = await startServer(built, STORM_VARS)
}, 120_000)

afterAll(async () => {
  await server?.close()
  built?.remove()
})

authentication(() => server)
phones(() => server)
data(() => server)
webhooks(() => server)

test('the bundle is within its budget', () => {
  expect(built.gzipBytes / 1024).toBeLessThan(budgets.bundle.gzipKiB)
})
