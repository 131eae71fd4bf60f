// `npm run keys`: the keys that apps and operators use, derived from the root key without the Worker. `--json` for scripts,
// `--deployed` for the installation that `npm run deploy` made from here. Prints secrets: mind where. `npm run keys -- rotate` has the server make
// the next key that signs people's tokens.
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

/** Keys of the installation that was deployed from here. Throws when there is none. */
export async function deployedKeys(): Promise<PrintedKeys> {
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

/** Publishes the next key that signs people's tokens, and says how all stand. Throws with what the server answered. */
async function rotate({ url, secretKey }: PrintedKeys): Promise<string> {
  const answer = await fetch(`${url}/api/v1/admin/signing-keys/rotate`, { method: 'POST', headers: { apikey: secretKey } })
  const body = (await answer.json()) as { keys?: readonly Readonly<Record<string, string | null>>[]; detail?: string; title?: string }
  if (!answer.ok || body.keys === undefined) throw new Error(`${url} answered ${answer.status}: ${body.detail ?? body.title ?? ''}`)
  return body.keys
    .map(
      ({ kid, state, signs_from: from, verifies_until: until }) =>
        `${state?.padEnd(8)} ${kid}  signs from ${from}${until ? `, verifies until ${until}` : ''}`,
    )
    .join('\n')
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, deployed: { type: 'boolean', default: false } },
  })
  if (positionals.length > 0 && positionals.join() !== 'rotate') throw new Error('npm run keys -- [rotate] [--json] [--deployed]')
  if (positionals.length > 0) return console.log(await rotate(await (values.deployed ? deployedKeys() : localKeys())))
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
