import { expect, test } from 'vitest'
import { mayEnter, type Visitor } from './visitor'

const visit = (change: Omit<Partial<Visitor>, 'url'> & { url?: string } = {}) =>
  mayEnter({
    development: true,
    origin: null,
    site: null,
    hosts: '',
    ...change,
    url: new URL(change.url ?? 'http://localhost:8787/dev/app'),
  })

test('the developer enters, by browser and by curl', () => {
  expect(visit()).toBe(true)
  expect(visit({ site: 'none' })).toBe(true)
  expect(visit({ site: 'same-origin', origin: 'http://localhost:8787' })).toBe(true)
  expect(visit({ url: 'http://192.168.1.20:8787/' })).toBe(true)
  expect(visit({ url: 'http://[::1]:8787/' })).toBe(true)
})

test('in production nobody enters', () => {
  expect(visit({ development: false })).toBe(false)
})

test('a page of another site does not read the keys', () => {
  expect(visit({ site: 'cross-site' })).toBe(false)
  expect(visit({ site: 'same-site' })).toBe(false)
  expect(visit({ origin: 'https://evil.example' })).toBe(false)
  expect(visit({ origin: 'http://localhost:3000' })).toBe(false)
  expect(visit({ origin: 'null' })).toBe(false)
})

test('a name of somebody else that points here does not open the door', () => {
  expect(visit({ url: 'http://rebind.example:8787/dev/app', origin: 'http://rebind.example:8787', site: 'same-origin' })).toBe(false)
  expect(visit({ url: 'http://192.168.1.20.evil.example/dev/app' })).toBe(false)
  expect(visit({ url: 'http://dev.mine.example/', hosts: 'dev.mine.example' })).toBe(true)
})
