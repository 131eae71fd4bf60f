// `npm run deploy`: brings this checkout into the Cloudflare account that wrangler is logged in to. Says first what it makes and what that
// costs. Never replaces a root key: keys in phones derive from it.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import { deriveApiKeys } from '../src/platform/keys'
import {
  AccountError,
  createBucket,
  createDatabase,
  createNamespace,
  createQueue,
  execute,
  findBucket,
  findDatabase,
  findNamespace,
  findQueue,
  secretNames,
  whoami,
  wrangler,
} from './account'
import { appProblems } from './app-check'
import { confirm } from './ask'
import { checkMigrations } from './db-files'
import { migrate } from './db-migrate'
import { configWithIds, describeDeployment, namesIn, readConfig, type Found, type Names } from './deployment'
import { DEPLOYED_VARS, describeKeys } from './keys'

const root = join(import.meta.dirname, '..')
/** Beside wrangler.toml, because its paths are relative to it. Not committed. */
const DEPLOYED_CONFIG = join(root, 'wrangler.deployed.toml')

/** The same for the Worker that sign-in runs in, when it has one of its own. */
const SIGN_IN_CONFIG = join(root, 'deploy/split/wrangler.toml')
const SIGN_IN_DEPLOYED = join(root, 'deploy/split/wrangler.deployed.toml')

/** Something has to be decided or repaired first; the message says what. */
class DeployError extends Error {}

/** Whether somebody's data are in the database: then keys are out there that derive from a root key. */
async function holdsData(database: string): Promise<boolean> {
  const people = await execute(database, "SELECT count(*) AS n FROM sqlite_master WHERE name = 'auth_users'")
  if (!people.ok) throw new DeployError(`The database ${database} didn't say whether it holds data: ${people.error}`)
  if (people.results[0]?.[0]?.n === 0) return false
  const rows = await execute(
    database,
    'SELECT (EXISTS (SELECT 1 FROM auth_users) OR EXISTS (SELECT 1 FROM auth_signing_keys) OR EXISTS (SELECT 1 FROM sys_changes)) AS held',
  )
  if (!rows.ok) throw new DeployError(`The database ${database} didn't say whether it holds data: ${rows.error}`)
  return rows.results[0]?.[0]?.held !== 0
}

/** The key to set with this deployment; null when the Worker has one already. Throws rather than replace one. */
async function rootKeyToSet(names: Names, found: Found): Promise<string | null> {
  if (found.rootKey) return null
  const given = process.env.PERIGEE_ROOT_KEY
  if (given) return given
  if (found.database !== null && (await holdsData(names.database))) {
    throw new DeployError(
      `The database "${names.database}" holds data, but the Worker "${names.worker}" has no PERIGEE_ROOT_KEY. A new key would lock out every phone and could not ` +
        'open what the old one sealed. Find the old one (.perigee/deployed.vars where it was first deployed from) and give it:\n' +
        '  PERIGEE_ROOT_KEY=… npm run deploy',
    )
  }
  // A deployment that was cut short has left one.
  return rememberedValues().PERIGEE_ROOT_KEY ?? randomBytes(32).toString('base64url')
}

async function look(names: Names): Promise<Found> {
  const [secrets, signInSecrets, database, namespace, queue, bucket] = await Promise.all([
    secretNames(names.worker),
    names.signIn === null ? null : secretNames(names.signIn),
    findDatabase(names.database),
    findNamespace(names.namespace),
    findQueue(names.queue),
    findBucket(names.bucket),
  ])
  return {
    database,
    namespace,
    queue,
    bucket,
    worker: secrets !== null,
    rootKey: secrets?.includes('PERIGEE_ROOT_KEY') ?? false,
    signIn: { worker: signInSecrets !== null, rootKey: signInSecrets?.includes('PERIGEE_ROOT_KEY') ?? false },
  }
}

/** Kept where only this person reads it: a secret in the account can't be read back. */
function remember(values: Readonly<Record<string, string>>): void {
  mkdirSync(dirname(DEPLOYED_VARS), { recursive: true })
  const known = { ...rememberedValues(), ...values }
  const lines = Object.entries(known).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(DEPLOYED_VARS, `# What the deployed Worker's keys derive from. Keep a copy where you keep passwords.\n${lines.join('')}`, {
    mode: 0o600,
  })
}

function rememberedValues(): Record<string, string | undefined> {
  return existsSync(DEPLOYED_VARS) ? parseEnv(readFileSync(DEPLOYED_VARS, 'utf8')) : {}
}

