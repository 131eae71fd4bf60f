// Reads what Firebase (`firebase auth:export users.json`) and Supabase (`auth.users`, `auth.identities` as JSON or CSV) write about people, and
// puts it as POST /api/v1/admin/users/import takes it. Pure.
import { createHash } from 'node:crypto'

/** A person as the import takes them; what is absent is left out. */
export type ImportedUser = Readonly<Record<string, unknown>> & { readonly id: string }

type Row = Readonly<Record<string, unknown>>

/** What Firebase's console shows under "Password hash parameters"; the export doesn't hold it. */
export interface FirebaseHash {
  readonly signerKey: string
  readonly saltSeparator: string
  readonly rounds: number
  readonly memCost: number
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const object = (value: unknown): Row => {
  const parsed: unknown = typeof value === 'string' && value !== '' ? JSON.parse(value) : value
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Row) : {}
}
const truth = (value: unknown): boolean => value === true || value === 't' || value === 'true'
const base64 = (value: string): string => value.replaceAll('-', '+').replaceAll('_', '/')
/** Without the members that have no value. */
const compact = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined))

function iso(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  // Postgres' text form has a space and a short zone: 2024-01-02 03:04:05.6+00.
  const spelled = /^\d+$/.test(String(value))
    ? Number(value)
    : String(value)
        .replace(' ', 'T')
        .replace(/([+-]\d\d)$/, '$1:00')
  const at = new Date(spelled)
  if (Number.isNaN(at.getTime())) throw new Error(`"${String(value)}" is not a time.`)
  return at.toISOString()
}

/** Firebase's ids aren't UUIDs: the same one always gives the same, so that a second run finds who is there (RFC 9562, version 8). */
export function uuidOf(localId: string): string {
  const hex = createHash('sha256').update(`perigee/firebase/${localId}`).digest('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Reads the console's text (`hash_config { algorithm: SCRYPT, base64_signer_key: … }`) or the same as JSON. Throws when something is missing. */
export function readFirebaseHash(source: string): FirebaseHash {
  const member = (name: string): string => {
    const found = new RegExp(`"?${name}"?\\s*:\\s*"?([\\w+/=-]+)`).exec(source)?.[1]
    if (found === undefined) throw new Error(`The hash parameters don't say "${name}".`)
    return found
  }
  if (member('algorithm') !== 'SCRYPT') throw new Error(`Firebase's algorithm here is ${member('algorithm')}; only SCRYPT is read.`)
  return {
    signerKey: member('base64_signer_key'),
    saltSeparator: member('base64_salt_separator'),
    rounds: Number(member('rounds')),
    memCost: Number(member('mem_cost')),
  }
}

/** Firebase's names for providers that we know otherwise. */
const PROVIDERS: Readonly<Record<string, string>> = { 'microsoft.com': 'azure', 'yahoo.com': 'yahoo' }

/** `{"users": [...]}` of `firebase auth:export`. Throws when there are password hashes and no parameters. */
export function fromFirebase(exported: Row, hash: FirebaseHash | null): ImportedUser[] {
  const users = exported['users'] as readonly Row[]
  return users.map((user) => {
    const localId = String(user['localId'])
    const [key, salt] = [text(user['passwordHash']), text(user['salt'])]
    if (key !== undefined && hash === null)
      throw new Error('There are password hashes: give --firebase-hash, the parameters that Firebase’s console shows.')
    const created = iso(user['createdAt'])
    const email = text(user['email'])
    const phone = text(user['phoneNumber'])?.replace(/^\+/, '')
    const infos = ((user['providerUserInfo'] ?? []) as readonly Row[]).filter(
      ({ providerId }) => providerId !== 'password' && providerId !== 'phone',
    )
    return compact({
      id: uuidOf(localId),
      email,
      phone,
      password_hash:
        key === undefined || hash === null
          ? undefined
          : `$fbscrypt$v=1,n=${hash.memCost},r=${hash.rounds},p=1,ss=${hash.saltSeparator},sk=${base64(hash.signerKey)}$${base64(salt ?? '')}$${base64(key)}`,
      email_confirmed_at: email !== undefined && user['emailVerified'] === true ? (created ?? iso(0)) : undefined,
      phone_confirmed_at: phone === undefined ? undefined : (created ?? iso(0)),
      is_anonymous: email === undefined && phone === undefined && infos.length === 0,
      user_metadata: compact({ name: text(user['displayName']), avatar_url: text(user['photoUrl']) }),
      app_metadata: compact({ firebase_id: localId, ...object(user['customAttributes']) }),
      banned_until: user['disabled'] === true ? '9999-12-31T00:00:00.000Z' : undefined,
      created_at: created,
      last_sign_in_at: iso(user['lastSignedInAt']),
      identities: infos.map((info) => {
        const provider = String(info['providerId'])
        const data = compact({ name: text(info['displayName']), avatar_url: text(info['photoUrl']), email: text(info['email']) })
        return compact({
          provider: PROVIDERS[provider] ?? provider.replace(/\.com$/, ''),
          id: String(info['rawId']),
          email: text(info['email']),
          identity_data: data,
        })
      }),
    }) as ImportedUser
  })
}

/** Rows of `auth.users` and `auth.identities`. People who were deleted or sign in by SAML are left out. */
export function fromSupabase(users: readonly Row[], identities: readonly Row[]): ImportedUser[] {
  const byUser = Map.groupBy(identities, (row) => String(row['user_id']))
  return users
    .filter((user) => !text(user['deleted_at']) && !truth(user['is_sso_user']))
    .map((user) => {
      const id = String(user['id'])
      return compact({
        id,
        email: text(user['email']),
        phone: text(user['phone']),
        password_hash: text(user['encrypted_password']),
        email_confirmed_at: iso(user['email_confirmed_at']),
        phone_confirmed_at: iso(user['phone_confirmed_at']),
        is_anonymous: truth(user['is_anonymous']),
        user_metadata: object(user['raw_user_meta_data']),
        app_metadata: object(user['raw_app_meta_data']),
        banned_until: iso(user['banned_until']),
        created_at: iso(user['created_at']),
        last_sign_in_at: iso(user['last_sign_in_at']),
        identities: (byUser.get(id) ?? []).map((row) => {
          const data = object(row['identity_data'])
          return compact({
            provider: String(row['provider']),
            id: String(row['provider_id'] ?? data['sub']),
            email: text(row['email'] ?? data['email']),
            identity_data: data,
          })
        }),
      }) as ImportedUser
    })
}

/** Rows of a CSV with a header (RFC 4180); an empty cell without quotes is null, as Postgres writes it. Throws where a quote never ends. */
export function readCsv(source: string): Record<string, string | null>[] {
  const rows: (string | null)[][] = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y
  for (let at = 0; at < source.length;) {
    cell.lastIndex = at
    const [whole, quoted, plain, end] = cell.exec(source) ?? []
    if (whole === undefined) throw new Error(`The CSV can't be read at character ${at}.`)
    rows.at(-1)!.push(quoted === undefined ? (plain === '' ? null : (plain ?? null)) : quoted.replaceAll('""', '"'))
    at += whole.length
    if (end === ',' && at === source.length) rows.at(-1)!.push(null)
    if (end !== ',' && at < source.length) rows.push([])
  }
  const [header = [], ...body] = rows
  return body.map((values) => Object.fromEntries(header.map((name, i) => [name ?? '', values[i] ?? null])))
}
