// Codes and links that prove who reads a mailbox or holds a phone. Kept as hashes, one of each purpose a person, used by deleting the row.
import { equalConstantTime, toBase64Url, toHex, utf8, uuidv7 } from '../core'
import type { Keys, Statement } from '../platform'

export type TokenPurpose =
  | 'confirmation'
  | 'recovery'
  | 'email_change_current'
  | 'email_change_new'
  | 'reauthentication'
  | 'phone_confirmation'
  | 'phone_change'

/** Wrong codes after which no code counts. A link goes on: nobody guesses one, so guessing can't lock its owner out. */
export const MAX_ATTEMPTS = 5
/** The same on a device on which the owner signed in before: strangers who have used up theirs don't lock the owner out. */
export const MAX_KNOWN_ATTEMPTS = 10
/** Wrong codes are remembered as long as a token lives, and this long at least: asking for a new one gives no new tries. */
export const MIN_MEMORY_MS = 15 * 60_000
const LINK_BYTES = 32
/** What GoTrue writes before the token of a link that answers a code for the app instead of a session. */
export const PKCE_PREFIX = 'pkce_'

/** What becomes the person's when the token is used. */
export interface Waiting {
  readonly passwordHash: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  /** SQL over the row `u` of `auth_users`, true of whom it isn't for. */
  readonly unless?: string
}

export interface TokenRequest {
  readonly purpose: TokenPurpose
  /** The e-mail address or phone number that it is sent to and proves, as it is kept. */
  readonly address: string
  /** SQL over the row `u` of `auth_users`, true of at most one: whose it is. Nobody's is issued to nobody, at the same cost. */
  readonly person: Statement
  /** How long the code is, 6 to 10. */
  readonly digits: number
  /** How long it lives. */
  readonly seconds: number
  /** The code, where it is known before: a developer's test number. */
  readonly code?: string
  /** What becomes the person's when it is used; `keep` for what the one that it replaces holds. Nothing when absent. */
  readonly waiting?: Waiting | 'keep'
  /** The flow that gets a code for the app when the link is opened; null for a session. */
  readonly flowId?: string | null
}

export interface IssuedToken {
  readonly id: string
  readonly code: string
  /** What a link carries, hexadecimal. */
  readonly link: string
  /** For the caller's batch. Returns `id` when somebody got it. */
  readonly statement: Statement
}

/** Decimal digits, each as likely as the others. */
export function randomCode(digits: number): string {
  let code = ''
  while (code.length < digits) {
    // Bytes of 250 and more would make the low digits likelier.
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) if (byte < 250 && code.length < digits) code += String(byte % 10)
  }
  return code
}

async function hashLink(link: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(link))))
}

async function hashCode(keys: Keys, purpose: TokenPurpose, address: string, code: string): Promise<string> {
  return toBase64Url(await keys.codeMac(utf8(JSON.stringify([purpose, address, code]))))
}

/** A new token in the place of the person's older one of the purpose, whose wrong tries it inherits. */
export async function issueToken(keys: Keys, now: number, request: TokenRequest): Promise<IssuedToken> {
  const { purpose, address, person, digits, seconds, waiting, flowId = null } = request
  const id = uuidv7(now)
  const code = request.code ?? randomCode(digits)
  const link = toHex(crypto.getRandomValues(new Uint8Array(LINK_BYTES)))
  const [linkHash, codeHash] = await Promise.all([hashLink(link), hashCode(keys, purpose, address, code)])
  const given = typeof waiting === 'object' ? waiting : null
  const waits = given?.unless === undefined ? '?' : `case when ${given.unless} then null else ? end`
  const remembered = `auth_one_time_tokens.created_at + ${Math.max(seconds * 1000, MIN_MEMORY_MS)} > excluded.created_at`
  const kept = (column: string) => (waiting === 'keep' ? `auth_one_time_tokens.${column}` : `excluded.${column}`)
  const statement: Statement = {
    sql: `insert into auth_one_time_tokens
        (id, user_id, purpose, address, link_hash, code_hash, attempts, password_hash, metadata, flow_id, created_at, expires_at)
      select ?, u.id, ?, ?, ?, ?, 0, ${waits}, ${waits}, ?, cast(? as integer), cast(? as integer) from auth_users u where (${person.sql})
      on conflict (user_id, purpose) do update set id = excluded.id, address = excluded.address,
        link_hash = excluded.link_hash, code_hash = excluded.code_hash,
        attempts = case when ${remembered} then auth_one_time_tokens.attempts else 0 end,
        created_at = case when ${remembered} then auth_one_time_tokens.created_at else excluded.created_at end,
        password_hash = ${kept('password_hash')}, metadata = ${kept('metadata')},
        flow_id = excluded.flow_id, expires_at = excluded.expires_at
      returning id`,
    params: [
      id,
      purpose,
      address,
      linkHash,
      codeHash,
      given?.passwordHash ?? null,
      given === null ? null : JSON.stringify(given.metadata),
      flowId,
      String(now),
      String(now + seconds * 1000),
      ...person.params,
    ],
  }
  return { id, code, link, statement }
}

