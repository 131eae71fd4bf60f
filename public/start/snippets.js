// The first lines of an app, in four languages, with this machine's address and publishable key filled in.

/** One entry a language: what it is called and the code for a URL and a key. */
export const snippets = [
  {
    name: 'Swift',
    hint: 'supabase-swift. A simulator reaches localhost; a phone needs the address that npm run dev -- --phone prints.',
    code: (url, key) => `import Supabase

let perigee = SupabaseClient(
  supabaseURL: URL(string: "${url}")!,
  supabaseKey: "${key}"
)

try await perigee.auth.signIn(email: "ada@trailhead.example", password: "trailhead-demo")

struct Trip: Decodable { let id: UUID; let title: String }
let trips: [Trip] = try await perigee.from("trips")
  .select("id, title")
  .order("created_at", ascending: false)
  .limit(20)
  .execute()
  .value`,
  },
  {
    name: 'Kotlin',
    hint: 'supabase-kt. The Android emulator reaches this machine as 10.0.2.2 instead of localhost.',
    code: (url, key) => `val perigee = createSupabaseClient("${url}", "${key}") {
  install(Auth)
  install(Postgrest)
}

perigee.auth.signInWith(Email) {
  email = "ada@trailhead.example"
  password = "trailhead-demo"
}

@Serializable data class Trip(val id: String, val title: String)
val trips = perigee.from("trips").select(Columns.list("id", "title")) {
  order("created_at", Order.DESCENDING)
  limit(20)
}.decodeList<Trip>()`,
  },
  {
    name: 'Dart',
    hint: 'supabase_flutter. The Android emulator reaches this machine as 10.0.2.2 instead of localhost.',
    code: (url, key) => `await Supabase.initialize(
  url: '${url}',
  anonKey: '${key}',
);
final perigee = Supabase.instance.client;

await perigee.auth.signInWithPassword(
  email: 'ada@trailhead.example',
  password: 'trailhead-demo',
);

final trips = await perigee
    .from('trips')
    .select('id, title')
    .order('created_at', ascending: false)
    .limit(20);`,
  },
  {
    name: 'JavaScript',
    hint: 'supabase-js, in a browser, in React Native or in Node.',
    code: (url, key) => `import { createClient } from '@supabase/supabase-js'

const perigee = createClient('${url}', '${key}')

await perigee.auth.signInWithPassword({
  email: 'ada@trailhead.example',
  password: 'trailhead-demo',
})

const { data: trips } = await perigee
  .from('trips')
  .select('id, title')
  .order('created_at', { ascending: false })
  .limit(20)`,
  },
]
