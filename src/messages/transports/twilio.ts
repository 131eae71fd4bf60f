// Twilio's Messages API (https://www.twilio.com/docs/messaging/api/message-resource). It knows no idempotency key: a Worker that dies between
// sending and recording sends twice.
import { DeliveryError } from '../errors'
import type { Rendered, Transport } from '../transport'
import { post, refused } from './http'
import type { Env } from '../../platform'

/** Numbers as they stand between the account's own: E.164 with the plus. */
function form(env: Env, { message, text, variables }: Rendered): URLSearchParams {
  const from = env.PERIGEE_TWILIO_FROM ?? ''
  if (message.channel === 'sms' && message.via === 'whatsapp') {
    const content = env.PERIGEE_TWILIO_CONTENT
    const sender = env.PERIGEE_TWILIO_WHATSAPP_FROM ?? from
    return new URLSearchParams({
      To: `whatsapp:${message.to}`,
      ...(sender.startsWith('MG') ? { MessagingServiceSid: sender } : { From: `whatsapp:${sender}` }),
      ...(content === undefined ? { Body: text } : { ContentSid: content, ContentVariables: JSON.stringify({ 1: variables.code ?? '' }) }),
    })
  }
  return new URLSearchParams({ To: message.to, ...(from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from }), Body: text })
}

export const twilio: Transport = {
  name: 'twilio',
  async send({ env }, rendered) {
    const account = env.PERIGEE_TWILIO_ACCOUNT ?? ''
    const user = env.PERIGEE_TWILIO_KEY ?? account
    const url = `${env.PERIGEE_TWILIO_URL ?? 'https://api.twilio.com'}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`
    const headers = {
      authorization: `Basic ${btoa(`${user}:${env.PERIGEE_TWILIO_SECRET ?? ''}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    }
    const answer = await post('Twilio', url, headers, form(env, rendered).toString())
    if (answer.status < 200 || answer.status >= 300) throw refused('Twilio', answer, answer.body['code'])
    const { status, error_code: code } = answer.body
    if (status === 'failed' || status === 'undelivered') throw new DeliveryError(`Twilio could not send it (${Number(code)}).`, 'never')
  },
}
