// Teams and who is in them. Everyone may be in several.
import { DEMO_TEAM, demoAccounts } from './accounts'
import type { Person } from './people'
import type { Random } from './random'
import { ranges, teamNames } from './words'

export interface Team {
  readonly id: string
  readonly name: string
  /** UTC ms. */
  readonly founded: number
  /** The founder first. */
  readonly members: readonly Person[]
}

/** The demo accounts' team first, then others up to `count`. */
export function teams(random: Random, everyone: readonly Person[], count: number): Team[] {
  const demo = everyone.filter(({ id }) => demoAccounts.some((account) => account.id === id))
  const known: Team = { ...DEMO_TEAM, founded: demo[0]?.joined ?? 0, members: [...demo.slice(0, 2), ...everyone.slice(10, 15)] }
  const others = Array.from({ length: Math.max(0, count - 1) }, (): Team => {
    const members = new Set<Person>()
    const wanted = random.between(3, 22)
    for (let n = 0; n < wanted; n++) members.add(random.pick(everyone))
    const founder = [...members].toSorted((a, b) => a.joined - b.joined)
    const founded = founder.at(-1)?.joined ?? 0
    return {
      id: random.id(founded),
      name: `${random.pick(random.pick(ranges).towns)} ${random.pick(teamNames)}`,
      founded,
      members: founder,
    }
  })
  return [known, ...others]
}

export const teamRow = (team: Team) => ({ id: team.id, name: team.name, created_by: team.members[0]?.id ?? '', created_at: team.founded })

export function membershipRows(random: Random, all: readonly Team[]) {
  return all.flatMap((team) =>
    team.members.map((member, index) => ({
      team_id: team.id,
      user_id: member.id,
      role: index === 0 ? 'owner' : random.chance(0.12) ? 'admin' : 'member',
      joined_at: team.founded + index * 3_600_000,
    })),
  )
}
