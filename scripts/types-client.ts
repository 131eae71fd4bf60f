// `npm run types:client`: the types of this app for supabase-js, to a file (`-- --out ../phone/database.types.ts`) or to standard output
// (`npm run -s types:client`). `--check` writes nothing and fails when the file isn't what the app implies. Starts no server.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildModel } from '../src/define'
import { loadApp } from './app-check'
import { clientTypes } from './client-types'

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, app: { type: 'string' }, check: { type: 'boolean', default: false } },
  })
  // npm runs scripts in the package's folder; the path is meant from where it was typed.
  const from = (path: string) => resolve(process.env.INIT_CWD ?? process.cwd(), path)
  const text = clientTypes(buildModel(await loadApp(...(values.app === undefined ? [] : [from(values.app)]))))
  if (values.out === undefined) {
    if (values.check) throw new Error('--check compares a file: name it with --out.')
    process.stdout.write(text)
    return 0
  }
  const path = from(values.out)
  if (values.check) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return 0
    console.error(`${values.out} isn't what the app implies. Run \`npm run types:client -- --out ${values.out}\`.`)
    return 1
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.error(`Wrote ${values.out}: createClient<Database>(url, key).`)
  return 0
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  return 1
})
