import { expect, test } from 'vitest'
import { call, claimsOf, database, newEmail, PASSWORD, signIn, signUp, signUpAnonymously } from './client'

test('signing up with an address and a password answers a session in GoTrue\'s shape', async () => {
  const email = newEmail()
  const answer = await call('/auth/v1/signup', { body: { email: email.toUpperCase(), password: PASSWORD, data: { name: 'Ada', sub: 'x', email_verified: 'x' } } })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({
    token_type: 'bearer',
    expires_in: 3600,
    access_token: expect.stringMatching(/^eyJ/),
    refresh_token: expect.any(String),
    user: {
      aud: 'authenticated',
      role: 'authenticated',
      email,
      phone: '',
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: expect.any(String),
      email_confirmed_at: expect.any(String),
      last_sign_in_at: expect.any(String),
    },
  })
  const user = (answer.body as unknown as Awaited<ReturnType<typeof signUp>>).user
  expect(user.user_metadata).toEqual({ name: 'Ada', sub: user.id, email, email_verified: true, phone_verified: false })
  expect(user.identities).toMatchObject([{ id: user.id, user_id: user.id, provider: 'email', identity_data: { email, sub: user.id } }])
  expect(user.identities[0]!['identity_id']).not.toBe(user.id)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.text).not.toContain('scrypt')
})
