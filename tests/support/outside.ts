// Services outside, as real HTTP servers on this machine for tests in workerd: they check what they are sent and answer as documented.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where they listen. */
    readonly outside: string
  }
}

/** What the captcha's provider knows as our secret. */
const CAPTCHA_SECRET = 'captcha-secret-of-tests'

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const used = new Set<string>()

/**
 * Turnstile and hCaptcha: a token that begins with `human` is good once, and only for the address behind its last `@` when it has one;
 * `sloppy` ones are good for ever, `slow` ones never answered.
 */
async function siteverify(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams(await bodyOf(request))
  const refuse = (...codes: string[]) => json(response, 200, { success: false, 'error-codes': codes })
  if (request.method !== 'POST' || request.headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded')
    return refuse('bad-request')
  if (!form.has('secret')) return refuse('missing-input-secret')
  if (form.get('secret') !== CAPTCHA_SECRET) return refuse('invalid-input-secret')
  const token = form.get('response') ?? ''
  if (token === '') return refuse('missing-input-response')
  if (token.startsWith('slow')) return
  if (token.startsWith('broken')) return void response.writeHead(500).end('<h1>Sorry</h1>')
  if (token.startsWith('sloppy')) return json(response, 200, { success: true, hostname: 'example.com' })
  const address = /@(.+)$/.exec(token)?.[1]
  if (!token.startsWith('human') || (address !== undefined && address !== form.get('remoteip'))) return refuse('invalid-input-response')
  if (used.has(token)) return refuse('timeout-or-duplicate')
  used.add(token)
  json(response, 200, { success: true, 'error-codes': [], challenge_ts: new Date().toISOString(), hostname: 'example.com' })
}

/** Have I Been Pwned: knows these. The range of `slow password` is never answered, that of `broken password` with an error. */
const LEAKED = ['correct horse', 'P@ssw0rd', 'Summer2024!']
const sha1 = async (text: string) =>
  Buffer.from(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)))
    .toString('hex')
    .toUpperCase()

async function range(request: IncomingMessage, response: ServerResponse, prefix: string): Promise<void> {
  if (!/^[0-9A-F]{5}$/.test(prefix)) return void response.writeHead(400).end('The hash prefix was not in a valid format')
  if (request.headers['add-padding'] !== 'true' || !request.headers['user-agent']) return void response.writeHead(403).end()
  if ((await sha1('slow password')).startsWith(prefix)) return
  if ((await sha1('broken password')).startsWith(prefix)) return void response.writeHead(503).end()
  const leaked = await Promise.all(LEAKED.map(sha1))
  // Padding has the count 0: that of a password which nobody leaked is in its range too.
  const padding = [await sha1('nobody leaked this'), ...(await Promise.all(Array.from({ length: 800 }, (_, i) => sha1(String(i)))))]
  const lines = [
    ...leaked.filter((hash) => hash.startsWith(prefix)).map((hash) => `${hash.slice(5)}:42`),
    ...padding.map((hash) => `${hash.slice(5)}:0`),
  ]
  response.writeHead(200, { 'content-type': 'text/plain' }).end(lines.join('\r\n'))
}

/** Vitest's global setup. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path === '/siteverify') void siteverify(request, response)
    else if (path.startsWith('/range/')) void range(request, response, path.slice('/range/'.length))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  project.provide('outside', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
