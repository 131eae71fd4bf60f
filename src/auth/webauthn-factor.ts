// WebAuthn as a second factor: a security key or the phone itself. The first answer makes the credential, later ones are signed with it.
import * as z from 'zod'
import { AppError } from '../core'
import { run, type Statement } from '../platform'
import { authErrors } from './errors'
import type { FactorKind } from './factor-kind'
import { namesOf } from './passkey'
import { relyingPartyOf } from './relying-party'
import { takeFactor } from './second-factor'
import { creationOptions, judgeAssertion, judgeAttestation, newChallenge, requestOptions, type Descriptor } from './webauthn'
import { assertionAnswer, attestationAnswer } from './webauthn-answer'

const proofInput = z.object({ type: z.enum(['create', 'request']), credential_response: z.record(z.string(), z.unknown()) })

function credentialsStatement(userId: string): Statement {
  return {
    sql: `select id, credential_id, coalesce(transports, '[]') as transports from auth_factors
      where user_id = ? and type = 'webauthn' and status = 'verified'`,
    params: [userId],
  }
}

function readDescriptor(row: Readonly<Record<string, unknown>>): Descriptor {
  return { credentialId: String(row['credential_id']), transports: JSON.parse(String(row['transports'])) as string[] }
}

export const webauthnFactor: FactorKind = {
  // Whose the credentials are is said with the passkeys.
  enabled: ({ app }) => app.auth?.mfa?.webauthn ?? app.auth?.passkeys !== undefined,

  enroll: async () => ({ columns: {}, show: () => ({}) }),

  /** What phones ask for besides (`rpId`, `rpOrigins`) is for the app to say, not for them. */
  async challenge(workshop, context, { person, factor }) {
    const challenge = newChallenge()
    // A factor comes second to something, so it suffices that somebody is there; many security keys have no PIN.
    const expected = { party: relyingPartyOf(workshop, context), challenge, verified: false }
    const [found] = await run(workshop.db, [credentialsStatement(person.id)])
    const known = found!.results
    if (factor.status === 'verified') {
      const allow = known.filter(({ id }) => id === factor.id).map(readDescriptor)
      return { challenge, show: { webauthn: { type: 'request', credential_options: { publicKey: requestOptions(expected, allow) } } } }
    }
    // Not the person's handle: an authenticator keeps one discoverable credential a handle, and a passkey must not be lost to a factor.
    const user = { handle: factor.id, ...namesOf(person) }
    const publicKey = creationOptions(expected, user, { discoverable: false, exclude: known.map(readDescriptor) })
    return { challenge, show: { webauthn: { type: 'create', credential_options: { publicKey } } } }
  },

  check({ webauthn }) {
    const refuse = (message: string) => new AppError(authErrors.validation_failed, { message })
    if (webauthn === null) throw refuse('WebAuthn config required')
    const parsed = proofInput.safeParse(webauthn)
    if (parsed.success) return
    throw refuse(parsed.error.issues[0]?.path[0] === 'type' ? 'WebAuthn type must be create or request' : 'credential_response required')
  },

  async judge(workshop, context, attempt, { webauthn }) {
    const { factor, secrets, challenge } = attempt
    const { type, credential_response: response } = proofInput.parse(webauthn)
    if (challenge.challenge === null || type !== (factor.status === 'verified' ? 'request' : 'create')) return null
    const expected = { party: relyingPartyOf(workshop, context), challenge: challenge.challenge, verified: false }
    const by = { type: 'webauthn', factorId: factor.id } as const

    if (type === 'create') {
      const answer = attestationAnswer.safeParse(response)
      const judged = answer.success ? await judgeAttestation(answer.data, expected) : null
      if (!judged?.ok) return null
      const { credentialId, publicKey, counter, transports, aaguid } = judged.value
      const columns = {
        credential_id: credentialId,
        public_key: publicKey,
        counter: String(counter),
        transports: JSON.stringify(transports),
        aaguid,
      }
      const unused = { sql: 'not exists (select 1 from auth_factors o where o.credential_id = ?)', params: [credentialId] }
      return { by, take: takeFactor(workshop, attempt, columns, unused) }
    }

    const { credentialId, publicKey, counter } = secrets
    const answer = assertionAnswer.safeParse(response)
    if (!answer.success || credentialId === null || publicKey === null) return null
    const judged = await judgeAssertion(answer.data, { credentialId, publicKey, counter: counter ?? 0 }, expected)
    if (!judged.ok) return null
    const risen = String(judged.value.counter)
    const unused = { sql: '(counter < cast(? as integer) or (counter = 0 and cast(? as integer) = 0))', params: [risen, risen] }
    return { by, take: takeFactor(workshop, attempt, { counter: risen }, unused) }
  },
}
