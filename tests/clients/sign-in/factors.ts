// Second factors: authenticator apps, telephones, security keys, recovery codes.
import type { SupabaseClient } from '@supabase/supabase-js'
import { describe, expect, test } from 'vitest'
import { fromBase32, stepAt, totpCode } from '../../../src/auth/totp'
import { Authenticator } from '../../auth/authenticator'
import { credentialsOf, inBrowser } from './browser'
import { member, newNumber, type Lodge } from './lodge'

/** An authenticator app that has one factor. */
interface App {
  readonly factorId: string
  /** The code that it shows, some steps of 30 s from now. */
  code(steps?: number): Promise<string>
}

async function enroll(phone: SupabaseClient, friendlyName = 'App'): Promise<App> {
  const { data, error } = await phone.auth.mfa.enroll({ factorType: 'totp', friendlyName })
  if (error) throw error
  return { factorId: data.id, code: (steps = 0) => totpCode(fromBase32(data.totp.secret)!, stepAt(Date.now()) + steps) }
}

/** A phone on which somebody is signed in with both factors. */
export async function strong(lodge: Lodge): Promise<{ phone: SupabaseClient; id: string; app: App }> {
  const { phone, id } = await member(lodge)
  const app = await enroll(phone)
  const { error } = await phone.auth.mfa.challengeAndVerify({ factorId: app.factorId, code: await app.code() })
  if (error) throw error
  return { phone, id, app }
}

const statusOf = (error: object | null): unknown => (error === null ? null : Reflect.get(error, 'status'))

