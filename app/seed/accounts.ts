// The seed's people who can sign in, for trying things out on one's own machine. Never written to a deployed database.

/** Of all demo accounts. */
export const DEMO_PASSWORD = 'trailhead-demo'

/** `DEMO_PASSWORD` as the sign-in service keeps it: scrypt, N=16384 r=8 p=5, 32 bytes. */
export const DEMO_PASSWORD_HASH = 'scrypt$16384$8$5$dHJhaWxoZWFkLWRlbW8tMQ$cYfVyAKA5Olcx8OaQ_HdcNlthC67aJkAjQxC9Qctkmk'

export interface DemoAccount {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly handle: string
  readonly displayName: string
  readonly bio: string
  readonly homeTown: string
  /** Given by an administrator: they stand in `app_metadata.roles`. */
  readonly roles: readonly string[]
}

export const demoAccounts: readonly DemoAccount[] = [
  {
    id: '0191aa00-0000-7000-8000-00000000ada0',
    email: 'ada@trailhead.example',
    password: DEMO_PASSWORD,
    handle: 'ada',
    displayName: 'Ada Fairweather',
    bio: 'Paper maps first.',
    homeTown: 'Keswick',
    roles: [],
  },
  {
    id: '0191aa00-0000-7000-8000-000000000b00',
    email: 'bo@trailhead.example',
    password: DEMO_PASSWORD,
    handle: 'bo',
    displayName: 'Bo Lindqvist',
    bio: 'Mostly here for the lunches.',
    homeTown: 'Ambleside',
    roles: [],
  },
  {
    id: '0191aa00-0000-7000-8000-000000003000',
    email: 'mo@trailhead.example',
    password: DEMO_PASSWORD,
    handle: 'mo',
    displayName: 'Mo Okafor',
    bio: 'Keeps the comments friendly.',
    homeTown: 'Coniston',
    roles: ['moderator'],
  },
]

/** The team that the demo accounts are in. */
export const DEMO_TEAM = { id: '0191aa00-0000-7000-8000-0000000000da', name: 'Wednesday Walkers' } as const
