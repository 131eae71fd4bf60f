// Tells people by mail that a way to sign in to their account came or went: whoever didn't do it themselves should know at once.
import { languageOf, messageStatements, transportOf } from '../messages'
import type { AuthenticationContext, Statement } from '../platform'
import { showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/**
 * For who has a confirmed address, as it was before, where mail can be sent at all; sent if `condition` holds. Follow the batch with
 * `messagesCommitted`.
 */
export async function identityNotice(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person,
  kind: 'identity_linked' | 'identity_unlinked',
  provider: string,
  condition: Statement,
): Promise<Statement[]> {
  const { app, env } = workshop
  const { email } = person
  if (email === null || person.emailConfirmedAt === null || transportOf(app, env, 'email') === null) return []
  const locale = languageOf(app, person.userMetadata, context.acceptLanguage)
  const variables = { email, siteUrl: context.siteUrl, data: person.userMetadata, provider }
  return messageStatements(workshop, { channel: 'email', to: email, kind, locale, variables, user: showPerson(person) }, condition)
}