export function factors(lodge: () => Lodge): void {
  describe('second factors', () => {
    test('mfa.enroll', async () => {
      const { phone } = await member(lodge())
      const { data, error } = await phone.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'App', issuer: 'lodge.example' })
      expect(error).toBeNull()
      expect(data).toMatchObject({ type: 'totp', friendly_name: 'App', id: expect.stringMatching(/^[\da-f-]{36}$/) as string })
      expect(data!.totp.qr_code).toMatch(/^data:image\/svg\+xml;utf-8,<(?:\?xml|svg)/)
      expect(data!.totp.uri).toMatch(/^otpauth:\/\/totp\/lodge\.example:/)
      const again = await phone.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'App' })
      expect([again.error?.status, again.error?.code]).toEqual([422, 'mfa_factor_name_conflict'])
      const number = newNumber()
      const telephone = await phone.auth.mfa.enroll({ factorType: 'phone', friendlyName: 'Telephone', phone: number })
      expect([telephone.error, telephone.data?.type]).toEqual([null, 'phone'])
      const nobody = lodge().phone()
      await nobody.auth.signInAnonymously()
      expect((await nobody.auth.mfa.enroll({ factorType: 'totp' })).error?.status).toBe(403)
    })
    test('mfa.challenge', async () => {
      const { phone } = await member(lodge())
      const { factorId } = await enroll(phone)
      const { data, error } = await phone.auth.mfa.challenge({ factorId })
      expect([error, data?.type]).toEqual([null, 'totp'])
      expect(data!.expires_at - Date.now() / 1000).toBeGreaterThan(60)
      const somebodyElse = await member(lodge())
      const foreign = await somebodyElse.phone.auth.mfa.challenge({ factorId })
      expect([foreign.error?.status, foreign.error?.code]).toEqual([404, 'mfa_factor_not_found'])
    })
    test('mfa.verify', async () => {
      const { phone } = await member(lodge())
      const app = await enroll(phone)
      const { data } = await phone.auth.mfa.challenge({ factorId: app.factorId })
      const code = await app.code()
      const verified = await phone.auth.mfa.verify({ factorId: app.factorId, challengeId: data!.id, code })
      expect([verified.error, verified.data?.user.factors?.[0]?.status]).toEqual([null, 'verified'])
      expect((await phone.auth.getClaims()).data?.claims.aal).toBe('aal2')
      const { data: second } = await phone.auth.mfa.challenge({ factorId: app.factorId })
      const replayed = await phone.auth.mfa.verify({ factorId: app.factorId, challengeId: second!.id, code })
      expect([replayed.error?.status, replayed.error?.code]).toEqual([422, 'mfa_verification_failed'])

      const number = newNumber()
      const { data: telephone } = await phone.auth.mfa.enroll({ factorType: 'phone', friendlyName: 'Telephone', phone: number })
      const { data: rung } = await phone.auth.mfa.challenge({ factorId: telephone!.id })
      const { variables } = await lodge().message(number)
      const proved = await phone.auth.mfa.verify({ factorId: telephone!.id, challengeId: rung!.id, code: variables['code']! })
      expect(proved.error).toBeNull()
    })
    test('mfa.challengeAndVerify', async () => {
      const { phone } = await member(lodge())
      const app = await enroll(phone)
      const { data, error } = await phone.auth.mfa.challengeAndVerify({ factorId: app.factorId, code: await app.code() })
      expect([error, data?.token_type]).toEqual([null, 'bearer'])
      // The session that was kept is the stronger one, and it goes on.
      expect((await phone.auth.refreshSession()).error).toBeNull()
      expect((await phone.auth.getClaims()).data?.claims.aal).toBe('aal2')
    })
    test('mfa.listFactors', async () => {
      const { phone, app } = await strong(lodge())
      await phone.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'Another' })
      const { data, error } = await phone.auth.mfa.listFactors()
      expect(error).toBeNull()
      expect(data!.totp.map(({ id }) => id)).toEqual([app.factorId])
      expect(data!.all).toHaveLength(2)
    })
    test('mfa.getAuthenticatorAssuranceLevel', async () => {
      const { phone } = await member(lodge())
      const level = async () => {
        const { data } = await phone.auth.mfa.getAuthenticatorAssuranceLevel()
        return [
          data?.currentLevel,
          data?.nextLevel,
          data?.currentAuthenticationMethods.map((entry) => (typeof entry === 'string' ? entry : entry.method)),
        ]
      }
      expect(await level()).toEqual(['aal1', 'aal1', ['oauth']])
      const app = await enroll(phone)
      await phone.auth.mfa.challengeAndVerify({ factorId: app.factorId, code: await app.code() })
      expect(await level()).toEqual(['aal2', 'aal2', expect.arrayContaining(['totp', 'oauth'])])
    })
    test('mfa.unenroll', async () => {
      const { phone, app } = await strong(lodge())
      expect(await phone.auth.mfa.unenroll({ factorId: app.factorId })).toEqual({ data: { id: app.factorId }, error: null })
      await phone.auth.refreshSession()
      expect((await phone.auth.getClaims()).data?.claims.aal).toBe('aal1')
    })
  })

  describe('security keys', () => {
    const webauthn = { rpId: 'localhost', rpOrigins: ['http://localhost'] }

    test('mfa.webauthn.enroll', async () => {
      const { phone } = await member(lodge())
      const { data, error } = await phone.auth.mfa.webauthn.enroll({ friendlyName: 'Key' })
      expect([error, data?.type, data?.friendly_name]).toEqual([null, 'webauthn', 'Key'])
    })
    test('mfa.webauthn.challenge', async () => {
      const { phone } = await member(lodge())
      const device = await Authenticator.make()
      const { data: factor } = await phone.auth.mfa.webauthn.enroll({ friendlyName: 'Key' })
      const { data, error } = await inBrowser(device, () => phone.auth.mfa.webauthn.challenge({ factorId: factor!.id, webauthn }))
      expect([error, data?.factorId, data?.webauthn.type]).toEqual([null, factor!.id, 'create'])
    })
    test('mfa.webauthn.verify', async () => {
      const { phone } = await member(lodge())
      const device = await Authenticator.make()
      const { data: factor } = await phone.auth.mfa.webauthn.enroll({ friendlyName: 'Key' })
      const { data } = await inBrowser(device, () => phone.auth.mfa.webauthn.challenge({ factorId: factor!.id, webauthn }))
      const verified = await phone.auth.mfa.webauthn.verify({ ...data!, webauthn: { ...webauthn, ...data!.webauthn } as never })
      expect(verified.error).toBeNull()
      expect((await phone.auth.getClaims()).data?.claims.aal).toBe('aal2')
    })
    test('mfa.webauthn.register', async () => {
      const { phone } = await member(lodge())
      const { data, error } = await inBrowser(await Authenticator.make(), () =>
        phone.auth.mfa.webauthn.register({ friendlyName: 'Key', webauthn }),
      )
      expect([error, data?.user.factors]).toMatchObject([null, [{ factor_type: 'webauthn', status: 'verified', friendly_name: 'Key' }]])
    })
    test('mfa.webauthn.authenticate', async () => {
      const { phone, email } = await member(lodge())
      const device = await Authenticator.make()
      const { data } = await inBrowser(device, () => phone.auth.mfa.webauthn.register({ friendlyName: 'Key', webauthn }))
      const factorId = data!.user.factors![0]!.id
      const other = lodge().phone()
      const { properties } = (await lodge().desk().auth.admin.generateLink({ type: 'magiclink', email })).data
      await other.auth.verifyOtp({ type: 'magiclink', token_hash: properties!.hashed_token })
      expect((await other.auth.getClaims()).data?.claims.aal).toBe('aal1')
      const raised = await inBrowser(device, () => other.auth.mfa.webauthn.authenticate({ factorId, webauthn }))
      expect(raised.error).toBeNull()
      expect((await other.auth.getClaims()).data?.claims.aal).toBe('aal2')
    })
  })

  describe('recovery codes', () => {
    test('mfa.recoveryCodes.generate', async () => {
      const { phone } = await strong(lodge())
      const { data, error } = await phone.auth.mfa.recoveryCodes.generate({ friendlyName: 'Paper' })
      expect([error, data?.type, data?.friendly_name, data?.total]).toEqual([null, 'recovery_code', 'Paper', 10])
      expect(new Set(data!.codes).size).toBe(10)
      const again = await phone.auth.mfa.recoveryCodes.generate()
      expect([again.error?.status, again.error?.code]).toEqual([422, 'mfa_verified_factor_exists'])
      const weak = await member(lodge())
      expect((await weak.phone.auth.mfa.recoveryCodes.generate()).error?.code).toBe('insufficient_aal')
    })
    test('mfa.recoveryCodes.getStatus', async () => {
      const { phone } = await strong(lodge())
      const none = await phone.auth.mfa.recoveryCodes.getStatus()
      expect([none.error?.status, none.error?.code]).toEqual([404, 'mfa_factor_not_found'])
      await phone.auth.mfa.recoveryCodes.generate()
      expect((await phone.auth.mfa.recoveryCodes.getStatus()).data).toMatchObject({ total: 10, remaining: 10 })
    })
    test('mfa.recoveryCodes.verify', async () => {
      const { phone, id } = await strong(lodge())
      const { data } = await phone.auth.mfa.recoveryCodes.generate()
      const [first] = data!.codes
      const other = lodge().phone()
      const { email } = (await phone.auth.getUser()).data.user!
      const link = await lodge().desk().auth.admin.generateLink({ type: 'magiclink', email: email! })
      await other.auth.verifyOtp({ type: 'magiclink', token_hash: link.data.properties!.hashed_token })
      const typed = first!.toUpperCase().match(/.{4}/g)!.join('-')
      const raised = await other.auth.mfa.recoveryCodes.verify({ code: typed })
      expect([raised.error, raised.data?.user.id]).toEqual([null, id])
      expect((await other.auth.getClaims()).data?.claims.aal).toBe('aal2')
      const twice = await other.auth.mfa.recoveryCodes.verify({ code: first! })
      expect([twice.error?.status, twice.error?.code]).toEqual([422, 'mfa_verification_failed'])
    })
    test('mfa.recoveryCodes.regenerate', async () => {
      const { phone } = await strong(lodge())
      const { data: old } = await phone.auth.mfa.recoveryCodes.generate({ friendlyName: 'Paper' })
      const { data: fresh, error } = await phone.auth.mfa.recoveryCodes.regenerate()
      expect([error, fresh?.id, fresh?.friendly_name, fresh?.codes.length]).toEqual([null, old!.id, 'Paper', 10])
      expect((await phone.auth.mfa.recoveryCodes.verify({ code: old!.codes[0]! })).error?.code).toBe('mfa_verification_failed')
    })
    test('mfa.recoveryCodes.unenroll', async () => {
      const { phone } = await strong(lodge())
      const { data } = await phone.auth.mfa.recoveryCodes.generate()
      expect((await phone.auth.mfa.recoveryCodes.unenroll()).data).toEqual({ id: data!.id })
      expect((await phone.auth.mfa.recoveryCodes.getStatus()).error?.code).toBe('mfa_factor_not_found')
    })
  })

  describe('passkeys', () => {
    /** Somebody with a passkey on a device. */
    const owner = async () => {
      const person = await member(lodge())
      const device = await Authenticator.make()
      const { data, error } = await inBrowser(device, () => person.phone.auth.registerPasskey())
      if (error) throw error
      return { ...person, device, passkey: data! }
    }

    test('registerPasskey', async () => {
      const { passkey } = await owner()
      expect(passkey).toMatchObject({ id: expect.any(String) as string, created_at: expect.any(String) as string })
    })
    test('signInWithPasskey', async () => {
      const { device, id } = await owner()
      const other = lodge().phone()
      const { data, error } = await inBrowser(device, () => other.auth.signInWithPasskey())
      expect([error, data?.user?.id]).toEqual([null, id])
      const claims = (await other.auth.getClaims()).data!.claims
      expect([claims.aal, claims.amr]).toMatchObject(['aal1', [{ method: 'passkey' }]])
      const stranger = await inBrowser(await Authenticator.make(), () => lodge().phone().auth.signInWithPasskey())
      expect([stranger.data, statusOf(stranger.error)]).toEqual([null, 400])
    })
    test('passkey.startRegistration', async () => {
      const { phone, id } = await member(lodge())
      const { data, error } = await phone.auth.passkey.startRegistration()
      expect(error).toBeNull()
      expect(data!.options).toMatchObject({ rp: { id: 'localhost' }, user: { id: Buffer.from(id).toString('base64url') } })
      expect(data!.expires_at - Date.now() / 1000).toBeGreaterThan(60)
    })
    test('passkey.verifyRegistration', async () => {
      const { phone } = await member(lodge())
      const device = await Authenticator.make()
      const { data } = await phone.auth.passkey.startRegistration()
      const credential = (await device.create(data!.options as never, 'http://localhost')) as never
      const made = await phone.auth.passkey.verifyRegistration({ challengeId: data!.challenge_id, credential })
      expect([made.error, typeof made.data?.id]).toEqual([null, 'string'])
      const twice = await phone.auth.passkey.verifyRegistration({ challengeId: data!.challenge_id, credential })
      expect([statusOf(twice.error), twice.error?.code]).toEqual([400, 'webauthn_challenge_not_found'])
    })
    test('passkey.startAuthentication', async () => {
      const { data, error } = await lodge().phone().auth.passkey.startAuthentication()
      expect([error, data?.options.rpId, data?.options.allowCredentials ?? []]).toEqual([null, 'localhost', []])
    })
    test('passkey.verifyAuthentication', async () => {
      const { device, id } = await owner()
      const other = lodge().phone()
      const { data } = await other.auth.passkey.startAuthentication()
      const answer = await credentialsOf(device).get({
        publicKey: { challenge: Buffer.from(data!.options.challenge, 'base64url'), rpId: data!.options.rpId! } as never,
      })
      const verified = await other.auth.passkey.verifyAuthentication({
        challengeId: data!.challenge_id,
        credential: answer.toJSON() as never,
      })
      expect([verified.error, verified.data?.session?.user.id]).toEqual([null, id])
    })
    test('passkey.list', async () => {
      const { phone, passkey } = await owner()
      expect((await phone.auth.passkey.list()).data).toMatchObject([{ id: passkey.id }])
    })
    test('passkey.update', async () => {
      const { phone, passkey } = await owner()
      const { data, error } = await phone.auth.passkey.update({ passkeyId: passkey.id, friendlyName: 'Blue phone' })
      expect([error, data?.friendly_name]).toEqual([null, 'Blue phone'])
    })
    test('passkey.delete', async () => {
      const { phone, passkey, device } = await owner()
      expect((await phone.auth.passkey.delete({ passkeyId: passkey.id })).error).toBeNull()
      expect((await phone.auth.passkey.list()).data).toEqual([])
      const refused = await inBrowser(device, () => lodge().phone().auth.signInWithPasskey())
      expect(statusOf(refused.error)).toBe(400)
    })
  })
}
