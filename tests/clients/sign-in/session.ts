// Sessions, and what the package does with them on the phone.
import { describe, expect, test } from 'vitest'
import { guest, memory, newAddress, PASSWORD, STORAGE_KEY, type Lodge } from './lodge'

export function sessions(lodge: () => Lodge): void {
  describe('sessions', () => {
    test('initialize', async () => {
      const { auth } = lodge().phone()
      expect(await auth.initialize()).toEqual({ error: null })
      expect((await auth.getSession()).data.session).toBeNull()
    })
    test('signInAnonymously', async () => {
      const { data, error } = await lodge()
        .phone()
        .auth.signInAnonymously({ options: { data: { tent: 4 } } })
      expect(error).toBeNull()
      expect(data.user).toMatchObject({ is_anonymous: true, email: '', phone: '', identities: [], user_metadata: { tent: 4 } })
    })
    test('getSession', async () => {
      const { auth } = lodge().phone()
      const { data } = await auth.signInAnonymously()
      const { session } = (await auth.getSession()).data
      expect(session).toMatchObject({ access_token: data.session!.access_token, token_type: 'bearer', expires_in: 3600 })
      expect(session!.expires_at! - Date.now() / 1000).toBeGreaterThan(3500)
    })
    test('getUser', async () => {
      const { auth } = lodge().phone()
      const { data } = await auth.signInAnonymously()
      expect((await auth.getUser()).data.user?.id).toBe(data.user!.id)
      expect((await lodge().phone().auth.getUser(data.session!.access_token)).data.user?.id).toBe(data.user!.id)
      const forged = await lodge()
        .phone()
        .auth.getUser(`${data.session!.access_token.slice(0, -6)}AAAAAA`)
      expect([forged.error?.status, forged.error?.code]).toEqual([403, 'bad_jwt'])
    })
    test('getClaims', async () => {
      const { auth } = lodge().phone()
      const { data } = await auth.signInAnonymously()
      const { data: verified, error } = await auth.getClaims()
      expect(error).toBeNull()
      expect(verified?.header).toMatchObject({ alg: 'ES256', kid: expect.any(String) as string })
      expect(verified?.claims).toMatchObject({ sub: data.user!.id, role: 'authenticated', aal: 'aal1', is_anonymous: true })
    })
    test('setSession', async () => {
      const { data } = await lodge().phone().auth.signInAnonymously()
      const { auth } = lodge().phone()
      const { access_token, refresh_token } = data.session!
      expect((await auth.setSession({ access_token, refresh_token })).data.user?.id).toBe(data.user!.id)
      // With an expired token it refreshes.
      const [header, , signature] = access_token.split('.')
      const old = [header, btoa(JSON.stringify({ exp: 1 })).replaceAll('=', ''), signature].join('.')
      const renewed = await lodge().phone().auth.setSession({ access_token: old, refresh_token })
      expect([renewed.error, renewed.data.user?.id]).toEqual([null, data.user!.id])
    })
    test('refreshSession', async () => {
      const { auth } = lodge().phone()
      const { data } = await auth.signInAnonymously()
      const { data: fresh, error } = await auth.refreshSession()
      expect([error, fresh.user?.id]).toEqual([null, data.user!.id])
      expect(fresh.session?.refresh_token).not.toBe(data.session!.refresh_token)
      const wrong = await lodge().phone().auth.refreshSession({ refresh_token: 'nobody made this' })
      expect([wrong.error?.status, wrong.error?.code]).toEqual([400, 'validation_failed'])
    })
    test('signOut', async () => {
      const phones = [lodge().phone(), lodge().phone(), lodge().phone()]
      const email = await guest(lodge())
      for (const { auth } of phones) expect((await auth.signInWithPassword({ email, password: PASSWORD })).error).toBeNull()
      const alive = () => Promise.all(phones.map(async ({ auth }) => (await auth.getUser()).error === null))
      expect((await phones[0]!.auth.signOut({ scope: 'others' })).error).toBeNull()
      expect(await alive()).toEqual([true, false, false])
      expect((await phones[0]!.auth.signOut()).error).toBeNull()
      expect((await phones[0]!.auth.getSession()).data.session).toBeNull()
    })
    test('onAuthStateChange', async () => {
      const { auth } = lodge().phone()
      const events: string[] = []
      const { data } = auth.onAuthStateChange((event) => void events.push(event))
      await auth.signInAnonymously()
      await auth.refreshSession()
      await auth.updateUser({ data: { seen: true } })
      await auth.signOut()
      data.subscription.unsubscribe()
      expect(events).toEqual(['INITIAL_SESSION', 'SIGNED_IN', 'TOKEN_REFRESHED', 'USER_UPDATED', 'SIGNED_OUT'])
    })
    test('startAutoRefresh', async () => {
      const { data } = await lodge().phone().auth.signInAnonymously()
      const storage = memory()
      const { auth } = lodge().phone({ storage })
      await auth.initialize()
      // The package refreshes a session that has less than 90 s left.
      storage.setItem(STORAGE_KEY, JSON.stringify({ ...data.session, expires_at: Math.round(Date.now() / 1000) + 30 }))
      const refreshed = new Promise<string>((resolve) => {
        auth.onAuthStateChange((event, session) => event === 'TOKEN_REFRESHED' && resolve(session!.refresh_token))
      })
      await auth.startAutoRefresh()
      expect(await refreshed).not.toBe(data.session!.refresh_token)
      await auth.stopAutoRefresh()
    })
    test('stopAutoRefresh', async () => {
      const { auth } = lodge().phone()
      await auth.startAutoRefresh()
      expect(await auth.stopAutoRefresh()).toBeUndefined()
    })
    test('dispose', async () => {
      const { auth } = lodge().phone()
      await auth.signInAnonymously()
      expect(await auth.dispose()).toBeUndefined()
    })
    test('isThrowOnErrorEnabled', async () => {
      expect(lodge().phone().auth.isThrowOnErrorEnabled()).toBeFalsy()
      const { auth } = lodge().phone({ throwOnError: true })
      expect(auth.isThrowOnErrorEnabled()).toBe(true)
      await expect(auth.signInWithPassword({ email: newAddress(), password: PASSWORD })).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    })
  })
}
