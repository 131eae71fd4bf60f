// `npm run demo`, while `npm run dev` runs: two people, a private trip, a team, and what each can and can't see. Checks what it says.
import { parseArgs } from 'node:util'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { localKeys } from './keys'

const { url, publishableKey } = await localKeys(parseArgs({ options: { url: { type: 'string' } } }).values.url).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
const run = Date.now().toString(36)
const phone = () => createClient(url, publishableKey, { auth: { persistSession: false } })

/** Prints what happened; stops, and shows what came instead, when it isn't what should have. */
function tell(story: string, holds: boolean, answer: unknown): void {
  if (!holds) throw new Error(`${story}\nThat isn't what happened: ${JSON.stringify(answer)}`)
  console.log(`  ✓ ${story}`)
}

/** Signs a new person up, with a profile. The phone that comes back is theirs. */
async function person(name: string): Promise<{ phone: SupabaseClient; id: string }> {
  const own = phone()
  const signUp = await own.auth.signUp({ email: `${name}.${run}@trailhead.example`, password: 'a long walk home' })
  const profile = await own
    .from('profiles')
    .insert({ handle: `${name}-${run}`, display_name: name })
    .select()
    .single()
  const id: unknown = profile.data?.id
  tell(`${name} signs up and writes a profile; its id comes from the token.`, id === signUp.data.user?.id, [signUp.error, profile.error])
  return { phone: own, id: String(id) }
}

async function story(): Promise<void> {
  console.log(`\nTrailhead at ${url}, through an unmodified supabase-js.\n\nTwo people`)
  const [ada, bo] = [await person('Ada'), await person('Bo')]

  console.log('\nA private trip')
  const trip = await ada.phone
    .from('trips')
    .insert({ title: 'Over the pass', tags: ['snow', 'hut'] })
    .select()
    .single()
  tell('Ada writes “Over the pass”. Unless she says otherwise, it is private.', trip.data?.visibility === 'private', trip)
  const seenBy = (who: SupabaseClient) =>
    who.from('trips').select('title, owner:profiles(display_name), team:teams(name)').eq('id', trip.data?.id)
  const [hers, his, anybodys] = [await seenBy(ada.phone), await seenBy(bo.phone), await seenBy(phone())]
  tell('Ada sees it.', hers.data?.length === 1, hers)
  tell('Bo asks for it by its id and gets an empty list. For him it does not exist.', his.data?.length === 0, his)
  tell('Nor does it for somebody who is not signed in.', anybodys.data?.length === 0, anybodys)
  const forged = await bo.phone.from('trips').insert({ title: 'Not mine', owner_id: ada.id })
  tell(`Bo writes a trip in Ada's name: refused (${forged.error?.code}).`, forged.error?.code === '42501', forged)

  console.log('\nA team')
  const team = await ada.phone.from('teams').insert({ name: 'Pass Hoppers' }).select().single()
  const intruder = await bo.phone.from('memberships').insert({ team_id: team.data?.id, user_id: bo.id, role: 'admin' })
  tell(`Ada founds a team. Bo makes himself its admin: refused (${intruder.error?.code}).`, intruder.error?.code === '42501', intruder)
  const founder = await ada.phone.from('memberships').insert({ team_id: team.data?.id, user_id: ada.id, role: 'owner' })
  const member = await ada.phone.from('memberships').insert({ team_id: team.data?.id, user_id: bo.id })
  tell('Ada joins as its owner and takes Bo in.', founder.error === null && member.error === null, [founder, member])
  const shared = await ada.phone.from('trips').update({ visibility: 'team', team_id: team.data?.id }).eq('id', trip.data?.id).select()
  tell('She shares the trip with the team.', shared.data?.length === 1, shared)
  const seen = await seenBy(bo.phone)
  tell(`Now Bo sees it, its owner and team in the same answer:\n      ${JSON.stringify(seen.data?.[0])}`, seen.data?.length === 1, seen)
  const renamed = await bo.phone.from('trips').update({ title: 'Mine now' }).eq('id', trip.data?.id).select()
  tell('To see is not to own: Bo renames it, and 0 rows change.', renamed.data?.length === 0, renamed)
  const removed = await ada.phone.from('memberships').delete().match({ team_id: team.data?.id, user_id: bo.id }).select()
  const lost = await seenBy(bo.phone)
  tell('Ada takes Bo out of the team. His very next request finds nothing.', removed.data?.length === 1 && lost.data?.length === 0, [
    removed,
    lost,
  ])

  console.log('\nThe end of a session')
  const token = (await ada.phone.auth.getSession()).data.session?.access_token ?? null
  await ada.phone.auth.signOut()
  const late = await createClient(url, publishableKey, { accessToken: async () => token })
    .from('trips')
    .select('id')
  tell(`Ada signs out. Her token is good for an hour more, and refused on the next call (${late.status}).`, late.status === 401, late)
  console.log('\nThe rules stand in app/tables/, a file a table. The start page shows the SQL that they become.\n')
}

try {
  const running = await fetch(`${url}/health`).catch(() => null)
  if (running === null) throw new Error(`Nothing answers at ${url}. Start it with \`npm run dev\`, or name another place with --url.`)
  await story()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
