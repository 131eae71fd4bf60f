// The lodge on a real port, built as a deploy would, and guests with a phone each.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { engineSchema, expectedSchema, planMigration } from '../../../src/migrations'
import app from '../../apps/lodge'
import { build, startServer, type Server } from '../../support/server'

export const PASSWORD = 'a long walk home'

export interface Lodge {
  readonly server: Server
  /** A phone on which nobody is signed in. */
  phone(options?: PhoneOptions): SupabaseClient
  /** A server of the app's own, with the secret key. */
  desk(): SupabaseClient
  close(): Promise<void>
}

interface PhoneOptions {
  /** `implicit` when absent, as supabase-js has it. */
  readonly flowType?: 'implicit' | 'pkce'
  readonly throwOnError?: boolean
  /** One of its own when absent. */
  readonly storage?: ReturnType<typeof memory>
}

/** The name under which a phone keeps its session. */
export const STORAGE_KEY = 'lodge'

/** Where a phone keeps it, as its app's storage would. */
export function memory() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

export async function openLodge(): Promise<Lodge> {
  const built = build('tests/clients/sign-in/wrangler.toml')
  const server = await startServer(built)
  const { statements } = planMigration(engineSchema(), expectedSchema(app))
  await server.db.batch(statements.map((statement) => server.db.prepare(statement)))
  const client = (key: string, options: PhoneOptions = {}) =>
    createClient(server.url, key, {
      auth: { storage: memory(), storageKey: STORAGE_KEY, autoRefreshToken: false, experimental: { recoveryCodes: true }, ...options },
    })
  return {
    server,
    phone: (options) => client(server.keys.publishableKey, options),
    desk: () => client(server.keys.secretKey),
    async close() {
      await server.close()
      built.remove()
    },
  }
}

let guests = 0
/** An address that nobody has had. */
export const newAddress = (): string => `guest-${process.pid.toString(36)}-${guests++}@lodge.example`

/** Somebody with an address and `PASSWORD`, who isn't signed in anywhere. */
export async function guest(lodge: Lodge): Promise<string> {
  const email = newAddress()
  const { error } = await lodge.phone().auth.signUp({ email, password: PASSWORD })
  if (error) throw error
  return email
}
