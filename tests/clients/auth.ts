// supabase-js signs people up, in and out.
import { createClient } from '@supabase/supabase-js'
import { describe, expect, test } from 'vitest'
import type { Server } from '../support/server'
import { PASSWORD, person, phone, phoneWith } from './people'

export function authentication(server: () => Server): void {
  describe('auth', () => {
    test('sign-up gives a session whose token names the person', async () => {
      const own = phone(server())
      const { data, error } = await own.auth.signUp({
        email: 'Mixed.Case@trailhead.example',
        password: PASSWORD,
        options: { data: { shoe: 43 } },
      })
      expect(error).toBeNull()
      expect(data.user?.email).toBe('mixed.case@trailhead.example')
      expect(data.user?.user_metadata['shoe']).toBe(43)
      expect(data.session?.access_token.split('.')).toHaveLength(3)
      const user = await own.auth.getUser()
      expect(user.data.user?.id).toBe(data.user?.id)
    })

    test('getClaims verifies the token with the published keys', async () => {
      const { phone: own, id } = await person(server(), 'claims')
      const { data, error } = await own.auth.getClaims()
      expect(error).toBeNull()
      expect(data?.claims.sub).toBe(id)
      expect(data?.header.alg).toBe('ES256')
    })

    test('sign-in with the password works, with another it says invalid_credentials', async () => {
      const { email, id } = await person(server(), 'ada')
      const own = phone(server())
      const wrong = await own.auth.signInWithPassword({ email, password: 'not the password' })
      expect(wrong.error?.code).toBe('invalid_credentials')
      const right = await own.auth.signInWithPassword({ email, password: PASSWORD })
      expect(right.data.user?.id).toBe(id)
    })

    test('a weak password is refused with its reasons', async () => {
      const { error } = await phone(server()).auth.signUp({ email: 'weak@trailhead.example', password: '123' })
      expect(error?.code).toBe('weak_password')
    })

    test('an address is somebody once', async () => {
      const { email } = await person(server(), 'twice')
      const { error } = await phone(server()).auth.signUp({ email, password: PASSWORD })
      expect(error?.code).toBe('user_already_exists')
    })

    test('anonymous sign-in makes a person without an address', async () => {
      const { data, error } = await phone(server()).auth.signInAnonymously()
      expect(error).toBeNull()
      expect(data.user?.is_anonymous).toBe(true)
      expect(data.user?.email || null).toBeNull()
    })

    test('updateUser changes metadata and password', async () => {
      const { phone: own, email } = await person(server(), 'changing')
      const { data, error } = await own.auth.updateUser({ password: 'another long walk', data: { pace: 'slow' } })
      expect(error).toBeNull()
      expect(data.user?.user_metadata['pace']).toBe('slow')
      expect((await phone(server()).auth.signInWithPassword({ email, password: PASSWORD })).error?.code).toBe('invalid_credentials')
      expect((await phone(server()).auth.signInWithPassword({ email, password: 'another long walk' })).error).toBeNull()
    })

    test('a refresh gives a new token that reads', async () => {
      const { phone: own, id } = await person(server(), 'refresh')
      const before = (await own.auth.getSession()).data.session
      const { data, error } = await own.auth.refreshSession()
      expect(error).toBeNull()
      expect(data.session?.refresh_token).not.toBe(before?.refresh_token)
      expect((await own.from('profiles').select('id').eq('id', id).single()).data?.id).toBe(id)
    })

    test('fifty phones that refresh one token at once all stay signed in, in one session', async () => {
      const { phone: own, id } = await person(server(), 'fifty')
      const token = (await own.auth.getSession()).data.session!.refresh_token
      const answers = await Promise.all(Array.from({ length: 50 }, () => phone(server()).auth.refreshSession({ refresh_token: token })))
      expect(answers.filter(({ error }) => error)).toEqual([])
      const sessions = await server()
        .db.prepare('select count(*) as n from auth_sessions where user_id = ?')
        .bind(id)
        .first<{ n: number }>()
      expect(sessions?.n).toBe(1)
      for (const { data } of answers.slice(0, 5)) {
        expect((await phoneWith(server(), data.session!.access_token).from('profiles').select('id').eq('id', id)).data).toHaveLength(1)
      }
    })

    test('after sign-out the very next read with the old token is refused', async () => {
      const { phone: own, id } = await person(server(), 'leaving')
      const token = (await own.auth.getSession()).data.session!.access_token
      const old = phoneWith(server(), token)
      expect((await old.from('profiles').select('id').eq('id', id)).data).toHaveLength(1)
      expect((await own.auth.signOut()).error).toBeNull()
      const late = await old.from('profiles').select('id')
      expect(late.status).toBe(401)
      expect(late.data).toBeNull()
      const write = await old.from('trips').insert({ title: 'Too late' })
      expect(write.status).toBe(401)
    })

    test('sign-out of this phone leaves the other signed in; of all, none', async () => {
      const { phone: one, email } = await person(server(), 'two-phones')
      const two = phone(server())
      await two.auth.signInWithPassword({ email, password: PASSWORD })
      const other = phoneWith(server(), (await two.auth.getSession()).data.session!.access_token)
      await one.auth.signOut({ scope: 'local' })
      expect((await other.from('trips').select('id').limit(1)).status).toBe(200)
      await two.auth.signOut({ scope: 'global' })
      expect((await other.from('trips').select('id').limit(1)).status).toBe(401)
    })

    test('keys of both forms open the door; none and a wrong one do not', async () => {
      const { publishableKey, secretKey, anonJwt, serviceRoleJwt } = server().keys
      for (const key of [publishableKey, secretKey, anonJwt, serviceRoleJwt]) {
        expect((await phone(server(), key).from('profiles').select('id').limit(1)).status, key.slice(0, 14)).toBe(200)
      }
      const wrong = await createClient(server().url, 'sb_publishable_000000000000000000000000').from('profiles').select('id').limit(1)
      expect(wrong.status).toBe(401)
      expect(wrong.data).toBeNull()
      expect((await fetch(`${server().url}/rest/v1/profiles`)).status).toBe(401)
    })

    test('a legacy key is no person', async () => {
      const { id } = await person(server(), 'victim')
      const { data, error } = await phoneWith(server(), server().keys.anonJwt).from('trips').insert({ title: 'Nobody’s', owner_id: id })
      expect(data).toBeNull()
      expect(error?.code).toBe('42501')
    })
  })
}
