// Codes by text message as a second factor. A number that only wants to be one is nobody's way in, so several people may have it.
import { AppError, equalConstantTime, fromBase64Url, toBase64Url, utf8 } from '../core'
import { languageOf, messagesCommitted, messageStatements } from '../messages'
import { isDevelopment } from '../platform'
import { authErrors } from './errors'
import { CHALLENGE_MS, type FactorKind } from './factor-kind'
import { randomCode } from './one-time-token'
import { showPerson } from './person'
import { normalisePhone } from './phone'
import { proveByRecoveryCode, readRecoveryCode } from './recovery-code'
import { takeFactor } from './second-factor'
import type { Workshop } from './workshop'

const invalid = (message: string) => new AppError(authErrors.validation_failed, { message })

const macOf = ({ keys }: Workshop, factorId: string, code: string) => keys.codeMac(utf8(JSON.stringify(['mfa_phone', factorId, code])))

export const phoneFactor: FactorKind = {
  enabled: ({ app }) => app.auth?.mfa?.phone ?? false,
  manyTries: true,

  async enroll(_workshop, _context, _factorId, { phone }) {
    if (phone === null) throw invalid('Phone number required to enroll Phone factor')
    const number = normalisePhone(phone)
    if (number === null) throw invalid('Invalid phone number format (E.164 required)')
    return {
      columns: { phone: number },
      show: () => ({ phone }),
      replaces: { sql: "type = 'phone' and phone = ?", params: [number] },
      condition: {
        sql: "not exists (select 1 from auth_factors p where p.user_id = u.id and p.type = 'phone' and p.phone = ?)",
        params: [number],
      },
      refusal({ factors }) {
        if (!factors.some((factor) => factor.type === 'phone' && factor.phone === number)) return null
        const message = 'A verified phone factor already exists, unenroll the existing factor to continue'
        return new AppError(authErrors.mfa_verified_factor_exists, { message })
      },
    }
  },

  /** Who counts messages has let it through; see routes/auth/factors.ts. */
  async challenge(workshop, context, { person, factor, id }, { channel }) {
    const { app, env, now } = workshop
    const via = channel ?? 'sms'
    if (via !== 'sms' && via !== 'whatsapp') throw invalid("Invalid channel, supported values are 'sms' or 'whatsapp'.")
    const phone = factor.phone ?? ''
    const rules = typeof app.auth?.phone === 'object' ? app.auth.phone : {}
    const fixed = isDevelopment(env) && Object.hasOwn(rules.testNumbers ?? {}, phone) ? rules.testNumbers![phone]! : null
    const code = fixed ?? randomCode(context.rules.codeLength)
    const statements = await messageStatements(
      workshop,
      {
        channel: 'sms',
        via,
        to: `+${phone}`,
        kind: 'mfa_phone',
        locale: languageOf(app, person.userMetadata, context.acceptLanguage),
        variables: { code, phone, siteUrl: context.siteUrl, data: person.userMetadata },
        expiresAt: now + CHALLENGE_MS,
        user: showPerson(person),
      },
      { sql: 'exists (select 1 from auth_challenges where id = ?)', params: [id] },
    )
    return { codeHash: toBase64Url(await macOf(workshop, factor.id, code)), statements, committed: () => messagesCommitted(workshop) }
  },

  check({ code }) {
    if (code === null || code === '') throw invalid('Code needs to be non-empty')
  },

  async judge(workshop, _context, attempt, { code }) {
    const { factor, challenge } = attempt
    const expected = challenge.codeHash === null ? null : fromBase64Url(challenge.codeHash)
    if (code === null || expected === null) return null
    const recovery = readRecoveryCode(code)
    if (recovery !== null) return factor.status === 'verified' ? proveByRecoveryCode(workshop, attempt, recovery) : null
    if (!equalConstantTime(expected, await macOf(workshop, factor.id, code))) return null
    const unused = { sql: 'exists (select 1 from auth_challenges where id = ?)', params: [challenge.id] }
    return { by: { type: 'phone', factorId: factor.id }, take: takeFactor(workshop, attempt, {}, unused) }
  },
}
