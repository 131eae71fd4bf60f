// The first lines of an app, in four languages, with this machine's address and publishable key filled in.

/**
 * One entry a language: its name, a hint, and the code. `sample` holds the address, the key, somebody to sign in as, a table, and
 * `titled`: whether its rows have an `id` and a `title` to decode and a `created_at` to order by.
 */
export const snippets = [
  {
    name: 'Swift',
    hint: 'supabase-swift. A simulator reaches localhost; a phone needs the address that npm run dev -- --phone prints.',
    code: ({ url, key, email, password, table, titled }) => `import Supabase

let perigee = SupabaseClient(
  supabaseURL: URL(string: "${url}")!,
  supabaseKey: "${key}"
)

try await perigee.auth.signIn(email: "${email}", password: "${password}")

${
  titled
    ? `struct Row: Decodable { let id: UUID; let title: String }
let rows: [Row] = try await perigee.from("${table}")
  .select("id, title")
  .order("created_at", ascending: false)
  .limit(20)
  .execute()
  .value`
    : `let rows = try await perigee.from("${table}").select().limit(20).execute().data`
}`,
  },
  {
    name: 'Kotlin',
    hint: 'supabase-kt. The Android emulator reaches this machine as 10.0.2.2 instead of localhost.',
    code: ({ url, key, email: address, password: word, table, titled }) => `val perigee = createSupabaseClient("${url}", "${key}") {
  install(Auth)
  install(Postgrest)
}

perigee.auth.signInWith(Email) {
  email = "${address}"
  password = "${word}"
}

${
  titled
    ? `@Serializable data class Row(val id: String, val title: String)
val rows = perigee.from("${table}").select(Columns.list("id", "title")) {
  order("created_at", Order.DESCENDING)
  limit(20)
}.decodeList<Row>()`
    : `val rows = perigee.from("${table}").select { limit(20) }.data`
}`,
  },
  {
    name: 'Dart',
    hint: 'supabase_flutter. The Android emulator reaches this machine as 10.0.2.2 instead of localhost.',
    code: ({ url, key, email, password, table, titled }) => `await Supabase.initialize(
  url: '${url}',
  anonKey: '${key}',
);
final perigee = Supabase.instance.client;

await perigee.auth.signInWithPassword(
  email: '${email}',
  password: '${password}',
);

final rows = await perigee
    .from('${table}')
    ${titled ? `.select('id, title')\n    .order('created_at', ascending: false)` : '.select()'}
    .limit(20);`,
  },
  {
    name: 'JavaScript',
    hint: 'supabase-js, in a browser, in React Native or in Node.',
    code: ({ url, key, email, password, table, titled }) => `import { createClient } from '@supabase/supabase-js'

const perigee = createClient('${url}', '${key}')

await perigee.auth.signInWithPassword({
  email: '${email}',
  password: '${password}',
})

const { data } = await perigee
  .from('${table}')
  ${titled ? `.select('id, title')\n  .order('created_at', { ascending: false })` : '.select()'}
  .limit(20)`,
  },
]