/** Uploads a Worker, with the root key in the same version when one is given; its URL when wrangler names one. */
async function upload(rootKey: string | null, config: string = DEPLOYED_CONFIG): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-deploy-'))
  try {
    const args = ['deploy', '--config', config, '--keep-vars']
    if (rootKey !== null) {
      const secrets = join(folder, 'secrets.json')
      writeFileSync(secrets, JSON.stringify({ PERIGEE_ROOT_KEY: rootKey }), { mode: 0o600 })
      args.push('--secrets-file', secrets)
    }
    const { ok, output } = await wrangler(args)
    if (!ok)
      throw new AccountError(`The upload failed. The database is migrated, which an older Worker bears; run this again.\n${output.trim()}`)
    return /https:\/\/[^\s]+\.workers\.dev/.exec(output)?.[0] ?? null
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the sign-in Worker's root key is to be set to; null when it has one. It must be the other's, or no token of the one counts for the other. */
function signInKeyToSet(found: Found, rootKey: string | null): string | null {
  if (found.signIn?.rootKey) return null
  const known = rootKey ?? process.env.PERIGEE_ROOT_KEY ?? rememberedValues().PERIGEE_ROOT_KEY
  if (known) return known
  throw new DeployError(
    "Sign-in's own Worker needs the root key of the other, which Cloudflare doesn't show again. Give it: PERIGEE_ROOT_KEY=… npm run deploy",
  )
}

/** The configuration of sign-in's own Worker. Throws where it isn't the one that wrangler.toml binds. */
function signInConfig(service: string): string {
  const config = readConfig(SIGN_IN_CONFIG)
  if (/^name\s*=\s*"([^"]+)"/m.exec(config)?.[1] === service) return config
  throw new DeployError(`wrangler.toml binds AUTHENTICATION to the Worker "${service}", which deploy/split/wrangler.toml doesn't name.`)
}

async function deploy(options: { readonly yes: boolean; readonly location: string | undefined }): Promise<void> {
  const problems = [...(await appProblems()), ...(await checkMigrations())]
  if (problems.length > 0) throw new DeployError(`Not ready to deploy:\n  ${problems.join('\n  ')}`)
  const config = readConfig(join(root, 'wrangler.toml'))
  const names = namesIn(config)

  const person = await whoami()
  if (person === null) throw new DeployError('Nobody is logged in to Cloudflare. Run `npx wrangler login`, then this again.')
  if (person.accounts.length > 1 && !process.env.CLOUDFLARE_ACCOUNT_ID) {
    const list = person.accounts.map(({ id, name }) => `  CLOUDFLARE_ACCOUNT_ID=${id} npm run deploy   # ${name}`)
    throw new DeployError(`You have several accounts; say which:\n${list.join('\n')}`)
  }
  const found = await look(names)
  console.log(`${describeDeployment(names, found)}\n`)
  const rootKey = await rootKeyToSet(names, found)
  const signIn = names.signIn === null ? null : { config: signInConfig(names.signIn), key: signInKeyToSet(found, rootKey) }
  if (!options.yes && !(await confirm('Go on?'))) throw new DeployError('Nothing was changed.')

  const database = found.database ?? (await createDatabase(names.database, options.location))
  const namespace = found.namespace ?? (await createNamespace(names.namespace))
  if (!found.queue) await createQueue(names.queue)
  if (!found.bucket) await createBucket(names.bucket)
  writeFileSync(DEPLOYED_CONFIG, configWithIds(config, { database, namespace }))
  // Before the upload: a key that is in use must never be one that nobody has.
  if (rootKey !== null) remember({ PERIGEE_ROOT_KEY: rootKey })
  process.env.CI = 'true'
  await migrate({ remote: true, config: DEPLOYED_CONFIG })
  if (signIn !== null) {
    // First, because the other can't be bound to a Worker that isn't there.
    writeFileSync(SIGN_IN_DEPLOYED, configWithIds(signIn.config, { database, namespace }))
    await upload(signIn.key, SIGN_IN_DEPLOYED)
  }
  const url = await upload(rootKey)
  if (url) remember({ PERIGEE_URL: url })
  console.log(await describeResult(url, rootKey))
}

async function describeResult(url: string | null, rootKey: string | null): Promise<string> {
  const known = rootKey ?? rememberedValues().PERIGEE_ROOT_KEY
  const lines = ['', `Deployed${url ? ` to ${url}` : ''}.`]
  if (known) lines.push('', describeKeys({ url: url ?? '(the host you routed to the Worker)', ...(await deriveApiKeys(known)) }))
  else lines.push('Its keys are those it had: the root key was set elsewhere and is unchanged.')
  if (rootKey !== null)
    lines.push(
      '',
      'The root key is in .perigee/deployed.vars, and nobody can read it back from Cloudflare: keep a copy where you keep passwords.',
    )
  if (url) lines.push('', `Try it: curl ${url}/health`)
  return lines.join('\n')
}

const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false }, location: { type: 'string' } } })
await deploy({ yes: values.yes, location: values.location }).catch((error: unknown) => {
  console.error(error instanceof DeployError || error instanceof AccountError ? error.message : error)
  process.exitCode = 1
})
