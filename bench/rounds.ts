// Two servers under the same load, in turns, in one run: the only comparison that means anything on a machine one doesn't own.
import { parseArgs } from 'node:util'
import type { Server } from '../tests/support/server'
import { throughput, tool } from './load'

export interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly rows: number
  /** Seconds of load before anything counts. */
  readonly warmup: number
}

/** The settings of a command line, and what else it takes. */
export function readSettings(): { readonly settings: Settings; readonly only: string; readonly report: boolean } {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', default: '' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '16' },
      rows: { type: 'string', default: '5000' },
      warmup: { type: 'string', default: '10' },
      report: { type: 'boolean', default: false },
    },
  })
  const [rounds, seconds, connections, rows, warmup] = [values.rounds, values.seconds, values.connections, values.rows, values.warmup].map(
    Number,
  ) as [number, number, number, number, number]
  return { settings: { rounds, seconds, connections, rows, warmup }, only: values.case, report: values.report }
}

export interface Side {
  readonly server: Server
  readonly headers: Readonly<Record<string, string>>
}

/** Answered requests a second, and processor time of one in milliseconds, the database included, by side. */
export interface Round {
  readonly rate: Readonly<Record<string, number>>
  readonly cpuMs: Readonly<Record<string, number>>
  /** The first side's rate as a part of the second's. */
  readonly ratio: number
}

/** Warms both sides and loads them in turns; prints a line a round. */
export async function measureRounds(request: string, sides: Readonly<Record<string, Side>>, settings: Settings): Promise<Round[]> {
  const names = Object.keys(sides) as [string, string]
  const load = (name: string) => ({
    url: `${sides[name]!.server.url}${request}`,
    headers: sides[name]!.headers,
    connections: settings.connections,
  })
  // A phone never meets a cold isolate for long, and V8 takes some thousand requests to compile what they share.
  for (const name of names) await throughput({ ...load(name), seconds: settings.warmup })
  const rounds: Round[] = []
  for (let round = 0; round < settings.rounds; round++) {
    const rate: Record<string, number> = {}
    const cpuMs: Record<string, number> = {}
    // Turns change, so that neither always runs on a machine that the other warmed.
    for (const name of round % 2 === 0 ? names.toReversed() : names) {
      const { server } = sides[name]!
      const before = server.cpuSeconds() ?? 0
      rate[name] = await throughput({ ...load(name), seconds: settings.seconds })
      cpuMs[name] = (((server.cpuSeconds() ?? 0) - before) * 1000) / (rate[name] * settings.seconds)
    }
    const ratio = rate[names[0]]! / rate[names[1]]!
    rounds.push({ rate, cpuMs, ratio })
    const each = names.map((name) => `${name} ${rate[name]!.toFixed(0)}/s (${cpuMs[name]!.toFixed(2)} ms of processor)`)
    console.log(`round ${round + 1}: ${each.join(', ')}, ratio ${ratio.toFixed(3)}`)
  }
  return rounds
}

export const medianRatio = (rounds: readonly Round[]): number =>
  rounds.map(({ ratio }) => ratio).toSorted((x, y) => x - y)[Math.floor(rounds.length / 2)]!

export function describeSettings({ connections, rounds, seconds, rows }: Settings, servers: readonly Server[]): string {
  const way = servers.every(({ direct }) => direct) ? 'straight on workerd' : 'through the harness'
  return `${tool}, ${connections} connections, ${rounds} rounds of ${seconds} s, ${rows} rows, ${way}`
}

/** Numbers by side, short enough to keep. */
export const rounded = (numbers: Readonly<Record<string, number>>, digits: number): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value.toFixed(digits))]))
