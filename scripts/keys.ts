// `npm run keys`: the keys that apps and operators use, derived from the root key without the Worker. `--json` for scripts,
// `--deployed` for the installation that `npm run deploy` made from here. Prints secrets: mind where.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import { deriveApiKeys, type ApiKeys } from '../src/platform/keys'
import { localUrl } from './running'
import { readSecrets } from './secrets'

const root = join(import.meta.dirname, '..')

export interface PrintedKeys extends ApiKeys {
  readonly url: string
}

/** Keys of this machine's server. Throws when there is no `.dev.vars` yet. */
export async function localKeys(url: string = localUrl()): Promise<PrintedKeys> {
  const rootKey = process.env.PERIGEE_ROOT_KEY ?? readSecrets(root).PERIGEE_ROOT_KEY
  if (!rootKey) throw new Error('There is no root key yet. `npm run dev` makes one in .dev.vars.')
  return { url, ...(await deriveApiKeys(rootKey)) }
}

/** Where `npm run deploy` keeps the root key that it made; a secret in the account can't be read back. */
export const DEPLOYED_VARS = join(root, '.perigee/deployed.vars')

async function deployedKeys(): Promise<PrintedKeys> {
  let known: Record<string, string | undefined>
  try {
    known = parseEnv(readFileSync(DEPLOYED_VARS, 'utf8'))
  } catch {
    throw new Error('No deployment was made from this checkout: .perigee/deployed.vars is not there.')
  }
  if (!known.PERIGEE_ROOT_KEY) throw new Error('.perigee/deployed.vars holds no PERIGEE_ROOT_KEY.')
  return { url: known.PERIGEE_URL ?? '', ...(await deriveApiKeys(known.PERIGEE_ROOT_KEY)) }
}

/** One key a line, with what it may do. */
export function describeKeys({ url, publishableKey, secretKey, anonJwt, serviceRoleJwt }: PrintedKeys): string {
  return [
    `URL                ${url}`,
    `Publishable key    ${publishableKey}`,
    `Secret key         ${secretKey}`,
    '                   (passes every policy: for servers only)',
    `Legacy anon        ${anonJwt}`,
    `Legacy service     ${serviceRoleJwt}`,
  ].join('\n')
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, deployed: { type: 'boolean', default: false } } })
  const { url, publishableKey, secretKey, anonJwt, serviceRoleJwt } = await (values.deployed ? deployedKeys() : localKeys())
  const keys = { url, publishableKey, secretKey, anonJwt, serviceRoleJwt }
  console.log(values.json ? JSON.stringify(keys) : describeKeys(keys))
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
