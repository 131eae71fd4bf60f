// What `npm run dev` prints: how to call the server, and which of wrangler's lines say nothing new.
import qrcode from 'qrcode-terminal'
import { getTableName, type AppDefinition } from '../src/define'
import { describeKeys, type PrintedKeys } from './keys'

/** Everything a newcomer needs, once the server answers; with a `curl` that it tried itself. */
export async function describeServer(
  keys: PrintedKeys,
  app: AppDefinition,
  account: { email: string; password: string } | null,
): Promise<string> {
  const lines = ['', `${app.name} is running.`, '', describeKeys(keys)]
  if (account) lines.push(`Account            ${account.email}  password ${account.password}`)
  lines.push(
    `Start page         ${keys.url}/`,
    `Mails, messages    ${keys.url}/dev/outbox   (kept here instead of sent)`,
    `Reference          ${keys.url}/docs`,
  )
  const path = await firstPath(keys, app)
  if (path) lines.push('', 'Paste this into another terminal:', '', `  curl '${keys.url}${path}' -H 'apikey: ${keys.publishableKey}'`)
  lines.push(
    '',
    account ? 'See two people share a trip: npm run demo' : 'Your tables stand in app/tables/.',
    'Ctrl-C stops it; the data stay.',
    '',
  )
  return lines.join('\n')
}

/** A list that a stranger may ask for; one with rows in it when there is one. */
async function firstPath({ url, publishableKey }: PrintedKeys, app: AppDefinition): Promise<string | null> {
  let answered: string | null = null
  for (const { table } of app.tables) {
    const path = `/rest/v1/${getTableName(table)}?limit=2`
    try {
      const response = await fetch(url + path, { headers: { apikey: publishableKey }, signal: AbortSignal.timeout(5000) })
      if (!response.ok) continue
      answered ??= path
      if (((await response.json()) as unknown[]).length > 0) return path
    } catch {
      return answered
    }
  }
  return answered
}

/** Where phones and their simulators find this machine, with a QR code of the first address. */
export function phoneAddresses(port: number, addresses: readonly string[]): string {
  const lines = [
    'Everybody in this network can reach the server now: its demo accounts, its tools and its data. Use it at home, not in a café.',
    '',
    `iOS simulator      http://localhost:${port}`,
    `Android emulator   http://10.0.2.2:${port}`,
    ...addresses.map((address) => `Phone on the Wi-Fi http://${address}:${port}`),
  ]
  const [first] = addresses
  if (first === undefined) lines.push('Phone on the Wi-Fi (this machine has no address in a network)')
  else qrcode.generate(`http://${first}:${port}`, { small: true }, (code) => lines.push('', code))
  return lines.join('\n')
}

const NOISE = [
  /^\s*$/,
  /\[custom build\](\s*$| Running:)/,
  /^Using secrets defined in/,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource/,
  /^env\.\w+ /,
  /Unable to fetch the `Request\.cf`/,
  /Starting local server/,
  /Ready on http/,
  /Reloading local server/,
  /Local server updated and ready/,
  /The file .* changed, restarting build/,
  /GET \/health /,
  /Scheduled Workers are not automatically triggered/,
  /To manually trigger a scheduled event, run:/,
  /cdn-cgi\/local\/scheduled/,
  /workers\/configuration\/cron-triggers/,
  /Shutting down local server/,
]

/** Whether a line of wrangler's is one that helps nobody. Errors, warnings, requests and the Worker's own log are not noise. */
export function isNoise(line: string): boolean {
  const text = withoutColours(line)
  return NOISE.some((pattern) => pattern.test(text))
}

/** Whether a line tells of an answered request. */
export function isRequest(line: string): boolean {
  return /\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/\S* \d{3} /.test(withoutColours(line))
}

function withoutColours(line: string): string {
  // eslint-disable-next-line no-control-regex -- colours are what is cut
  return line.replaceAll(/\u001B\[[0-9;]*m/g, '')
}
