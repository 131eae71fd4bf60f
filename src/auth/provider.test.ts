import { describe, expect, test } from 'vitest'
import { app, apple, github, google, openid } from '../define'
import type { Env } from '../platform'
import { findIssuer, findProvider } from './provider'

const declared = app({
  name: 'Declared',
  tables: [],
  auth: {
    providers: [
      apple({ clientIds: ['a'] }),
      google(),
      github({ url: 'https://github.example.com' }),
      openid('custom:acme', { issuer: 'https://id.example' }),
    ],
  },
})
const environment = (members: Readonly<Record<string, string>>) => members as unknown as Env
const stand = { PERIGEE_AUTH_GOOGLE_ISSUER: 'http://127.0.0.1:4000', PERIGEE_AUTH_ACME_ISSUER: 'http://127.0.0.1:4000' }

describe('a setting that stands in for a provider', () => {
  test('counts in development', () => {
    const env = environment({ PERIGEE_ENV: 'development', ...stand })
    expect(findProvider(declared, env, 'google')).toMatchObject({ issuers: ['http://127.0.0.1:4000'], endpoints: null, loopback: true })
  })

  test('is not read anywhere else, and nothing may be asked on the machine itself', () => {
    for (const PERIGEE_ENV of ['production', '', 'Development']) {
      const env = environment({ PERIGEE_ENV, ...stand })
      expect(findProvider(declared, env, 'google')).toMatchObject({
        issuers: ['https://accounts.google.com', 'accounts.google.com'],
        loopback: false,
      })
      expect(findProvider(declared, env, 'acme')).toMatchObject({ issuers: ['https://id.example'], loopback: false })
      expect(findIssuer(declared, env, 'http://127.0.0.1:4000')).toBe(null)
    }
    expect(findProvider(declared, environment(stand), 'google')?.loopback).toBe(false)
  })
})

test('client ids come from the app, else from the settings', () => {
  const env = environment({ PERIGEE_AUTH_APPLE_CLIENT_ID: 'other', PERIGEE_AUTH_GOOGLE_CLIENT_ID: ' web, ios ,,android' })
  expect(findProvider(declared, env, 'apple')?.clientIds).toEqual(['a'])
  expect(findProvider(declared, env, 'google')?.clientIds).toEqual(['web', 'ios', 'android'])
  expect(findProvider(declared, environment({}), 'google')?.clientIds).toEqual([])
})

test('a provider is found by its name with and without custom:, or by its issuer; GitHub has none', () => {
  const env = environment({})
  for (const name of ['acme', 'custom:acme']) expect(findProvider(declared, env, name)?.name).toBe('custom:acme')
  for (const name of ['', 'Acme', 'custom:custom:acme', '__proto__', 'constructor'])
    expect(findProvider(declared, env, name), name).toBe(null)
  expect(findIssuer(declared, env, 'https://account.apple.com')?.name).toBe('apple')
  expect(findIssuer(declared, env, 'https://github.example.com')).toBe(null)
  expect(findProvider(declared, env, 'github')?.endpoints?.userinfo).toBe('https://github.example.com/api/v3/user')
})
