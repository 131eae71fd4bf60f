// What the built-in messages say, in a shape that every language fills. Texts, never HTML: the layout escapes them.
import type { MailKind, SmsKind, TemplateArgument } from '../../define'

/** The words of one mail. */
export interface MailText {
  readonly subject: string
  /** What happened or is to happen, a paragraph an entry. */
  readonly body: readonly string[]
  /** On the button that opens the link. */
  readonly action?: string
}

export interface Words {
  readonly mail: Readonly<Record<MailKind, (about: TemplateArgument) => MailText>>
  readonly sms: Readonly<Record<SmsKind, (about: TemplateArgument) => string>>
  /** Above the code. */
  readonly code: string
  /** Where there is no link beside it. */
  readonly codeOnly: string
  /** For who didn't ask for it. */
  readonly ignore: string
  /** Under a notice, for who didn't do it. */
  readonly notYou: string
  /** Above the link, written out. */
  readonly orOpen: string
}
