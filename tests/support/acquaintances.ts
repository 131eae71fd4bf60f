// People in each state that sign-in may tell apart, written straight into its tables: signing up a hundred would cost a hundred hashes.

export const STATES = ['unknown', 'confirmed', 'unconfirmed', 'banned'] as const
export type State = (typeof STATES)[number]

export interface Acquaintance {
  readonly email: string
  /** E.164. */
  readonly phone: string
  /** What makes them; nothing for who is unknown. */
  readonly statements: readonly { readonly sql: string; readonly params: readonly (string | null)[] }[]
}

/** Somebody new in that state, with the password whose hash is given. */
export function acquaintance(state: State, hash: string): Acquaintance {
  const id = crypto.randomUUID()
  const email = `p${id}@lodge.example`
  const digits = `4915${String(crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000_000).padStart(9, '1')}`
  const phone = `+${digits}`
  if (state === 'unknown') return { email, phone, statements: [] }
  const then = String(Date.now() - 3_600_000)
  const confirmed = state === 'unconfirmed' ? null : then
  const banned = state === 'banned' ? String(Date.now() + 86_400_000) : null
  const person = {
    sql: `INSERT INTO auth_users (id, email, phone, password_hash, email_confirmed_at, phone_confirmed_at, banned_until, confirmation_sent_at, created_at, updated_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?7, ?7)`,
    params: [id, email, digits, hash, confirmed, banned, then],
  }
  const identities = (['email', 'phone'] as const).map((provider) => ({
    sql: `INSERT INTO auth_identities (id, user_id, provider, subject, identity_data, email, created_at, updated_at) VALUES (?1, ?2, ?3, ?2, ?4, ?5, ?6, ?6)`,
    params: [
      crypto.randomUUID(),
      id,
      provider,
      JSON.stringify({
        sub: id,
        [provider]: provider === 'email' ? email : digits,
        email_verified: confirmed !== null,
        phone_verified: false,
      }),
      provider === 'email' ? email : null,
      then,
    ],
  }))
  return { email, phone, statements: [person, ...identities] }
}

/** A way to ask for something of an address, whoever's it is. */
export interface Attempt {
  readonly name: string
  readonly path: string
  readonly body: (who: { readonly email: string; readonly phone: string }) => Record<string, unknown>
  /** Whether it costs a hash. */
  readonly hashes?: true
}

const PASSWORD = 'a long walk home'

export const ATTEMPTS: readonly Attempt[] = [
  { name: 'signup', path: 'signup', body: ({ email }) => ({ email, password: PASSWORD }), hashes: true },
  { name: 'signup by phone', path: 'signup', body: ({ phone }) => ({ phone, password: PASSWORD }), hashes: true },
  { name: 'otp', path: 'otp', body: ({ email }) => ({ email }) },
  { name: 'otp of nobody new', path: 'otp', body: ({ email }) => ({ email, create_user: false }) },
  { name: 'otp by phone', path: 'otp', body: ({ phone }) => ({ phone }) },
  { name: 'otp by phone of nobody new', path: 'otp', body: ({ phone }) => ({ phone, create_user: false }) },
  { name: 'magiclink', path: 'magiclink', body: ({ email }) => ({ email }) },
  { name: 'recover', path: 'recover', body: ({ email }) => ({ email }) },
  { name: 'resend signup', path: 'resend', body: ({ email }) => ({ type: 'signup', email }) },
  { name: 'resend email_change', path: 'resend', body: ({ email }) => ({ type: 'email_change', email }) },
  { name: 'resend sms', path: 'resend', body: ({ phone }) => ({ type: 'sms', phone }) },
  { name: 'resend phone_change', path: 'resend', body: ({ phone }) => ({ type: 'phone_change', phone }) },
  {
    name: 'token, wrong password',
    path: 'token?grant_type=password',
    body: ({ email }) => ({ email, password: 'a short walk home' }),
    hashes: true,
  },
  {
    name: 'token by phone, wrong password',
    path: 'token?grant_type=password',
    body: ({ phone }) => ({ phone, password: 'a short walk home' }),
    hashes: true,
  },
  ...['signup', 'email', 'magiclink', 'recovery', 'invite', 'email_change'].map((type) => ({
    name: `verify ${type}, wrong code`,
    path: 'verify',
    body: ({ email }: { readonly email: string }) => ({ type, email, token: '000000' }),
  })),
  ...['sms', 'phone_change'].map((type) => ({
    name: `verify ${type}, wrong code`,
    path: 'verify',
    body: ({ phone }: { readonly phone: string }) => ({ type, phone, token: '000000' }),
  })),
]
