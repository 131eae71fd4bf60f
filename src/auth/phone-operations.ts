// Phone numbers as a way in.
import type { PhoneOperations } from '../platform'
import { changePhone, reauthenticateByPhone, resendPhoneCode, sendPhoneCode, signUpByPhone } from './phone-request'
import { verifyPhone } from './phone-verify'
import { showSession } from './session'
import { signInWithPassword } from './sign-in'
import type { OperationsOf } from './workshop'

export const phoneOperations: OperationsOf<PhoneOperations> = {
  signUpByPhone,
  sendPhoneCode,
  resendPhoneCode,
  changePhone,
  reauthenticateByPhone,

  async signInWithPhone(workshop, context, phone, password) {
    const { session, person, weakness } = await signInWithPassword(workshop, context, { phone }, password)
    const answer = await showSession(workshop, context, session, person)
    return weakness === null ? answer : { ...answer, weak_password: weakness }
  },

  async verifyPhone(workshop, context, type, phone, code, known) {
    const { session, person } = await verifyPhone(workshop, context, type, phone, code, known)
    return showSession(workshop, context, session, person)
  },
}
