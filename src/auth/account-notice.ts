// Tells people by mail that their password, address, number, ways to sign in or second factors are others now: whoever didn't do it themselves should
// know at once.
import type { MailKind, MessageVariables } from '../define'
import { languageOf, messageStatements, transportOf } from '../messages'
import type { AuthenticationContext, Statement } from '../platform'
import { showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/** What people are told of. */
type Notice = Extract<MailKind, `${string}_changed` | `identity_${string}` | `mfa_factor_${string}`>

/**
 * For who has a confirmed address, as it was before, where mail can be sent at all; sent if `condition` holds. Follow the batch with
 * `messagesCommitted`.
 */
export async function accountNotice(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person,
  kind: Notice,
  more: Partial<MessageVariables>,
  condition: Statement,
): Promise<Statement[]> {
  const { app, env } = workshop
  const { email } = person
  if (email === null || person.emailConfirmedAt === null || transportOf(app, env, 'email') === null) return []
  const locale = languageOf(app, person.userMetadata, context.acceptLanguage)
  const variables = { email, siteUrl: context.siteUrl, data: person.userMetadata, ...more }
  return messageStatements(workshop, { channel: 'email', to: email, kind, locale, variables, user: showPerson(person) }, condition)
}
