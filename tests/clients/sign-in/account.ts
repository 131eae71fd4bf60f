// What people do with their account once they are in it.
import { describe, expect, test } from 'vitest'
import { aMinuteLater, newAddress, newNumber, PASSWORD, resident, type Lodge } from './lodge'
import { follow } from './ways-in'

export function account(lodge: () => Lodge): void {
  describe('account', () => {
    test('updateUser', async () => {
      const { phone, email, id } = await resident(lodge())
      const named = await phone.auth.updateUser({ data: { name: 'Ida' }, password: PASSWORD })
      expect([named.error, named.data.user?.user_metadata['name']]).toEqual([null, 'Ida'])
      expect((await lodge().phone().auth.signInWithPassword({ email, password: PASSWORD })).error).toBeNull()

      // Both addresses confirm.
      const next = newAddress()
      await aMinuteLater(lodge(), email)
      const pending = await phone.auth.updateUser({ email: next })
      expect([pending.error, pending.data.user?.email, pending.data.user?.new_email]).toEqual([null, email, next])
      const [old, fresh] = [await lodge().message(email), await lodge().message(next)]
      const half = await phone.auth.verifyOtp({ type: 'email_change', email: next, token: fresh.variables['code']! })
      expect([half.error, half.data.session]).toEqual([null, null])
      const whole = await phone.auth.verifyOtp({ type: 'email_change', email, token: old.variables['code']! })
      expect([whole.error, whole.data.user?.email]).toEqual([null, next])

      const number = newNumber()
      expect((await phone.auth.updateUser({ phone: number })).error).toBeNull()
      const { variables } = await lodge().message(number)
      const changed = await phone.auth.verifyOtp({ type: 'phone_change', phone: number, token: variables['code']! })
      expect([changed.error, changed.data.user?.phone, changed.data.user?.id]).toEqual([null, number.slice(1), id])

      // Somebody anonymous becomes permanent, with the same id.
      const nobody = lodge().phone()
      const { data } = await nobody.auth.signInAnonymously()
      const own = newAddress()
      expect((await nobody.auth.updateUser({ email: own })).error).toBeNull()
      const code = (await lodge().message(own)).variables['code']!
      const permanent = await nobody.auth.verifyOtp({ type: 'email_change', email: own, token: code })
      expect(permanent.data.user).toMatchObject({ id: data.user!.id, email: own, is_anonymous: false })
    })
    test('resetPasswordForEmail', async () => {
      const { email } = await resident(lodge())
      await aMinuteLater(lodge(), email)
      const { auth } = lodge().phone()
      expect(await auth.resetPasswordForEmail(email, { redirectTo: 'lodge://password' })).toEqual({ data: {}, error: null })
      const { kind, variables } = await lodge().message(email)
      expect([kind, variables['redirectTo']]).toEqual(['recovery', 'lodge://password'])
      const link = new URL(variables['link']!)
      const end = new URL(await follow(`${lodge().server.url}${link.pathname}${link.search}`))
      const fragment = new URLSearchParams(end.hash.slice(1))
      expect([end.protocol, fragment.get('type')]).toEqual(['lodge:', 'recovery'])
      await auth.setSession({ access_token: fragment.get('access_token')!, refresh_token: fragment.get('refresh_token')! })
      expect((await auth.updateUser({ password: 'a new long walk' })).error).toBeNull()
      expect((await lodge().phone().auth.signInWithPassword({ email, password: 'a new long walk' })).error).toBeNull()
      expect((await auth.resetPasswordForEmail(newAddress())).error).toBeNull()
    })
    test('resend', async () => {
      const email = newAddress()
      const { auth } = lodge().phone()
      await auth.signUp({ email, password: PASSWORD })
      const first = await lodge().message(email)
      const soon = await auth.resend({ type: 'signup', email })
      expect([null, 'over_email_send_rate_limit']).toContain(soon.error?.code ?? null)
      await aMinuteLater(lodge(), email)
      expect((await auth.resend({ type: 'signup', email })).error).toBeNull()
      const second = await lodge().message(email, first)
      expect((await auth.verifyOtp({ type: 'signup', email, token: first.variables['code']! })).error?.code).toBe('otp_expired')
      expect((await auth.verifyOtp({ type: 'signup', email, token: second.variables['code']! })).error).toBeNull()
      expect((await auth.resend({ type: 'signup', email: newAddress() })).error).toBeNull()
      expect((await auth.resend({ type: 'sms', phone: newNumber() })).error).toBeNull()
    })
    test('reauthenticate', async () => {
      const { phone, email } = await resident(lodge())
      await aMinuteLater(lodge(), email)
      expect(await phone.auth.reauthenticate()).toEqual({ data: { user: null, session: null }, error: null })
      const { kind, variables } = await lodge().message(email)
      expect(kind).toBe('reauthentication')
      expect((await phone.auth.updateUser({ password: PASSWORD, nonce: variables['code']! })).error).toBeNull()
      expect((await lodge().phone().auth.reauthenticate()).error?.name).toBe('AuthSessionMissingError')
    })
    test('getUserIdentities', async () => {
      const { phone, email, id } = await resident(lodge())
      const { data, error } = await phone.auth.getUserIdentities()
      expect(error).toBeNull()
      expect(data!.identities).toMatchObject([
        {
          user_id: id,
          provider: 'email',
          identity_data: { email, email_verified: true },
          identity_id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        },
      ])
    })
    test('linkIdentity', async () => {
      const { phone, id } = await resident(lodge(), { flowType: 'pkce' })
      const [sub, other] = [crypto.randomUUID(), crypto.randomUUID()]
      lodge().inn.guest = { sub, email: newAddress(), email_verified: true }
      const { data, error } = await phone.auth.linkIdentity({ provider: 'inn' as 'google', options: { redirectTo: 'lodge://linked' } })
      expect(error).toBeNull()
      const end = new URL(await follow(data.url!))
      expect((await phone.auth.exchangeCodeForSession(end.searchParams.get('code')!)).data.user?.id).toBe(id)
      const native = await phone.auth.linkIdentity({ provider: 'inn', token: await lodge().inn.idToken({ sub: other }) })
      expect([native.error, native.data.user?.id]).toEqual([null, id])
      const identities = (await phone.auth.getUserIdentities()).data!.identities
      expect(
        identities
          .filter(({ provider }) => provider === 'inn')
          .map((identity) => identity.id)
          .toSorted(),
      ).toEqual([sub, other].toSorted())
      const somebodyElse = await resident(lodge())
      const taken = await somebodyElse.phone.auth.linkIdentity({ provider: 'inn', token: await lodge().inn.idToken({ sub }) })
      expect([taken.error?.status, taken.error?.code]).toEqual([422, 'identity_already_exists'])
    })
    test('unlinkIdentity', async () => {
      const { phone } = await resident(lodge())
      const sub = crypto.randomUUID()
      await phone.auth.linkIdentity({ provider: 'inn', token: await lodge().inn.idToken({ sub }) })
      const linked = (await phone.auth.getUserIdentities()).data!.identities.find(({ provider }) => provider === 'inn')!
      expect((await phone.auth.unlinkIdentity(linked)).error).toBeNull()
      const left = (await phone.auth.getUserIdentities()).data!.identities
      expect(left.map(({ provider }) => provider)).toEqual(['email'])
      const last = await phone.auth.unlinkIdentity(left[0]!)
      expect([last.error?.status, last.error?.code]).toEqual([422, 'single_identity_not_deletable'])
    })
  })
}
