import { expect, test } from 'vitest'
import { addressOf, networkOf } from './address'

test('IPv4 is counted by the address, its network by /24', () => {
  expect(addressOf('203.0.113.7')).toBe('203.0.113.7')
  expect(networkOf('203.0.113.7')).toBe('203.0.113')
})

test('IPv6 is counted by /64 and /48, however it is written', () => {
  for (const written of ['2001:db8:1:2::9', '2001:0db8:0001:0002:0:0:0:8', '2001:DB8:1:2:ffff::']) {
    expect(addressOf(written)).toBe('2001:db8:1:2')
    expect(networkOf(written)).toBe('2001:db8:1')
  }
  expect(addressOf('::1')).toBe('0:0:0:0')
})

test('a request without an address shares one count, not none', () => {
  expect(addressOf(undefined)).toBe('unknown')
  expect(networkOf('')).toBe('unknown')
})
