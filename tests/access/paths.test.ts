// What each path answers to somebody who shouldn't be there, and that no answer tells more than it must.
import { beforeAll } from 'vitest'
import { scenarios } from '../support/scenario'
import { call, service, signUp, stranger, type User } from '../support/users'

let owner: User
let other: User

beforeAll(async () => {
  ;[owner, other] = [await signUp('owner'), await signUp('other')]
  const json = { 'content-type': 'application/json' }
  for (const [user, handle] of [
    [owner, 'owner-1'],
    [other, 'other-1'],
  ] as const) {
    await call('/rest/v1/profiles', {
      method: 'POST',
      headers: { ...user.headers, ...json },
      body: JSON.stringify({ handle, display_name: handle, home_town: `town-of-${handle}` }),
    })
  }
  await call('/rest/v1/trips', {
    method: 'POST',
    headers: { ...owner.headers, ...json },
    body: JSON.stringify({ id: 'trip-one', title: 'hidden-title', notes: 'hidden-notes' }),
  })
})

const LEAKS = ['hidden-title', 'hidden-notes', 'town-of-owner', 'moderation_notes', 'scrypt$', 'D1_ERROR', 'SQLITE']

scenarios([
  { name: 'the health of a backend is for everyone', path: '/health', status: 200, contains: ['"ok"'] },
  { name: 'data without an API key is 401', path: '/rest/v1/trips', status: 401, lacks: LEAKS },
  {
    name: 'data with a token of nobody is 401',
    path: '/rest/v1/trips',
    headers: { ...stranger, authorization: 'Bearer a.b.c' },
    status: 401,
    lacks: LEAKS,
  },
  {
    name: 'a stranger lists no private trip',
    path: '/rest/v1/trips?select=*',
    headers: stranger,
    status: 200,
    lacks: LEAKS,
    answerHeaders: { 'content-range': '*/*' },
  },
  {
    name: 'another person counts no private trip',
    path: '/rest/v1/trips',
    headers: () => ({ ...other.headers, prefer: 'count=exact' }),
    status: 200,
    lacks: LEAKS,
    answerHeaders: { 'content-range': '*/0' },
  },
  {
    name: 'the owner reads it',
    path: '/rest/v1/trips?select=title',
    headers: () => owner.headers,
    status: 200,
    contains: ['hidden-title'],
  },
  { name: 'the service reads it', path: '/rest/v1/trips?select=title', headers: service, status: 200, contains: ['hidden-title'] },
  {
    name: 'a column for few is null in an answer for others',
    path: '/rest/v1/profiles?handle=eq.owner-1&select=handle,home_town',
    headers: () => other.headers,
    status: 200,
    contains: ['"home_town":null'],
    lacks: LEAKS,
  },
  {
    name: 'and finds nothing as a filter',
    path: '/rest/v1/profiles?home_town=eq.town-of-owner-1&select=handle',
    headers: () => other.headers,
    status: 200,
    lacks: ['owner-1"'],
  },
  {
    name: 'a hidden column doesn’t exist in a filter',
    path: '/rest/v1/profiles?moderation_notes=is.null',
    headers: () => owner.headers,
    status: 400,
    contains: ['42703'],
  },
  {
    name: 'nor in an order',
    path: '/rest/v1/profiles?order=moderation_notes',
    headers: () => owner.headers,
    status: 400,
    contains: ['42703'],
  },
  {
    name: 'the engine’s tables are no resources',
    path: '/rest/v1/auth_users',
    headers: service,
    status: 404,
    contains: ['PGRST205'],
    lacks: LEAKS,
  },
  { name: 'nor is its log', path: '/rest/v1/sys_changes', headers: service, status: 404, contains: ['PGRST205'], lacks: LEAKS },
  {
    name: 'a key that is taken by an unreadable row is 23505 without the row',
    path: '/rest/v1/trips',
    headers: () => other.headers,
    body: { id: 'trip-one', title: 'mine' },
    status: 409,
    contains: ['23505'],
    lacks: [...LEAKS, 'trip-one'],
  },
  {
    name: 'an upsert over an unreadable row is refused',
    path: '/rest/v1/trips',
    headers: () => ({ ...other.headers, prefer: 'resolution=merge-duplicates' }),
    body: { id: 'trip-one', title: 'mine' },
    status: 403,
    contains: ['42501'],
    lacks: LEAKS,
  },
  { name: 'a protocol that isn’t built says so', path: '/graphql/v1/', headers: stranger, body: {}, status: 501 },
  { name: 'realtime isn’t built either', path: '/realtime/v1/websocket', headers: stranger, status: 501 },
  { name: 'nothing is at an address that nobody made', path: '/nothing', status: 404, lacks: LEAKS },
  {
    name: 'settings are told to who has a key',
    path: '/auth/v1/settings',
    headers: stranger,
    status: 200,
    contains: ['"anonymous_users"'],
  },
  { name: 'a person is told to nobody but themselves', path: '/auth/v1/user', headers: stranger, status: 401, lacks: ['@example.com'] },
])
