// People with a phone: a supabase-js client each, signed up over HTTP as any app would.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import type { Server } from '../support/server'

export interface Person {
  readonly id: string
  readonly email: string
  readonly phone: SupabaseClient
}

export const PASSWORD = 'a long walk home'

/** A phone on which nobody is signed in. */
export function phone(server: Server, key: string = server.keys.publishableKey): SupabaseClient {
  return createClient(server.url, key, { auth: { persistSession: false, autoRefreshToken: false } })
}

/** A phone that sends a token it was given, whoever it belongs to. */
export function phoneWith(server: Server, token: string): SupabaseClient {
  return createClient(server.url, server.keys.publishableKey, { accessToken: () => Promise.resolve(token) })
}

let count = 0

/** Signs a new person up, with a profile. */
export async function person(server: Server, name: string): Promise<Person> {
  const own = phone(server)
  const handle = `${name}-${process.pid.toString(36)}-${count++}`
  const email = `${handle}@trailhead.example`
  const { data, error } = await own.auth.signUp({ email, password: PASSWORD })
  if (error || !data.user) throw error ?? new Error('Nobody signed up.')
  const profile = await own.from('profiles').insert({ handle, display_name: name })
  if (profile.error) throw new Error(profile.error.message)
  return { id: data.user.id, email, phone: own }
}
