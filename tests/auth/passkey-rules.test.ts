// What an app declares of its passkeys: whether there are any, whose they are, and from where they count.
import { describe, expect, test } from 'vitest'
import { app } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve } from '../support/backend'
import { Authenticator } from './authenticator'
import { amend, backend, begin, bindings, body, codeOf, hiking, register } from './passkey-owners'

describe('what the app declares', () => {
  const off = serve(app({ name: 'Off', tables: [] }))
  const production: Env = { ...bindings, PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'api.example.com' }
  const HASH = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join(':')
  const declared = app({
    name: 'Declared',
    tables: [],
    auth: {
      passkeys: {
        rpId: 'example.com',
        rpName: 'Example',
        origins: ['https://app.example.com'],
        appleApps: ['ABCDE12345.com.example.app'],
        androidApps: [{ package: 'com.example.app', fingerprints: [HASH] }],
      },
    },
  })
  const live = serve(declared, production)

  test('without passkeys, every address of theirs says that they are off', async () => {
    const { ask } = await off.person()
    for (const path of ['registration/options', 'registration/verify', 'authentication/options', 'authentication/verify']) {
      expect(codeOf(await ask(`/auth/v1/passkeys/${path}`, { body: {} }))).toEqual([404, 'passkey_disabled'])
    }
    expect(codeOf(await ask('/auth/v1/passkeys'))).toEqual([404, 'passkey_disabled'])
    expect(codeOf(await ask(`/auth/v1/passkeys/${crypto.randomUUID()}`, { method: 'DELETE' }))).toEqual([404, 'passkey_disabled'])
    expect(body(await off.stranger('/auth/v1/settings'))).toMatchObject({ passkeys_enabled: false })
    expect(body(await backend.stranger('/auth/v1/settings'))).toMatchObject({ passkeys_enabled: true })
  })

  test('in production passkeys are of the declared domain, and count from the declared places only', async () => {
    const person = await live.person()
    await amend(person.id, `is_anonymous = 0, email = '${person.id}@example.com', email_confirmed_at = 1`)
    const { options } = await begin(person.ask)
    expect(options).toMatchObject({ rp: { id: 'example.com', name: 'Example' } })
    const android = `android:apk-key-hash:${btoa(String.fromCharCode(...Array.from({ length: 32 }, (_, i) => i)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')}`
    for (const [origin, status] of [
      ['https://example.com', 200],
      ['https://app.example.com', 200],
      [android, 200],
      ['http://localhost', 400],
      ['http://localhost:8787', 400],
      ['https://api.example.com', 400],
      ['https://example.com:8443', 400],
      ['https://app.example.com.evil.example', 400],
      ['android:apk-key-hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 400],
    ] as const) {
      const answer = await register(person.ask, await Authenticator.make(), {}, origin)
      expect([origin, answer.status]).toEqual([origin, status])
      // Why is for developers.
      expect(answer.text).not.toContain('hint')
    }
  })

  test('without a declared domain it is the host that was called', async () => {
    const bare = serve(hiking, { ...production, PERIGEE_HOSTS: 'hike.example.org' })
    expect(body(await bare.stranger('/auth/v1/passkeys/authentication/options', { body: {} }))).toMatchObject({
      options: { rpId: 'hike.example.org' },
    })
  })

  test('phones find which apps belong to the domain', async () => {
    const apple = await live.nobody('/.well-known/apple-app-site-association')
    expect([apple.status, apple.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(apple.json).toEqual({ webcredentials: { apps: ['ABCDE12345.com.example.app'] } })
    const android = await live.nobody('/.well-known/assetlinks.json')
    expect(android.json).toEqual([
      {
        relation: ['delegate_permission/common.handle_all_urls', 'delegate_permission/common.get_login_creds'],
        target: { namespace: 'android_app', package_name: 'com.example.app', sha256_cert_fingerprints: [HASH.toUpperCase()] },
      },
    ])
    expect((await backend.nobody('/.well-known/apple-app-site-association')).status).toBe(404)
    expect((await backend.nobody('/.well-known/assetlinks.json')).status).toBe(404)
  })
})
