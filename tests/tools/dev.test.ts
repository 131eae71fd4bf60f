// `npm run dev`, as a newcomer starts it: in a fresh copy, on its own port; and what is left when it is stopped.
import { spawn, type ChildProcess } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { databaseFiles } from '../../scripts/local-database'
import { freePort, makeCheckout, processesIn, toolEnvironment, type Checkout } from './checkout'

// Each run of wrangler is a process of its own, and CI's machines are slow.
vi.setConfig({ testTimeout: 240_000 })

let checkout: Checkout
beforeAll(() => {
  checkout = makeCheckout()
})
afterAll(() => checkout.remove())

interface Server {
  readonly child: ChildProcess
  readonly output: () => string
  readonly ended: Promise<number | null>
}

/** Resolves when `text` was printed; rejects when the server ended before. */
async function start(args: readonly string[], text: string): Promise<Server> {
  const child = spawn(process.execPath, ['--import', './scripts/register.mjs', 'scripts/dev.ts', ...args], {
    cwd: checkout.path,
    env: toolEnvironment(checkout.path),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        printed += part
        if (printed.includes(text)) resolve()
      })
    }
    void ended.then((code) => reject(new Error(`ended with ${code}:\n${printed}`)))
  })
  return { child, output: () => printed, ended }
}

/** What the shell would run when the printed command is pasted. */
function pastedCurl(output: string): string {
  return /^ {2}(curl .*)$/m.exec(output)![1]!
}

test('a fresh checkout starts, prints keys that work, and stops without leaving a process; a second start keeps the data', async () => {
  const port = await freePort()
  const first = await start(['--port', String(port)], 'Ctrl-C stops it')
  const output = first.output()
  expect(output).toContain(`http://localhost:${port}`)
  for (const form of [/sb_publishable_\w+/, /sb_secret_\w+/, /Legacy anon +eyJ/, /Legacy service +eyJ/]) expect(output).toMatch(form)
  expect(statSync(join(checkout.path, '.dev.vars')).mode & 0o777).toBe(0o600)

  const pasted = await checkout.run('bash', ['-c', `${pastedCurl(output)} --silent --fail`])
  expect(pasted.status).toBe(0)
  expect(JSON.parse(pasted.stdout)).toHaveLength(2)

  const keys = JSON.parse((await checkout.run('npm', ['run', '--silent', 'keys', '--', '--json'])).stdout) as Record<string, string>
  expect(Object.keys(keys)).toEqual(['url', 'publishableKey', 'secretKey', 'anonJwt', 'serviceRoleJwt'])
  expect(keys.url).toBe(`http://localhost:${port}`)
  expect(output).toContain(keys.publishableKey)

  const taken = await checkout.run(process.execPath, ['--import', './scripts/register.mjs', 'scripts/dev.ts', '--port', String(port)])
  expect(taken.status).toBe(1)
  expect(taken.stderr).toContain(`Port ${port} is taken`)

  first.child.kill('SIGINT')
  expect(await first.ended).toBe(0)
  expect(processesIn(checkout.path)).toEqual([])

  const [file] = databaseFiles(join(checkout.path, '.wrangler/state'))
  const db = new DatabaseSync(file!)
  db.exec("UPDATE profiles SET display_name = 'Kept' WHERE handle = 'ada'")
  db.close()
  const second = await start(['--port', String(port)], 'Ctrl-C stops it')
  expect(second.output()).not.toContain('Filled')
  expect(second.output()).toContain(keys.publishableKey)
  const response = await fetch(`${keys.url}/rest/v1/profiles?handle=eq.ada&select=display_name`, {
    headers: { apikey: keys.publishableKey! },
  })
  expect(await response.json()).toEqual([{ display_name: 'Kept' }])
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(0)
  expect(processesIn(checkout.path)).toEqual([])
})

test('a port that another program holds is named, and nothing is started', async () => {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  const { status, stderr } = await checkout.run(process.execPath, [
    '--import',
    './scripts/register.mjs',
    'scripts/dev.ts',
    '--port',
    String(port),
  ])
  server.close()
  expect(status).toBe(1)
  expect(stderr).toContain(`Port ${port} is taken`)
})

test('--phone warns and prints an address for each kind of phone', async () => {
  const port = await freePort()
  const server = await start(['--port', String(port), '--phone'], 'Android emulator')
  await new Promise((resolve) => setTimeout(resolve, 300))
  server.child.kill('SIGINT')
  await server.ended
  expect(server.output()).toContain('Everybody in this network can reach the server')
  expect(server.output()).toContain(`http://10.0.2.2:${port}`)
  expect(server.output()).toMatch(/iOS simulator +http:\/\/localhost:/)
  expect(processesIn(checkout.path)).toEqual([])
})

test('an app that can not work does not start, and the message names the file and the table', async () => {
  const path = join(checkout.path, 'app/tables/broken.ts')
  writeFileSync(
    path,
    `import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, table } from 'perigee'
export default table(sqliteTable('sys_mine', { id: text('id').primaryKey() }), { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() })
`,
  )
  const index = join(checkout.path, 'app/index.ts')
  const { stdout: before } = await checkout.run('cat', [index])
  writeFileSync(index, `import broken from './tables/broken'\n${before.replace('tables: [', 'tables: [broken, ')}`)
  const { status, stderr } = await checkout.run(process.execPath, [
    '--import',
    './scripts/register.mjs',
    'scripts/dev.ts',
    '--port',
    String(await freePort()),
  ])
  expect(status).toBe(1)
  expect(stderr).toContain('app/tables/broken.ts')
  expect(stderr).toContain('"sys_mine"')
})
