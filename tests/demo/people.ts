// Hikers with an unmodified supabase-js each, against Trailhead in workerd.
import { env, exports } from 'cloudflare:workers'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { deriveApiKeys } from '../../src/platform'

const bindings = env as unknown as { readonly DB: D1Database; readonly PERIGEE_ROOT_KEY: string }
const keys = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY)
const worker = (exports as unknown as { readonly default: Fetcher }).default

export const database = bindings.DB

/** A phone that nobody is signed in on. */
export function phone(): SupabaseClient {
  return createClient('http://localhost:8787', keys.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: (input, init) => worker.fetch(new Request(input, init)) },
  })
}

export interface Hiker {
  readonly id: string
  readonly phone: SupabaseClient
}

let hikers = 0

/** Somebody new with a profile; `roles` are given as an administrator gives them. */
export async function hiker(
  name: string,
  { roles = [], homeTown = null }: { roles?: readonly string[]; homeTown?: string | null } = {},
): Promise<Hiker> {
  const own = phone()
  const { data, error } = await own.auth.signInAnonymously()
  if (error || !data.user) throw new Error(`sign-in: ${error?.message}`)
  if (roles.length > 0) {
    const sql = "UPDATE auth_users SET app_metadata = json_set(app_metadata, '$.roles', json(?)) WHERE id = ?"
    await database.prepare(sql).bind(JSON.stringify(roles), data.user.id).run()
    await own.auth.refreshSession()
  }
  await done(own.from('profiles').insert({ handle: `${name}-${++hikers}`, display_name: name, home_town: homeTown }))
  return { id: data.user.id, phone: own }
}

interface Outcome<T> {
  readonly data: T
  readonly error: { readonly code: string; readonly message: string } | null
}

/** What it answered; throws when it was refused. */
export async function done<T>(call: PromiseLike<Outcome<T>>): Promise<NonNullable<T>> {
  const { data, error } = await call
  if (error) throw new Error(`${error.code}: ${error.message}`)
  return data as NonNullable<T>
}

/** The code it was refused with; null when it was done. */
export async function refusal(call: PromiseLike<Outcome<unknown>>): Promise<string | null> {
  return (await call).error?.code ?? null
}

/** A team with its founder as owner and others in their roles. */
export async function team(founder: Hiker, members: Readonly<Record<'admin' | 'member', readonly Hiker[]>>): Promise<string> {
  const { id } = await done(founder.phone.from('teams').insert({ name: 'Pass Hoppers' }).select('id').single())
  const rows = (role: 'admin' | 'member') => members[role].map((member) => ({ team_id: id, user_id: member.id, role }))
  await done(
    founder.phone.from('memberships').insert([{ team_id: id, user_id: founder.id, role: 'owner' }, ...rows('admin'), ...rows('member')]),
  )
  return String(id)
}
