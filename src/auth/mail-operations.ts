// Mail addresses as a way in.
import type { MailOperations } from '../platform'
import { changeEmail, resendEmailChange } from './mail-change'
import { verifyMail } from './mail-verify'
import { resendConfirmation, sendMagicLink, sendReauthentication, sendRecovery, signUpToConfirm } from './mailed-sign-in'
import { showSession } from './session'
import type { OperationsOf } from './workshop'

export const mailOperations: OperationsOf<MailOperations> = {
  signUpToConfirm,
  sendMagicLink,
  sendRecovery,
  resendConfirmation,
  resendEmailChange,
  sendReauthentication,
  changeEmail,

  async verifyMail(workshop, context, type, token, exchange) {
    const verified = await verifyMail(workshop, context, type, token, exchange)
    if (verified.kind !== 'session') return verified
    return { kind: 'session', session: await showSession(workshop, context, verified.session, verified.person) }
  },
}
