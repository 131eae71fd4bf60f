// Invented hikers: their accounts, profiles and whom they follow.
import { DEMO_PASSWORD_HASH, demoAccounts } from './accounts'
import type { Random } from './random'
import { bios, firstNames, lastNames, ranges } from './words'

export interface Person {
  readonly id: string
  readonly email: string
  readonly passwordHash: string | null
  readonly roles: readonly string[]
  readonly handle: string
  readonly displayName: string
  readonly bio: string | null
  readonly homeTown: string | null
  readonly moderationNotes: string | null
  /** UTC ms. */
  readonly joined: number
}

/** The demo accounts first, then others up to `count`; they joined between `from` and `until`. */
export function people(random: Random, count: number, from: number, until: number): Person[] {
  const known = demoAccounts.map((account) => ({ ...account, passwordHash: DEMO_PASSWORD_HASH, moderationNotes: null, joined: from }))
  const used = new Map<string, number>(known.map(({ handle }) => [handle, 1]))
  const others = Array.from({ length: Math.max(0, count - known.length) }, (_, index): Person => {
    const first = random.pick(firstNames)
    const last = random.pick(lastNames)
    const stem = `${first}.${last.slice(0, random.between(1, 4))}`.toLowerCase()
    const seen = used.get(stem) ?? 0
    used.set(stem, seen + 1)
    const handle = seen === 0 ? stem : `${stem}${seen + 1}`
    const joined = Math.floor(from + ((until - from) * index) / count)
    return {
      id: random.id(joined),
      email: `${handle}@trailhead.example`,
      passwordHash: null,
      roles: [],
      handle,
      displayName: `${first} ${last}`,
      bio: random.chance(0.7) ? random.pick(bios) : null,
      homeTown: random.chance(0.8) ? random.pick(random.pick(ranges).towns) : null,
      moderationNotes: random.chance(0.01) ? 'Reported for advertising; warned.' : null,
      joined,
    }
  })
  return [...known, ...others]
}

export const userRow = (person: Person) => ({
  id: person.id,
  email: person.email,
  password_hash: person.passwordHash,
  email_confirmed_at: person.joined,
  app_metadata: JSON.stringify({ provider: 'email', providers: ['email'], ...(person.roles.length > 0 ? { roles: person.roles } : {}) }),
  user_metadata: '{}',
  created_at: person.joined,
  updated_at: person.joined,
})

export const identityRow = (random: Random, person: Person) => ({
  id: random.id(person.joined),
  user_id: person.id,
  provider: 'email',
  subject: person.id,
  identity_data: JSON.stringify({ sub: person.id, email: person.email, email_verified: true, phone_verified: false }),
  email: person.email,
  created_at: person.joined,
  updated_at: person.joined,
})

export const profileRow = (person: Person) => ({
  id: person.id,
  handle: person.handle,
  display_name: person.displayName,
  bio: person.bio,
  home_town: person.homeTown,
  moderation_notes: person.moderationNotes,
  created_at: person.joined,
})

/** Some follow nobody, a few follow many; the first to join are the most followed. */
export function followRows(random: Random, everyone: readonly Person[], until: number) {
  return everyone.flatMap((follower) => {
    const followed = new Set<Person>()
    const wanted = Math.floor(random.next() ** 2 * 24)
    for (let n = 0; n < wanted; n++) followed.add(random.pickPopular(everyone))
    followed.delete(follower)
    return [...followed].map((followee) => ({
      follower_id: follower.id,
      followee_id: followee.id,
      created_at: random.between(Math.max(follower.joined, followee.joined), until),
    }))
  })
}
