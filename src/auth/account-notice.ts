// Tells people by mail that their password, address or number is another one now: whoever didn't do it themselves should know at once.
import type { MessageVariables } from '../define'
import { languageOf, messageStatements, transportOf } from '../messages'
import type { AuthenticationContext, Statement } from '../platform'
import { showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/**
 * For who has a confirmed address, as it was before, where mail can be sent at all; sent if `condition` holds. Follow the batch with
 * `messagesCommitted`.
 */
export async function accountNotice(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person,
  kind: 'password_changed' | 'email_changed' | 'phone_changed',
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
