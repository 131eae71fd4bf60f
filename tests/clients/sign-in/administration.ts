// Administration, with the secret key.
import { describe, expect, test } from 'vitest'
import { Authenticator } from '../../auth/authenticator'
import { inBrowser } from './browser'
import { strong } from './factors'
import { guest, member, newAddress, newNumber, PASSWORD, type Lodge } from './lodge'

export function administration(lodge: () => Lodge): void {
  const admin = () => lodge().desk().auth.admin
  const outsider = async () => (await member(lodge())).phone.auth.admin

  describe('administration', () => {
    test('admin.createUser', async () => {
      const email = newAddress()
      const attributes = {
        email,
        password: PASSWORD,
        email_confirm: true,
        user_metadata: { bed: 'upper' },
        app_metadata: { roles: ['cook'] },
      }
      const { data, error } = await admin().createUser(attributes)
      expect(error).toBeNull()
      expect(data.user).toMatchObject({ email, user_metadata: { bed: 'upper' }, app_metadata: { roles: ['cook'], provider: 'email' } })
      expect((await lodge().phone().auth.signInWithPassword({ email, password: PASSWORD })).data.user?.id).toBe(data.user!.id)
      const again = await admin().createUser({ email })
      expect([again.error?.status, again.error?.code]).toEqual([422, 'email_exists'])
      // With neither the secret key nor a person's token.
      const refused = await lodge().phone().auth.admin.createUser({ email: newAddress() })
      expect(refused.error?.status).toBe(403)
      expect((await (await outsider()).createUser({ email: newAddress() })).error?.status).toBe(403)
    })
    test('admin.listUsers', async () => {
      for (let i = 0; i < 3; i++) await guest(lodge())
      const { data, error } = await admin().listUsers({ page: 1, perPage: 2 })
      expect([error, data.users.length]).toEqual([null, 2])
      expect(data).toMatchObject({ aud: 'authenticated', nextPage: 2, total: expect.any(Number) as number })
      const whole = await admin().listUsers()
      expect(whole.error).toBeNull()
      expect((await (await outsider()).listUsers()).error?.code).toBe('not_admin')
    })
    test('admin.getUserById', async () => {
      const { id, email } = await member(lodge())
      expect((await admin().getUserById(id)).data.user?.email).toBe(email)
      const nobody = await admin().getUserById(crypto.randomUUID())
      expect([nobody.error?.status, nobody.error?.code]).toEqual([404, 'user_not_found'])
      expect((await (await outsider()).getUserById(id)).error?.code).toBe('not_admin')
    })
    test('admin.updateUserById', async () => {
      const { id, phone, email } = await member(lodge())
      const { data } = await admin().updateUserById(id, {
        app_metadata: { roles: ['cook'] },
        user_metadata: { bed: 'lower' },
        phone: newNumber(),
        phone_confirm: true,
      })
      expect(data.user).toMatchObject({ app_metadata: { roles: ['cook'] }, user_metadata: { bed: 'lower' } })
      await admin().updateUserById(id, { ban_duration: '24h' })
      const banned = await phone.auth.getUser()
      expect([banned.error?.status, banned.error?.code]).toEqual([403, 'user_banned'])
      expect((await phone.from('notes').select()).status).toBe(401)
      await admin().updateUserById(id, { ban_duration: 'none', password: PASSWORD })
      // A new password by an operator ends every session.
      expect((await phone.auth.getUser()).error).not.toBeNull()
      expect((await lodge().phone().auth.signInWithPassword({ email, password: PASSWORD })).error).toBeNull()
      expect((await (await outsider()).updateUserById(id, { role: 'service_role' })).error?.code).toBe('not_admin')
    })
    test('admin.deleteUser', async () => {
      const { id, phone } = await member(lodge())
      expect((await (await outsider()).deleteUser(id)).error?.code).toBe('not_admin')
      const { data, error } = await admin().deleteUser(id)
      expect([error, data.user?.id]).toEqual([null, id])
      expect((await phone.auth.getUser()).error?.status).toBe(403)
      const soft = await member(lodge())
      expect((await admin().deleteUser(soft.id, true)).error).toBeNull()
      expect((await admin().getUserById(soft.id)).data.user?.email ?? '').not.toBe(soft.email)
    })
    test('admin.inviteUserByEmail', async () => {
      const email = newAddress()
      const { data, error } = await admin().inviteUserByEmail(email, { data: { bed: 'upper' }, redirectTo: 'lodge://welcome' })
      expect([error, data.user?.email, typeof data.user?.invited_at]).toEqual([null, email, 'string'])
      const { kind, variables } = await lodge().message(email)
      expect([kind, variables['redirectTo']]).toEqual(['invite', 'lodge://welcome'])
      const { auth } = lodge().phone()
      const came = await auth.verifyOtp({ type: 'invite', email, token: variables['code']! })
      expect([came.error, came.data.user?.user_metadata['bed']]).toEqual([null, 'upper'])
      expect((await admin().inviteUserByEmail(email)).error?.code).toBe('email_exists')
    })
    test('admin.generateLink', async () => {
      const email = newAddress()
      const made = await admin().generateLink({ type: 'signup', email, password: PASSWORD, options: { redirectTo: 'lodge://welcome' } })
      expect(made.error).toBeNull()
      expect(made.data.user?.email).toBe(email)
      expect(made.data.properties).toMatchObject({
        verification_type: 'signup',
        redirect_to: 'lodge://welcome',
        email_otp: expect.stringMatching(/^\d{6}$/) as string,
      })
      expect(made.data.properties!.action_link).toMatch(/\/auth\/v1\/verify\?/)
      const { auth } = lodge().phone()
      expect((await auth.verifyOtp({ type: 'signup', email, token: made.data.properties!.email_otp })).error).toBeNull()
      for (const params of [
        { type: 'magiclink', email },
        { type: 'recovery', email },
        { type: 'invite', email: newAddress() },
        { type: 'email_change_current', email, newEmail: newAddress() },
        { type: 'email_change_new', email, newEmail: newAddress() },
      ] as const) {
        const { data, error } = await admin().generateLink(params)
        expect([params.type, error, data.properties?.verification_type]).toEqual([params.type, null, params.type])
      }
      const nobody = await admin().generateLink({ type: 'recovery', email: newAddress() })
      expect([nobody.error?.status, nobody.error?.code]).toEqual([404, 'user_not_found'])
      expect((await (await outsider()).generateLink({ type: 'magiclink', email })).error?.code).toBe('not_admin')
    })
    test('admin.signOut', async () => {
      const { phone } = await member(lodge())
      const { session } = (await phone.auth.getSession()).data
      expect((await admin().signOut(session!.access_token, 'global')).error).toBeNull()
      // What auth-js makes of `session_not_found`.
      expect((await phone.auth.getUser()).error?.name).toBe('AuthSessionMissingError')
    })
    test('admin.mfa.listFactors', async () => {
      const { id, app } = await strong(lodge())
      const { data, error } = await admin().mfa.listFactors({ userId: id })
      expect([error, data?.factors]).toMatchObject([null, [{ id: app.factorId, status: 'verified', factor_type: 'totp' }]])
      expect(JSON.stringify(data)).not.toContain('secret')
    })
    test('admin.mfa.deleteFactor', async () => {
      const { id, app, phone } = await strong(lodge())
      expect((await admin().mfa.deleteFactor({ userId: id, id: app.factorId })).error).toBeNull()
      expect((await admin().mfa.listFactors({ userId: id })).data?.factors).toEqual([])
      await phone.auth.refreshSession()
      expect((await phone.auth.getClaims()).data?.claims.aal).toBe('aal1')
    })
    test('admin.passkey.listPasskeys', async () => {
      const { id, phone } = await member(lodge())
      const { data } = await inBrowser(await Authenticator.make(), () => phone.auth.registerPasskey())
      const listed = await admin().passkey.listPasskeys({ userId: id })
      expect([listed.error, listed.data]).toMatchObject([null, [{ id: data!.id }]])
    })
    test('admin.passkey.deletePasskey', async () => {
      const { id, phone } = await member(lodge())
      const { data } = await inBrowser(await Authenticator.make(), () => phone.auth.registerPasskey())
      expect((await admin().passkey.deletePasskey({ userId: id, passkeyId: data!.id })).error).toBeNull()
      expect((await phone.auth.passkey.list()).data).toEqual([])
    })
  })
}
