// `npm run types:client`: what it writes is compiled against the real supabase-js, with calls that must pass and calls that must not.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, type Ran } from './checkout'

const root = join(import.meta.dirname, '../..')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-types-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The demo app, wherever it is. */
const DEMO_APP = join(import.meta.dirname, '../../app/index.ts')
const generate = (...args: string[]) => run('npm', ['run', '--silent', 'types:client', '--', ...args], root)

/** `[code]` must compile; `[code, why]` must not. Each stands in a function of its own. */
type Call = readonly [code: string, refused?: string]

const PRELUDE = (types: string) => `
import { createClient } from '@supabase/supabase-js'
import { Constants, type Database, type Enums, type Json, type Tables, type TablesInsert, type TablesUpdate } from './${types}'
const db = createClient<Database>('http://localhost', 'key')
/** Exact equality, so that \`any\` is found out. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}
export { Constants }
export type All = [Enums<never>, Json, Tables<never>, TablesInsert<never>, TablesUpdate<never>]
`

/** A refused call's expectation stands right above the line that is wrong, so each is one line. */
function client(types: string, calls: readonly Call[]): string {
  const functions = calls.map(([code, refused], i) => {
    const line = refused === undefined ? code : `// @ts-expect-error ${refused}\n  ${code}`
    return `export async function call${i}() {\n  ${line}\n}`
  })
  return `${PRELUDE(types)}\n${functions.join('\n')}\n`
}

const DEMO: readonly Call[] = [
  [
    `const { data } = await db.from('trips').select('id, title, distance_m'); same<typeof data, { id: string; title: string; distance_m: number | null }[] | null>(true)`,
  ],
  [
    `const { data } = await db.from('trips').select('visibility').single(); same<typeof data, { visibility: 'public' | 'team' | 'private' } | null>(true)`,
  ],
  [
    `const { data } = await db.from('trips').select('title, owner:profiles(handle), waypoints(label)').single(); same<typeof data, { title: string; owner: { handle: string }; waypoints: { label: string | null }[] } | null>(true)`,
  ],
  [
    `const { data } = await db.from('trips').select('team:teams(name)').single(); same<typeof data, { team: { name: string } | null } | null>(true)`,
  ],
  [`const { data } = await db.from('profiles').select('home_town').single(); same<typeof data, { home_town: string | null } | null>(true)`],
  [
    `const { data } = await db.from('comments').select('body, profiles!comments_author_id_fkey(handle)').single(); same<typeof data, { body: string; profiles: { handle: string } } | null>(true)`,
  ],
  [`await db.from('trips').insert({ title: 'Up the ridge' })`],
  [`await db.from('trips').insert([{ title: 'One', visibility: 'public', team_id: null, tags: ['a', { b: 1 }] }])`],
  [`await db.from('trips').update({ visibility: 'team' }).eq('visibility', 'private').maxAffected(1)`],
  [`await db.from('follows').upsert({ followee_id: 'x' })`],
  [`const kind: Enums<'trips_visibility'> = Constants.public.Enums.trips_visibility[0]; return kind`],
  [`const row: Tables<'trips'> = null!; const json: Json = row.tags; return json`],
  [`const trip: TablesInsert<'trips'> = { title: 'x' }; const change: TablesUpdate<'trips'> = {}; return [trip, change]`],

  [
    `const { data } = await db.rpc('my_trips_since', { since: '2026-01-01' }).select('id, profiles(handle)').eq('visibility', 'team'); same<typeof data, { id: string; profiles: { handle: string } }[] | null>(true)`,
  ],
  [
    `const { data } = await db.rpc('start_trip', { title: 'Up', lat: 47.1, lon: 11.2 }).select('title'); same<typeof data, { title: string } | null>(true)`,
  ],

  [`await db.rpc('my_trips_since', { since: 3 })`, 'a date is text on the wire'],
  [`await db.rpc('start_trip', { title: 'Up' })`, 'an argument is missing'],
  [`await db.from('nothing').select()`, 'no such table'],
  [`const { data } = await db.from('trips').select('nothing').single(); data!.nothing.length`, 'no such column'],
  [`const { data } = await db.from('profiles').select('moderation_notes').single(); data!.moderation_notes.length`, 'hidden'],
  [`await db.from('trips').insert({ notes: 'without a title' })`, 'the title has no default'],
  [`await db.from('trips').insert({ title: 'x', created_at: '2026-01-01' })`, 'read only'],
  [`await db.from('trips').insert({ title: 'x', _version: 2 })`, 'of the engine'],
  [`await db.from('trips').update({ created_at: '2026-01-01' })`, 'read only'],
  [`await db.from('trips').insert({ title: null })`, 'not null'],
  [`await db.from('trips').insert({ title: 'x', visibility: 'secret' })`, 'not one of the listed values'],
  [`await db.from('trips').select().eq('visibility', 'secret')`, 'not one of the listed values, in a filter'],
  [`await db.from('trips').insert({ title: 'x', distance_m: 'far' })`, 'a number'],
  [`const row: Tables<'profiles'> = null!; const home: string = row.home_town; return home`, 'null for those who may not read it'],
  [`const { data } = await db.from('trips').select('profiles(nothing)').single(); data!.profiles.nothing.length`, 'no such column there'],
  [`await db.rpc('nothing')`, 'no such function'],
]

