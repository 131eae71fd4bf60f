// A developer's own machine: messages are kept and shown at /dev/outbox, and nobody is written to.
import { run } from '../../platform'
import type { Transport } from '../transport'

export const outbox: Transport = {
  name: 'outbox',
  async send({ db, now }, { id, message, locale, subject, text, html, variables }) {
    await run(db, [
      {
        sql: `insert into sys_outbox (id, at, channel, recipient, kind, locale, subject, text, html, variables)
          values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
        params: [
          id,
          String(now),
          message.channel,
          message.to,
          message.kind,
          locale,
          message.channel === 'sms' ? null : subject,
          text,
          html,
          JSON.stringify(variables),
        ],
      },
    ])
  },
}
