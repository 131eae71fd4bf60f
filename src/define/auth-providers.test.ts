import { expect, test } from 'vitest'
import { app } from './app'
import { apple, github, google, openid, plainName, providerProblems, settingName } from './auth-providers'
import { checkApp } from './build'

const problems = (...providers: Parameters<typeof providerProblems>[0]) => providerProblems(providers).map(({ message }) => message)
const issuer = 'https://id.example'

test('the presets and any OpenID provider have nothing wrong with them', () => {
  expect(problems(apple(), google({ clientIds: ['a'] }), github(), openid('acme', { issuer }), openid('custom:other', { issuer }))).toEqual(
    [],
  )
  expect(problems(openid('near', { issuer: 'http://127.0.0.1:4000' }), github({ url: 'https://github.example.com/' }))).toEqual([])
})

test('an issuer is https, or this machine, and nothing but an address', () => {
  for (const wrong of [
    'http://id.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'ftp://id.example',
    'id.example',
    'https://id.example?x=1',
    'https://id.example#x',
    'https://user@id.example',
    '',
  ]) {
    expect(problems(openid('acme', { issuer: wrong })), wrong).toHaveLength(1)
  }
})

test('names are plain, one provider each, and not those of other ways to sign in', () => {
  expect(problems(openid('Acme', { issuer }))).toHaveLength(1)
  expect(problems(openid('', { issuer }))).toHaveLength(1)
  for (const taken of ['email', 'phone', 'apple', 'custom:google', 'sso'])
    expect(problems(openid(taken, { issuer })), taken).toHaveLength(1)
  expect(problems(openid('acme-id', { issuer }), openid('custom:acme_id', { issuer }))).toHaveLength(1)
  expect(problems(google(), google())).toHaveLength(1)
  expect(problems(google({ clientIds: ['a,b'] }))).toHaveLength(1)
})

test('an app with a broken provider doesn’t start, and is told which', () => {
  const broken = app({ name: 'Broken', tables: [], auth: { providers: [openid('acme', { issuer: 'nowhere' })] } })
  expect(checkApp(broken)).toMatchObject([{ table: 'acme', of: 'provider' }])
})

test('names in settings', () => {
  expect(plainName('custom:acme-id')).toBe('acme-id')
  expect(settingName('custom:acme-id')).toBe('ACME_ID')
})
