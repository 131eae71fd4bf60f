// Ways in: passwords, codes, links, providers.
import { describe, expect, test } from 'vitest'
import { aMinuteLater, guest, newAddress, newNumber, PASSWORD, type Lodge } from './lodge'

export function waysIn(lodge: () => Lodge): void {
  describe('ways in', () => {
    test('signUp', async () => {
      const email = newAddress()
      const { auth } = lodge().phone()
      const { data, error } = await auth.signUp({
        email,
        password: PASSWORD,
        options: { data: { bed: 'upper' }, emailRedirectTo: 'lodge://home' },
      })
      expect([error, data.session, data.user?.email, data.user?.email_confirmed_at]).toEqual([null, null, email, undefined])
      expect((await auth.signInWithPassword({ email, password: PASSWORD })).error?.code).toBe('email_not_confirmed')
      const { kind, variables } = await lodge().message(email)
      expect([kind, variables['redirectTo']]).toEqual(['confirmation', 'lodge://home'])
      const confirmed = await auth.verifyOtp({ type: 'signup', email, token: variables['code']! })
      expect(confirmed.data.user).toMatchObject({ id: data.user!.id, user_metadata: { bed: 'upper' } })
      // Who is there already is told what somebody new is told. GoTrue answers no identities then, which tells everybody.
      const again = await lodge().phone().auth.signUp({ email, password: 'another long walk' })
      expect([again.error, again.data.session, again.data.user?.identities?.length]).toEqual([null, null, 1])
      expect(again.data.user?.id).not.toBe(data.user!.id)
      const weak = await lodge().phone().auth.signUp({ email: newAddress(), password: '123' })
      expect([weak.error?.code, weak.error?.name]).toEqual(['weak_password', 'AuthWeakPasswordError'])

      const phone = newNumber()
      const byPhone = await auth.signUp({ phone, password: PASSWORD })
      expect([byPhone.error, byPhone.data.session, byPhone.data.user?.phone]).toEqual([null, null, phone.slice(1)])
    })
    test('signInWithPassword', async () => {
      const email = await guest(lodge())
      const { auth } = lodge().phone()
      const { data, error } = await auth.signInWithPassword({ email, password: PASSWORD })
      expect([error, data.user?.email]).toEqual([null, email])
      const wrong = await lodge().phone().auth.signInWithPassword({ email, password: 'a short walk home' })
      expect([wrong.error?.status, wrong.error?.code, wrong.error?.message]).toEqual([
        400,
        'invalid_credentials',
        'Invalid login credentials',
      ])
      const phone = newNumber()
      await lodge().desk().auth.admin.createUser({ phone, password: PASSWORD, phone_confirm: true })
      expect((await lodge().phone().auth.signInWithPassword({ phone, password: PASSWORD })).data.user?.phone).toBe(phone.slice(1))
    })
    test('signInWithOtp', async () => {
      const email = newAddress()
      const { auth } = lodge().phone()
      const asked = await auth.signInWithOtp({ email, options: { data: { bed: 'lower' } } })
      expect(asked).toEqual({ data: { user: null, session: null }, error: null })
      const { variables } = await lodge().message(email)
      expect(variables['code']).toMatch(/^\d{6}$/)
      const { data } = await auth.verifyOtp({ type: 'email', email, token: variables['code']! })
      expect(data.user?.user_metadata).toMatchObject({ bed: 'lower' })

      const phone = newNumber()
      expect((await auth.signInWithOtp({ phone })).error).toBeNull()
      const sms = await lodge().message(phone)
      expect((await auth.verifyOtp({ type: 'sms', phone, token: sms.variables['code']! })).data.user?.phone).toBe(phone.slice(1))
    })
    test('verifyOtp', async () => {
      const email = newAddress()
      const { auth } = lodge().phone()
      await auth.signInWithOtp({ email })
      const { variables } = await lodge().message(email)
      const wrong = await auth.verifyOtp({ type: 'email', email, token: variables['code'] === '000000' ? '000001' : '000000' })
      expect([wrong.error?.status, wrong.error?.code]).toEqual([403, 'otp_expired'])
      const right = await auth.verifyOtp({ type: 'email', token_hash: variables['tokenHash']! })
      expect([right.error, right.data.session?.user.email]).toEqual([null, email])
      const twice = await auth.verifyOtp({ type: 'email', token_hash: variables['tokenHash']! })
      expect([twice.error?.status, twice.error?.code]).toEqual([403, 'otp_expired'])

      await aMinuteLater(lodge(), email)
      await auth.resetPasswordForEmail(email)
      const recovery = await lodge().message(email)
      expect(recovery.kind).toBe('recovery')
      const events: string[] = []
      auth.onAuthStateChange((event) => void events.push(event))
      await auth.verifyOtp({ type: 'recovery', email, token: recovery.variables['code']! })
      expect(events).toContain('PASSWORD_RECOVERY')
    })
    test('signInWithOAuth', async () => {
      const { auth } = lodge().phone({ flowType: 'pkce' })
      const { data, error } = await auth.signInWithOAuth({ provider: 'google', options: { redirectTo: 'lodge://home', scopes: 'email' } })
      expect(error).toBeNull()
      const { status, headers } = await fetch(data.url!, { redirect: 'manual' })
      const there = new URL(headers.get('location')!)
      expect([status, there.origin, there.searchParams.get('response_type')]).toEqual([302, 'https://accounts.google.com', 'code'])
      // Implicit: the session comes in the fragment.
      const sub = crypto.randomUUID()
      lodge().inn.guest = { sub, email: newAddress(), email_verified: true }
      const implicit = await lodge()
        .phone()
        .auth.signInWithOAuth({ provider: 'inn' as 'google', options: { redirectTo: 'lodge://home' } })
      const end = new URL(await follow(implicit.data.url!))
      const fragment = new URLSearchParams(end.hash.slice(1))
      expect([end.protocol, fragment.get('token_type')]).toEqual(['lodge:', 'bearer'])
      const { data: own } = await lodge().phone().auth.getUser(fragment.get('access_token')!)
      expect(own.user?.identities).toMatchObject([{ provider: 'inn', id: sub }])
    })
    test('exchangeCodeForSession', async () => {
      const { auth } = lodge().phone({ flowType: 'pkce' })
      const email = newAddress()
      lodge().inn.guest = { sub: crypto.randomUUID(), email, email_verified: true }
      const { data } = await auth.signInWithOAuth({ provider: 'inn' as 'google', options: { redirectTo: 'lodge://home' } })
      const end = new URL(await follow(data.url!))
      expect([end.protocol, end.hash]).toEqual(['lodge:', ''])
      const code = end.searchParams.get('code')!
      const { data: exchanged, error } = await auth.exchangeCodeForSession(code)
      expect([error, exchanged.user?.email]).toEqual([null, email])
      const replayed = await lodge().phone({ flowType: 'implicit' }).auth.exchangeCodeForSession(code)
      expect(replayed.error?.status).toBeGreaterThanOrEqual(400)

      // A link in a mail, with the verifier that this phone keeps.
      const mailed = lodge().phone({ flowType: 'pkce' })
      await mailed.auth.signInWithOtp({ email: newAddress(), options: { emailRedirectTo: 'lodge://home' } })
      const recovering = lodge().phone({ flowType: 'pkce' })
      await aMinuteLater(lodge(), email)
      await recovering.auth.resetPasswordForEmail(email, { redirectTo: 'lodge://home' })
      const link = new URL((await lodge().message(email)).variables['link']!)
      const back = new URL(await follow(`${lodge().server.url}${link.pathname}${link.search}`))
      const recovered = await recovering.auth.exchangeCodeForSession(back.searchParams.get('code')!)
      expect([recovered.error, recovered.data]).toMatchObject([null, { user: { email }, redirectType: 'recovery' }])
    })
    test('signInWithIdToken', async () => {
      const email = newAddress()
      const nonce = crypto.randomUUID()
      const hashed = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nonce))).toString('hex')
      const token = await lodge().inn.idToken({ sub: crypto.randomUUID(), email, email_verified: true, nonce: hashed })
      const { auth } = lodge().phone()
      const unhashed = await auth.signInWithIdToken({ provider: 'inn', token, nonce: hashed })
      expect([unhashed.data.session, unhashed.error?.status]).toEqual([null, 400])
      const { data, error } = await auth.signInWithIdToken({ provider: 'inn', token, nonce })
      expect([error, data.user?.email, data.user?.app_metadata.provider]).toEqual([null, email, 'inn'])
      const foreign = await lodge().inn.idToken({ sub: 'x', aud: 'another app' })
      const refused = await lodge().phone().auth.signInWithIdToken({ provider: 'inn', token: foreign })
      expect([refused.data.session, refused.error?.status]).toEqual([null, 400])
    })
  })
}

/** Where a browser ends that opens an address: past the provider, at the app. */
export async function follow(address: string): Promise<string> {
  for (let hops = 0; hops < 6; hops++) {
    if (!address.startsWith('http')) return address
    const answer = await fetch(address, { redirect: 'manual' })
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`${address} answered ${answer.status} ${await answer.text()}`)
    address = new URL(location, address).href
  }
  return address
}
