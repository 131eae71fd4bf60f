// Requests as fast as one machine can answer them: `wrk` where it is installed, else a generator of our own on kept-alive connections.
import { spawn, spawnSync } from 'node:child_process'
import { Agent, request } from 'node:http'

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
}

export const tool = spawnSync('wrk', ['-v']).error ? 'own generator' : 'wrk'

/** Answered requests a second. Throws when an answer isn't 200. */
export async function throughput(load: Load): Promise<number> {
  const one = await fetch(load.url, { headers: load.headers })
  if (one.status !== 200) throw new Error(`${load.url} answers ${one.status}: ${await one.text()}`)
  await one.arrayBuffer()
  return tool === 'wrk' ? withWrk(load) : withNode(load)
}

function withWrk({ url, headers, connections, seconds }: Load): Promise<number> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, ...lines, url], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    child.on('error', reject)
    child.on('close', () => {
      const rate = /Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]
      if (rate === undefined || /Non-2xx|Socket errors/.test(out)) reject(new Error(`wrk: ${out}`))
      else resolve(Number(rate))
    })
  })
}

async function withNode({ url, headers, connections, seconds }: Load): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const end = Date.now() + seconds * 1000
  let answered = 0
  const once = () =>
    new Promise<void>((resolve, reject) => {
      const call = request(url, { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${url} answers ${response.statusCode}`))
        response.resume().on('end', () => {
          answered++
          resolve()
        })
      })
      call.on('error', reject).end()
    })
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (Date.now() < end) await once()
    }),
  )
  agent.destroy()
  return answered / seconds
}