/** What somebody presents: the text of a link, or a code with the address that it was sent to. */
export type Proof = { readonly purposes: readonly TokenPurpose[] } & (
  | { readonly kind: 'link'; readonly hash: string }
  | { readonly kind: 'code'; readonly address: string; readonly hashes: readonly string[]; readonly attempts: number }
)

export async function proofOfLink(link: string, purposes: readonly TokenPurpose[]): Promise<Proof> {
  return { kind: 'link', purposes, hash: await hashLink(link.startsWith(PKCE_PREFIX) ? link.slice(PKCE_PREFIX.length) : link) }
}

/** `address` as it is kept; `known`: whether it is presented on a device on which its owner signed in before. */
export async function proofOfCode(
  keys: Keys,
  address: string,
  code: string,
  purposes: readonly TokenPurpose[],
  known = false,
): Promise<Proof> {
  const hashes = await Promise.all(purposes.map((purpose) => hashCode(keys, purpose, address, code)))
  return { kind: 'code', purposes, address, hashes, attempts: known ? MAX_KNOWN_ATTEMPTS : MAX_ATTEMPTS }
}

export interface Token {
  readonly id: string
  readonly userId: string
  readonly purpose: TokenPurpose
  readonly address: string
  readonly passwordHash: string | null
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly flowId: string | null
}

const COLUMNS = `t.id as token_id, t.user_id as token_user, t.purpose as token_purpose, t.address as token_address, t.link_hash as token_link,
  t.code_hash as token_code, t.attempts as token_attempts, t.password_hash as token_password, t.metadata as token_metadata,
  t.flow_id as token_flow, t.expires_at as token_expires`

/** As many parameters as there are items. */
export const list = (items: readonly unknown[]) => items.map(() => '?').join(', ')

/** Reads what a proof may be of, with `columns` of its person `u`. */
export function tokensStatement(proof: Proof, columns: string): Statement {
  const [where, params] = proof.kind === 'link' ? ['t.link_hash = ?', [proof.hash]] : ['t.address = ?', [proof.address]]
  return {
    sql: `select ${COLUMNS}, ${columns} from auth_one_time_tokens t join auth_users u on u.id = t.user_id
      where ${where} and t.purpose in (${list(proof.purposes)})`,
    params: [...params, ...proof.purposes],
  }
}

type Row = Readonly<Record<string, unknown>>

function isProvedBy(row: Row, proof: Proof, now: number): boolean {
  if (Number(row['token_expires']) <= now) return false
  if (proof.kind === 'link') return row['token_link'] === proof.hash
  const index = proof.purposes.indexOf(row['token_purpose'] as TokenPurpose)
  const hash = utf8(proof.hashes[index] ?? '')
  return Number(row['token_attempts']) < proof.attempts && equalConstantTime(hash, utf8(String(row['token_code'])))
}

/** The row among `rows` that the proof is of, and its token; null when it is of none. Only `useToken` says whether it still counts. */
export function findToken(rows: readonly Row[], proof: Proof, now: number): { readonly token: Token; readonly row: Row } | null {
  const row = rows.find((candidate) => isProvedBy(candidate, proof, now))
  if (row === undefined) return null
  const metadata = row['token_metadata']
  return {
    row,
    token: {
      id: String(row['token_id']),
      userId: String(row['token_user']),
      purpose: row['token_purpose'] as TokenPurpose,
      address: String(row['token_address']),
      passwordHash: typeof row['token_password'] === 'string' ? row['token_password'] : null,
      metadata: typeof metadata === 'string' ? (JSON.parse(metadata) as Record<string, unknown>) : null,
      flowId: typeof row['token_flow'] === 'string' ? row['token_flow'] : null,
    },
  }
}

function stillCounts(token: Pick<Token, 'id'>, proof: Proof, now: number): Statement {
  const tries = proof.kind === 'code' ? ` and t.attempts < ${proof.attempts}` : ''
  return { sql: `t.id = ? and t.expires_at > cast(? as integer)${tries}`, params: [token.id, String(now)] }
}

/** SQL, true while the token is unused, unexpired and has tries left: the condition of everything that its use brings about. */
export function tokenCounts(token: Pick<Token, 'id'>, proof: Proof, now: number): Statement {
  const { sql, params } = stillCounts(token, proof, now)
  return { sql: `exists (select 1 from auth_one_time_tokens t where ${sql})`, params }
}

/** Uses the token, once whoever comes at the same time; the last statement of what its use brings about. Returns `id` when it counted. */
export function useToken(token: Pick<Token, 'id'>, proof: Proof, now: number): Statement {
  const { sql, params } = stillCounts(token, proof, now)
  return { sql: `delete from auth_one_time_tokens as t where ${sql} returning id`, params }
}

/** Counts a wrong code against whatever it might have been of. */
export function countWrongTry(proof: Proof, now: number): Statement {
  const [address, most] = proof.kind === 'code' ? [proof.address, proof.attempts] : ['', MAX_ATTEMPTS]
  return {
    sql: `update auth_one_time_tokens set attempts = attempts + 1
      where address = ? and purpose in (${list(proof.purposes)}) and expires_at > cast(? as integer) and attempts < ${most}`,
    params: [address, ...proof.purposes, String(now)],
  }
}
