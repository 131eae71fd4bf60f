// The harbour on a real port: built as a deploy would, its tables made, its rows written through the API.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { engineSchema, expectedSchema, planMigration } from '../../../src/migrations'
import app from '../../apps/harbour'
import { NAVY_ROWS, ROWS } from '../../apps/harbour/seed'
import { build, startServer, type Server } from '../../support/server'

export interface Harbour {
  readonly server: Server
  /** With the publishable key, and nobody signed in. */
  readonly client: SupabaseClient
  close(): Promise<void>
}

/** Starts it. Throws where a row can't be written. */
export async function openHarbour(): Promise<Harbour> {
  const built = build('tests/clients/methods/wrangler.toml')
  const server = await startServer(built)
  const { statements } = planMigration(engineSchema(), expectedSchema(app))
  await server.db.batch(statements.map((statement) => server.db.prepare(statement)))
  const client = createClient(server.url, server.keys.publishableKey, { auth: { persistSession: false, autoRefreshToken: false } })
  for (const [table, rows] of Object.entries(ROWS))
    await client
      .from(table)
      .insert([...rows])
      .throwOnError()
  await client.schema('navy').from('ships').insert(NAVY_ROWS).throwOnError()
  return {
    server,
    client,
    async close() {
      await server.close()
      built.remove()
    },
  }
}
