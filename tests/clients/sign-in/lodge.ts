// The lodge on a real port, built as a deploy would, and guests with a phone each.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { engineSchema, expectedSchema, planMigration } from '../../../src/migrations'
import app from '../../apps/lodge'
import { build, startServer, type Server } from '../../support/server'
import { openInn, type Inn } from './inn'

export const PASSWORD = 'a long walk home'

/** What the providers know of this app. */
const VARS = { PERIGEE_AUTH_INN_SECRET: 'a secret of the inn', PERIGEE_AUTH_GOOGLE_SECRET: 'a secret of google' }

export interface Lodge {
  readonly server: Server
  /** The provider `inn`. */
  readonly inn: Inn
  /** A phone on which nobody is signed in. */
  phone(options?: PhoneOptions): SupabaseClient
  /** A server of the app's own, with the secret key. */
  desk(): SupabaseClient
  /** What the newest message to an address or a number carries; waits for one after `after`. */
  message(to: string, after?: Letter): Promise<Letter>
  close(): Promise<void>
}

export interface Letter {
  readonly id: string
  readonly kind: string
  readonly variables: Readonly<Record<string, string>>
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
  const [server, inn] = await Promise.all([startServer(built, VARS), openInn()])
  const { statements } = planMigration(engineSchema(), expectedSchema(app))
  await server.db.batch(statements.map((statement) => server.db.prepare(statement)))
  const client = (key: string, options: PhoneOptions = {}) =>
    createClient(server.url, key, {
      auth: { storage: memory(), storageKey: STORAGE_KEY, autoRefreshToken: false, experimental: { recoveryCodes: true }, ...options },
    })
  const message: Lodge['message'] = async (to, after) => {
    for (let tries = 0; tries < 200; tries++) {
      const answer = await fetch(`${server.url}/dev/outbox.json?to=${encodeURIComponent(to)}&limit=1`)
      const [newest] = ((await answer.json()) as { messages: Letter[] }).messages
      if (newest && newest.id !== after?.id) return newest
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`Nothing was sent to ${to}.`)
  }
  return {
    server,
    inn,
    message,
    phone: (options) => client(server.keys.publishableKey, options),
    desk: () => client(server.keys.secretKey),
    async close() {
      await Promise.all([server.close(), inn.close()])
      built.remove()
    },
  }
}

let guests = 0
/** An address that nobody has had. */
export const newAddress = (): string => `guest-${process.pid.toString(36)}-${guests++}@lodge.example`
export const newNumber = (): string => `+4915${String(Date.now()).slice(-6)}${String(guests++).padStart(3, '0')}`

/** Somebody with an address and `PASSWORD`, who isn't signed in anywhere. */
export async function guest(lodge: Lodge): Promise<string> {
  const email = newAddress()
  const { error } = await lodge.desk().auth.admin.createUser({ email, password: PASSWORD, email_confirm: true })
  if (error) throw error
  return email
}

interface Member {
  readonly phone: SupabaseClient
  readonly email: string
  readonly id: string
}

/** A phone on which somebody is signed in whose address the inn vouches for. */
export async function member(lodge: Lodge, options?: PhoneOptions): Promise<Member> {
  const email = newAddress()
  const phone = lodge.phone(options)
  const token = await lodge.inn.idToken({ sub: crypto.randomUUID(), email, email_verified: true })
  const { data, error } = await phone.auth.signInWithIdToken({ provider: 'inn', token })
  if (error) throw error
  return { phone, email, id: data.user.id }
}

/** The same with a code that was mailed, so that the address is the way in. */
export async function resident(lodge: Lodge, options?: PhoneOptions): Promise<Member> {
  const email = newAddress()
  const phone = lodge.phone(options)
  const { error } = await phone.auth.signInWithOtp({ email })
  if (error) throw error
  const { variables } = await lodge.message(email)
  const { data, error: refused } = await phone.auth.verifyOtp({ type: 'email', email, token: variables['code']! })
  if (refused) throw refused
  return { phone, email, id: data.user!.id }
}

/** As if a minute had gone by since the last mail or message to somebody. */
export async function aMinuteLater({ server }: Lodge, email: string): Promise<void> {
  await server.db
    .prepare(
      `UPDATE auth_users SET confirmation_sent_at = confirmation_sent_at - 61000, recovery_sent_at = recovery_sent_at - 61000, email_change_sent_at = email_change_sent_at - 61000,
        phone_change_sent_at = phone_change_sent_at - 61000, reauthentication_sent_at = reauthentication_sent_at - 61000 WHERE email = ?1 OR phone = ?1`,
    )
    .bind(email)
    .run()
}
