// Codes of an authenticator app as a second factor. The secret is sealed for its factor alone; a step's code is taken once.
import { AppError } from '../core'
import { authErrors } from './errors'
import type { FactorKind } from './factor-kind'
import { qrSvg } from './qr-code'
import { proveByRecoveryCode, readRecoveryCode } from './recovery-code'
import { takeFactor } from './second-factor'
import { matchingStep, newTotpSecret, totpUri } from './totp'
import { shortLine } from './wording'

/** Characters; both stand in a QR code, which must stay small enough to be read. */
const MAX_ISSUER = 60
const MAX_ACCOUNT = 100

const purposeOf = (factorId: string) => `totp:${factorId}`

export const totpFactor: FactorKind = {
  enabled: ({ app }) => app.auth?.mfa?.totp ?? true,

  async enroll({ app, keys }, _context, factorId, { issuer }) {
    const shown = issuer === null ? [...app.name].slice(0, MAX_ISSUER).join('') : shortLine('issuer', issuer, MAX_ISSUER)
    const secret = newTotpSecret()
    return {
      columns: { sealed_secret: await keys.seal(secret, purposeOf(factorId)) },
      show({ email, phone }) {
        const account = [...(email ?? phone ?? '')].slice(0, MAX_ACCOUNT).join('')
        const uri = totpUri(secret, shown, account)
        return { totp: { qr_code: qrSvg(uri), secret, uri } }
      },
    }
  },

  challenge: async () => ({}),

  check({ code }) {
    if (code === null || code === '') throw new AppError(authErrors.validation_failed, { message: 'Code needs to be non-empty' })
  },

  async judge(workshop, _context, attempt, { code }) {
    const { factor, secrets } = attempt
    if (code === null || secrets.sealedSecret === null) return null
    const recovery = readRecoveryCode(code)
    if (recovery !== null) return factor.status === 'verified' ? proveByRecoveryCode(workshop, attempt, recovery) : null
    const secret = await workshop.keys.unseal(secrets.sealedSecret, purposeOf(factor.id))
    const step = await matchingStep(secret, code, workshop.now)
    if (step === null) return null
    const unused = { sql: '(last_step is null or last_step < cast(? as integer))', params: [String(step)] }
    return { by: { type: 'totp', factorId: factor.id }, take: takeFactor(workshop, attempt, { last_step: String(step) }, unused) }
  },
}
