// The app's own code as a transport: `auth.hooks.sendEmail` and `sendSms`, with the inputs of GoTrue's hooks (shared protocol notes: gotrue §8).
import {
  HOOK_SECONDS,
  type HookMetadata,
  type MessageKind,
  type SendEmailInput,
  type SendHookAnswer,
  type SendSmsInput,
} from '../../define'
import { DeliveryError } from '../errors'
import type { Message } from '../message'
import { describeThrown } from '../redact'
import type { Rendered, Transport } from '../transport'

/** GoTrue's names of what a mail is for. Those of notices are ours with a suffix. */
const ACTIONS: Partial<Readonly<Record<MessageKind, string>>> = {
  confirmation: 'signup',
  magic_link: 'magiclink',
  recovery: 'recovery',
  invite: 'invite',
  email_change_current: 'email_change',
  email_change_new: 'email_change',
  reauthentication: 'reauthentication',
}

const metadataOf = (name: string, id: string, now: number): HookMetadata => ({ uuid: id, time: new Date(now).toISOString(), name })

function emailInput({ id, message, locale, subject, text, html, variables }: Rendered, now: number): SendEmailInput {
  const { code = '', tokenHash = '', link = '', siteUrl = '', redirectTo = '' } = variables
  const toNew = message.kind === 'email_change_new'
  // GoTrue's own crossing: the hash for the current address is called new, and the other way round.
  const crossed = message.kind === 'email_change_current'
  return {
    metadata: metadataOf('send-email', id, now),
    user: message.user ?? null,
    email_data: {
      token: toNew ? '' : code,
      token_hash: crossed ? '' : tokenHash,
      token_new: toNew ? code : '',
      token_hash_new: crossed ? tokenHash : '',
      redirect_to: redirectTo,
      email_action_type: ACTIONS[message.kind] ?? `${message.kind}_notification`,
      site_url: siteUrl,
      old_email: variables.oldEmail ?? '',
      old_phone: variables.oldPhone ?? '',
      provider: variables.provider ?? '',
      factor_type: variables.factorType ?? '',
    },
    message: { to: message.to, kind: message.kind, locale, subject, text, html: html ?? '', link },
  }
}

const SMS_TYPES: Readonly<Record<string, string>> = {
  phone_confirmation: 'confirmation',
  phone_change: 'phone_change',
  phone_reauthentication: 'reauthentication',
  mfa_phone: 'mfa',
}

function smsInput({ id, message, locale, text, variables }: Rendered, now: number): SendSmsInput {
  return {
    metadata: metadataOf('send-sms', id, now),
    user: message.user ?? null,
    // Without the plus, as GoTrue keeps numbers.
    sms: { otp: variables.code ?? '', phone: message.to.replace(/^\+/, ''), sms_type: SMS_TYPES[message.kind] ?? message.kind },
    message: { to: message.to, kind: message.kind, locale, text, via: (message.channel === 'sms' && message.via) || 'sms' },
  }
}

function check(answer: SendHookAnswer, name: string): void {
  const error =
    typeof answer === 'object' && answer !== null && 'error' in answer ? (answer.error as { message?: unknown; http_code?: unknown }) : null
  if (typeof error?.message !== 'string') return
  const status = Number(error.http_code ?? 403)
  throw new DeliveryError(`The hook ${name} refused it (${status}).`, status >= 400 && status < 500 && status !== 429 ? 'never' : null)
}

/** Calls a hook for as long as it may take. */
async function within(
  name: string,
  message: Message,
  call: (signal: AbortSignal) => Promise<SendHookAnswer> | SendHookAnswer,
): Promise<void> {
  const ending = new AbortController()
  let timer: ReturnType<typeof setTimeout> | null = null
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new DeliveryError(`The hook ${name} took longer than ${HOOK_SECONDS} seconds.`))
      ending.abort()
    }, HOOK_SECONDS * 1000)
  })
  try {
    check(await Promise.race([(async () => call(ending.signal))(), over]), name)
  } catch (error) {
    throw error instanceof DeliveryError ? error : new DeliveryError(`The hook ${name} threw ${describeThrown(error, message)}`)
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

export const hook: Transport = {
  name: 'hook',
  async send({ app, now }, rendered) {
    const { id, message } = rendered
    const { sendEmail, sendSms } = app.auth?.hooks ?? {}
    if (message.channel === 'email') await within('sendEmail', message, (signal) => sendEmail!(emailInput(rendered, now), { id, signal }))
    else await within('sendSms', message, (signal) => sendSms!(smsInput(rendered, now), { id, signal }))
  },
}
