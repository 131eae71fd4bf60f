import { expect, test } from 'vitest'
import { isOurHost, publicOrigin } from './hosts'

const production = { PERIGEE_HOSTS: 'api.example.com, api.example.org' }
const development = { PERIGEE_ENV: 'development' }

test('URLs follow the host that was called, if it is on the list', () => {
  expect(publicOrigin(production, new URL('https://api.example.org/auth/v1'))).toBe('https://api.example.org')
  expect(publicOrigin(production, new URL('https://evil.example/auth/v1'))).toBe('https://api.example.com')
})

test('without a list, the host that was called is ours and no other', () => {
  expect(publicOrigin({}, new URL('https://x.workers.dev/'))).toBe('https://x.workers.dev')
  expect(isOurHost({}, 'x.workers.dev', 'x.workers.dev')).toBe(true)
  expect(isOurHost({}, 'y.workers.dev', 'x.workers.dev')).toBe(false)
})

test('in development every host is ours: a simulator calls localhost, an emulator 10.0.2.2', () => {
  for (const host of ['localhost:8787', '10.0.2.2:8787']) {
    expect(isOurHost(development, host, 'localhost:8787')).toBe(true)
    expect(publicOrigin(development, new URL(`http://${host}/x`))).toBe(`http://${host}`)
  }
})

test('a star means any host in development only', () => {
  expect(isOurHost({ PERIGEE_HOSTS: '*' }, 'evil.example', 'api.example.com')).toBe(false)
  expect(isOurHost({ ...development, PERIGEE_HOSTS: '*' }, 'evil.example', 'localhost')).toBe(true)
  expect(isOurHost({ ...development, PERIGEE_HOSTS: 'a.test' }, 'evil.example', 'localhost')).toBe(false)
})