const COUNTER: readonly Call[] = [
  [`const { data } = await db.rpc('add', { a: 1 }); same<typeof data, number | null>(true)`],
  [`const { data } = await db.rpc('all_emails'); same<typeof data, (string | null)[] | null>(true)`],
  [`const { data } = await db.rpc('a_genre'); same<typeof data, { genre: string; books: number } | null>(true)`],
  [`await db.rpc('echo', { kind: 'a', either: 'none', data: { n: 1 }, names: ['x'] })`],

  [`await db.rpc('add', {})`, 'an argument is missing'],
  [`await db.rpc('echo', { kind: 'c' })`, 'not one of the listed values'],
]

const LIBRARY: readonly Call[] = [
  [
    `const { data } = await db.from('books').select('editions(publisher), reviews(stars)').single(); same<typeof data, { editions: { publisher: string } | null; reviews: { stars: number }[] } | null>(true)`,
  ],
  [
    `const { data } = await db.from('books').select('author:people!books_author_id_fkey(name), editor:people!editor_id(name)').single(); same<typeof data, { author: { name: string } | null; editor: { name: string } | null } | null>(true)`,
  ],
  [`const { data } = await db.from('books').select('tags(label)').single(); same<typeof data, { tags: { label: string }[] } | null>(true)`],
  [
    `const { data } = await db.from('samples').select('whole, ratio, amount, flag, seconds, millis, day, data, bytes').single(); same<typeof data, { whole: number | null; ratio: number | null; amount: number | null; flag: boolean | null; seconds: string | null; millis: string | null; day: string | null; data: Json | null; bytes: string | null } | null>(true)`,
  ],
  [`await db.from('books').insert({ title: 'x', published: true, price: 12.5, genre: null })`],
  [`const genre: Enums<'books_genre'> = 'novel'; return genre`],

  [
    `const { data } = await db.from('book_stats').select('book_id, books(title)').single(); same<typeof data, { book_id: number; books: { title: string } } | null>(true)`,
  ],
  [
    `const { data } = await db.from('people').select('name, mentor(name), pupils(name)').single(); same<typeof data, { name: string; mentor: { name: string } | null; pupils: { name: string }[] } | null>(true)`,
  ],
  [
    `const { data } = await db.from('people').select('name, followers').single(); same<typeof data, { name: string; followers: number | null } | null>(true)`,
  ],
  [
    `const { data } = await db.from('people').select().single(); const keys: 'id' | 'name' | 'email' | 'mentor_id' = null! as keyof NonNullable<typeof data>; return keys`,
  ],

  [`await db.from('book_stats').insert({ book_id: 1 })`, 'a view'],
  [`await db.from('people').insert({ id: 'x', name: 'x', followers: 3 })`, 'computed'],
  [`await db.from('samples').insert({ flag: 1 })`, 'a boolean'],
  [`const row: Tables<'people'> = null!; return row.secret`, 'hidden'],
  [`await db.from('books').select('people(name)').then(({ data }) => data![0]!.people.name)`, 'two ways lead there'],
]

test('supabase-js takes the types of three apps: right calls compile to the right types, wrong ones do not', async () => {
  const demo = join(folder, 'demo.ts')
  const library = join(folder, 'library.ts')
  const made = await Promise.all([
    generate('--app', DEMO_APP, '--out', demo),
    generate('--app', join(root, 'tests/apps/library/index.ts'), '--out', library),
    generate('--app', join(root, 'tests/apps/counter/index.ts'), '--out', join(folder, 'counter.ts')),
  ])
  expect(made.map(({ status, stdout }) => [status, stdout])).toEqual([
    [0, ''],
    [0, ''],
    [0, ''],
  ])
  writeFileSync(join(folder, 'demo-client.ts'), client('demo', DEMO))
  writeFileSync(join(folder, 'library-client.ts'), client('library', LIBRARY))
  writeFileSync(join(folder, 'counter-client.ts'), client('counter', COUNTER))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'preserve',
    target: 'es2024',
    types: [],
    skipLibCheck: true,
    exactOptionalPropertyTypes: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const compiled: Ran = await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder], folder)
  expect(compiled.stdout).toBe('')
  expect(compiled.status).toBe(0)
})

test('standard output is the file and nothing else, and --check tells whether a file still fits', async () => {
  const out = join(folder, 'demo.ts')
  const written = readFileSync(out, 'utf8')
  expect((await generate('--app', DEMO_APP)).stdout).toBe(written)
  expect(written).not.toMatch(/moderation_notes|_version|_updated_at|auth_users|sys_/)
  expect((await generate('--app', DEMO_APP, '--out', out, '--check')).status).toBe(0)
  writeFileSync(out, `${written}// by hand\n`)
  const differs = await generate('--app', DEMO_APP, '--out', out, '--check')
  expect([differs.status, differs.stderr]).toEqual([1, expect.stringContaining("isn't what the app implies")])
  expect(readFileSync(out, 'utf8')).toBe(`${written}// by hand\n`)
})
