// Links and codes that go out by mail: the token behind them, the address that a link leads to, and the mail, for one batch.
import type { MailKind } from '../define'
import { languageOf, messageStatements } from '../messages'
import type { AuthenticationContext, Statement } from '../platform'
import { beginFlow, type Challenge } from './flow'
import { issueToken, PKCE_PREFIX, type IssuedToken, type TokenPurpose, type TokenRequest } from './one-time-token'
import { showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/** What a link is for; the first word of GoTrue's `generate_link`. */
export type LinkKind = 'signup' | 'invite' | 'magiclink' | 'recovery' | 'email_change_current' | 'email_change_new' | 'reauthentication'

interface KindRules {
  readonly purpose: TokenPurpose
  readonly mail: MailKind
  /** `type` of the link. */
  readonly type: string
  /** In `amr`, when an app gets a code (PKCE). */
  readonly method: string
}

const KINDS: Readonly<Record<LinkKind, KindRules>> = {
  signup: { purpose: 'confirmation', mail: 'confirmation', type: 'signup', method: 'email/signup' },
  invite: { purpose: 'confirmation', mail: 'invite', type: 'invite', method: 'invite' },
  magiclink: { purpose: 'recovery', mail: 'magic_link', type: 'magiclink', method: 'magiclink' },
  recovery: { purpose: 'recovery', mail: 'recovery', type: 'recovery', method: 'recovery' },
  email_change_current: { purpose: 'email_change_current', mail: 'email_change_current', type: 'email_change', method: 'email_change' },
  email_change_new: { purpose: 'email_change_new', mail: 'email_change_new', type: 'email_change', method: 'email_change' },
  reauthentication: { purpose: 'reauthentication', mail: 'reauthentication', type: 'reauthentication', method: 'otp' },
}

export interface LinkRequest extends Pick<TokenRequest, 'address' | 'person' | 'waiting'> {
  readonly kind: LinkKind
  /** Of the app that gets a code when the link is opened; null or absent for a session in the fragment. */
  readonly challenge?: Challenge | null
}

export interface MailLink {
  readonly kind: LinkKind
  readonly code: string
  /** What `verifyOtp({ token_hash })` takes. */
  readonly tokenHash: string
  /** `type` of `verifyOtp`. */
  readonly type: string
  /** `…/auth/v1/verify?token=…`; null where there is nothing to open. */
  readonly actionLink: string | null
  /** UTC ms. */
  readonly expiresAt: number
  /** For the caller's batch. */
  readonly statements: readonly Statement[]
  /** SQL, true behind `statements` when somebody got it. */
  readonly issued: Statement
}

/** A place as GoTrue writes it at the end of a link: as it is, unless it would be read as something else there. */
const asWritten = (place: string) => (/[^\w\-.~:/]/.test(place) ? encodeURIComponent(place) : place)

/** A link that leads back to `context.redirectTo`. Nobody is sent anything: `generate_link` hands it out. */
export async function makeLink(
  { keys, now }: Workshop,
  { issuer, redirectTo, rules }: AuthenticationContext,
  { kind, challenge = null, ...request }: LinkRequest,
): Promise<MailLink> {
  const { purpose, type, method } = KINDS[kind]
  const seconds = rules.emailSeconds
  const flow = challenge === null ? null : beginFlow(now, { method, challenge, redirectTo, seconds })
  const token: IssuedToken = await issueToken(keys, now, {
    ...request,
    purpose,
    digits: rules.codeLength,
    seconds,
    flowId: flow?.id ?? null,
  })
  const tokenHash = flow === null ? token.link : `${PKCE_PREFIX}${token.link}`
  return {
    kind,
    code: token.code,
    tokenHash,
    type,
    actionLink:
      kind === 'reauthentication' ? null : `${issuer}/verify?token=${tokenHash}&type=${type}&redirect_to=${asWritten(redirectTo)}`,
    expiresAt: now + seconds * 1000,
    statements: [...(flow === null ? [] : [flow.statement]), token.statement],
    issued: { sql: 'exists (select 1 from auth_one_time_tokens where id = ?)', params: [token.id] },
  }
}

/** Whom a mail is written to and about. Null metadata for somebody who may not even exist. */
export interface Recipient {
  readonly to: string
  readonly email: string
  readonly newEmail?: string | null
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly person: Person | null
}

/** The mail that carries a link, asked for if somebody got it. Follow the batch with `messagesCommitted`. */
export function mailStatements(
  workshop: Workshop,
  context: AuthenticationContext,
  link: MailLink,
  { to, email, newEmail = null, metadata, person }: Recipient,
): Promise<Statement[]> {
  return messageStatements(
    workshop,
    {
      channel: 'email',
      to,
      kind: KINDS[link.kind].mail,
      locale: languageOf(workshop.app, metadata, context.acceptLanguage),
      variables: {
        code: link.code,
        tokenHash: link.tokenHash,
        ...(link.actionLink === null ? {} : { link: link.actionLink }),
        siteUrl: context.siteUrl,
        redirectTo: context.redirectTo,
        email,
        ...(newEmail === null ? {} : { newEmail }),
        data: metadata ?? {},
      },
      expiresAt: link.expiresAt,
      ...(person === null ? {} : { user: showPerson(person) }),
    },
    link.issued,
  )
}

/** A link and its mail. */
export async function linkByMail(
  workshop: Workshop,
  context: AuthenticationContext,
  request: LinkRequest,
  recipient: Recipient,
): Promise<readonly Statement[]> {
  const link = await makeLink(workshop, context, request)
  return [...link.statements, ...(await mailStatements(workshop, context, link, recipient))]
}
