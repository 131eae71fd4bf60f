// Tells people by mail that a second factor was added or removed: whoever didn't do it themselves should know at once.
import { languageOf, messageStatements, transportOf } from '../messages'
import type { AuthenticationContext, Statement } from '../platform'
import type { FactorType } from './factor'
import { showPerson, type Person } from './person'
import type { Workshop } from './workshop'

/** For who has a confirmed address, where mail can be sent at all; sent if `condition` holds. Follow the batch with `messagesCommitted`. */
export async function factorNotice(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person,
  kind: 'mfa_factor_enrolled' | 'mfa_factor_unenrolled',
  factorType: FactorType,
  condition: Statement,
): Promise<Statement[]> {
  const { app, env } = workshop
  if (person.email === null || person.emailConfirmedAt === null || transportOf(app, env, 'email') === null) return []
  const variables = { email: person.email, siteUrl: context.siteUrl, data: person.userMetadata, factorType }
  const locale = languageOf(app, person.userMetadata, context.acceptLanguage)
  return messageStatements(workshop, { channel: 'email', to: person.email, kind, locale, variables, user: showPerson(person) }, condition)
}
