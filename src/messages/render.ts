// Gives a message its words.
import type { AppDefinition } from '../define'
import type { Message } from './message'
import type { Rendered } from './transport'

export function render(app: AppDefinition, id: string, message: Message): Rendered {
  const { code, link } = message.variables
  const text = [code === undefined ? null : `Your code is ${code}.`, link ?? null].filter((line) => line !== null).join('\n\n')
  return {
    id,
    message,
    locale: 'en',
    subject: message.channel === 'sms' ? '' : app.name,
    text,
    html: null,
    variables: message.variables,
  }
}
