// `npm run demo`, while `npm run dev` runs: two people, a private trip, a team, and what each can and can't see. Checks what it says.
import { parseArgs } from 'node:util'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { localKeys } from './keys'

const { values } = parseArgs({ options: { url: { type: 'string' } } })
const { url, publishableKey } = await localKeys(values.url)
const run = Date.now().toString(36)

/** Prints what happened, and stops with what came instead when it isn't what should have. */
function tell(story: string, holds: boolean, instead: unknown): void {
  if (!holds) throw new Error(`${story}\nThat isn't what happened: ${JSON.stringify(instead)}`)
  console.log(`  ✓ ${story}`)
}

/** Signs a new person up and writes their profile; the client is theirs alone. */
async function person(name: string): Promise<{ client: SupabaseClient; id: string }> {
  const client = createClient(url, publishableKey, { auth: { persistSession: false } })
  const { data, error } = await client.auth.signUp({
    email: `${name.toLowerCase()}.${run}@trailhead.example`,
    password: 'a long walk home',
  })
  tell(`${name} signs up with e-mail and password.`, error === null && data.user !== null, error)
  const profile = await client
    .from('profiles')
    .insert({ handle: `${name.toLowerCase()}-${run}`, display_name: name })
    .select('id')
    .single()
  tell(`${name} writes a profile; its id is filled in from the token.`, profile.data?.id === data.user?.id, profile.error ?? profile.data)
  return { client, id: String(profile.data?.id) }
}

try {
  console.log(`\nTrailhead at ${url}, through an unmodified supabase-js.\n\nTwo people`)
  const ada = await person('Ada')
  const bo = await person('Bo')
  const stranger = createClient(url, publishableKey, { auth: { persistSession: false } })

  console.log('\nA private trip')
  const trip = await ada.client
    .from('trips')
    .insert({ title: 'Over the pass', tags: ['snow', 'hut'] })
    .select()
    .single()
  tell(
    `Ada writes “${trip.data?.title}”. Unless she says otherwise it is ${trip.data?.visibility}.`,
    trip.data?.visibility === 'private',
    trip.error,
  )
  const tripId = String(trip.data?.id)
  const seenBy = (client: SupabaseClient) =>
    client.from('trips').select('title, owner:profiles(display_name), team:teams(name)').eq('id', tripId)
  const look = async (client: SupabaseClient) => (await seenBy(client)).data
  tell('Ada sees it.', (await look(ada.client))?.length === 1, await seenBy(ada.client))
  tell(
    'Bo asks for it by its id and gets an empty list: for him it does not exist.',
    (await look(bo.client))?.length === 0,
    await seenBy(bo.client),
  )
  tell('Neither does it for somebody who is not signed in.', (await look(stranger))?.length === 0, await seenBy(stranger))
  const forged = await bo.client.from('trips').insert({ title: 'Not mine', owner_id: ada.id })
  tell(`Bo writes a trip in Ada's name: refused (${forged.error?.code}).`, forged.error?.code === '42501', forged)

  console.log('\nA team')
  const team = await ada.client.from('teams').insert({ name: 'Pass Hoppers' }).select('id').single()
  const intruder = await bo.client.from('memberships').insert({ team_id: team.data?.id, user_id: bo.id, role: 'admin' })
  tell(`Ada founds a team. Bo makes himself its admin: refused (${intruder.error?.code}).`, intruder.error?.code === '42501', intruder)
  const founder = await ada.client.from('memberships').insert({ team_id: team.data?.id, user_id: ada.id, role: 'owner' })
  const member = await ada.client.from('memberships').insert({ team_id: team.data?.id, user_id: bo.id })
  tell('Ada joins as its owner and takes Bo in.', founder.error === null && member.error === null, [founder, member])
  const shared = await ada.client.from('trips').update({ visibility: 'team', team_id: team.data?.id }).eq('id', tripId).select('id')
  tell('She shares the trip with the team.', shared.data?.length === 1, shared)
  const seen = await look(bo.client)
  tell(
    `Now Bo sees it, with its owner and team in the same request: ${JSON.stringify(seen?.[0])}.`,
    seen?.length === 1,
    await seenBy(bo.client),
  )
  const renamed = await bo.client.from('trips').update({ title: 'Mine now' }).eq('id', tripId).select('id')
  tell('To see is not to own: Bo renames it and changes 0 rows.', renamed.data?.length === 0, renamed)
  await ada.client.from('memberships').delete().match({ team_id: team.data?.id, user_id: bo.id })
  tell('Ada takes Bo out of the team. His very next request finds nothing.', (await look(bo.client))?.length === 0, await seenBy(bo.client))

  console.log('\nThe end of a session')
  const token = (await ada.client.auth.getSession()).data.session?.access_token
  await ada.client.auth.signOut()
  const late = await createClient(url, publishableKey, { accessToken: async () => token ?? null })
    .from('trips')
    .select('id')
  tell(
    `Ada signs out. Her token has an hour to go and is refused all the same (${late.status} ${late.error?.code}).`,
    late.status === 401,
    late,
  )
  console.log('\nThe rules are in app/tables/, one file a table. Open the start page to see the SQL that they become.\n')
} catch (error) {
  const refused = error instanceof Error && /fetch failed/.test(`${error.message}${String(error.cause)}`)
  console.error(
    refused
      ? `Nothing answers at ${url}. Start it with \`npm run dev\`, or name it with --url.`
      : error instanceof Error
        ? error.message
        : error,
  )
  process.exitCode = 1
}
