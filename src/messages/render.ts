// Gives a message its words: the app's template when it has one, else the built-in ones, in the language nearest to the person's.
import { html, isHtml, trustedHtml, type AppDefinition, type MailTemplate, type SmsTemplate, type TemplateArgument } from '../define'
import { oneLine } from './mailbox'
import type { Message } from './message'
import { describeThrown } from './redact'
import { chooseLanguage } from './templates/choose'
import { de } from './templates/de'
import { en } from './templates/en'
import { es } from './templates/es'
import { fill, textOf } from './templates/fill'
import { fr } from './templates/fr'
import { content, document, plain } from './templates/layout'
import type { Words } from './templates/words'
import type { Rendered } from './transport'

const WORDS: Readonly<Record<string, Words>> = { en, de, fr, es }

const MAX_SUBJECT = 200
/** More than any provider sends as one text. */
const MAX_SMS = 1_600

interface Written {
  readonly subject: string
  readonly text: string
  readonly html: string | null
}

type Template = MailTemplate | SmsTemplate

/** The app's template for a message and its language; null when it has none. */
function templateOf(app: AppDefinition, { kind, locale }: Message): { readonly template: Template; readonly locale: string } | null {
  const rules = app.auth?.messages
  const declared = rules?.templates?.[kind] as Template | { readonly languages: Readonly<Record<string, Template>> } | undefined
  if (declared === undefined) return null
  if (typeof declared !== 'object' || !('languages' in declared)) return { template: declared, locale: rules?.locale ?? 'en' }
  const tags = Object.keys(declared.languages)
  if (tags.length === 0) return null
  const tag = chooseLanguage(locale, rules?.locale, tags)
  return { template: declared.languages[tag]!, locale: tag }
}

function writeOwn(template: Template, argument: TemplateArgument, channel: Message['channel']): Written {
  if (channel === 'sms') {
    const text = typeof template === 'function' ? String(template(argument)) : fill(template as string, argument, 'text')
    return { subject: '', text, html: null }
  }
  const mail = template as MailTemplate
  const words =
    typeof mail === 'function'
      ? mail(argument)
      : {
          subject: fill(mail.subject, argument, 'text'),
          html: trustedHtml(fill(mail.html, argument, 'html')),
          ...(mail.text === undefined ? {} : { text: fill(mail.text, argument, 'text') }),
        }
  const inner = isHtml(words.html) ? words.html : html`<p style="white-space:pre-wrap">${words.html}</p>`
  const whole = /^\s*<(?:!doctype|html)\b/i.test(inner.markup) ? inner.markup : document(argument, words.subject, inner)
  return { subject: words.subject, html: whole, text: words.text ?? textOf(inner.markup) }
}

function writeBuiltIn(message: Message, argument: TemplateArgument): Written {
  const words = WORDS[argument.locale]!
  if (message.channel === 'sms') return { subject: '', text: words.sms[message.kind](argument), html: null }
  const mail = words.mail[message.kind](argument)
  return {
    subject: mail.subject,
    html: document(argument, mail.subject, content(words, mail, argument)),
    text: plain(words, mail, argument),
  }
}

/** A message with its words, and what was wrong with the app's template, in the place of which the built-in one then stands. */
export function render(app: AppDefinition, id: string, message: Message): { readonly rendered: Rendered; readonly problem: string | null } {
  const argument = (locale: string): TemplateArgument => ({ ...message.variables, appName: app.name, locale })
  const builtIn = (): [Written, string] => {
    const locale = chooseLanguage(message.locale, app.auth?.messages?.locale, Object.keys(WORDS))
    return [writeBuiltIn(message, argument(locale)), locale]
  }
  const own = templateOf(app, message)
  let written: Written
  let locale: string
  let problem: string | null = null
  try {
    ;[written, locale] = own === null ? builtIn() : [writeOwn(own.template, argument(own.locale), message.channel), own.locale]
  } catch (error) {
    problem = `The template of ${message.kind} threw ${describeThrown(error, message)}`
    ;[written, locale] = builtIn()
  }
  const { subject, text, html: markup } = written
  const rendered: Rendered = {
    id,
    message,
    locale,
    subject: oneLine(subject, MAX_SUBJECT),
    text: message.channel === 'sms' ? text.slice(0, MAX_SMS) : text,
    html: markup,
    variables: message.variables,
  }
  return { rendered, problem }
}
