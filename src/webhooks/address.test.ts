import { describe, expect, test } from 'vitest'
import { checkAddress, MAX_URL_LENGTH } from './address'

const verdict = (text: string, loopback = false): string => {
  const check = checkAddress(text, { loopback })
  return check.ok ? 'ok' : check.problem
}

describe('what a webhook is never sent to', () => {
  test.each([
    // IPv4, in all its spellings
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '017700000001',
    '0177.0.0.1',
    '127.1',
    '0x7f.1',
    '127.0.0.1.',
    '127.255.255.254',
    '0',
    '0.0.0.0',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '169.254.169.254',
    '0xa9fea9fe',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '192.168.65535',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '１２７.０.０.１',
    '127。0。0。1',
    '①②⑦.0.0.1',
    // IPv6

    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:8.8.8.8]',
    '[::127.0.0.1]',
    '[::ffff:0:127.0.0.1]',

    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b:1::1]',
    '[100::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[febf::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[2001::1]',
    '[2001:db8::1]',
    '[2001:10::1]',
    '[2002:7f00:1::]',
    '[3fff::1]',
    // Names
    'localhost',
    'LOCALHOST',
    'localhost.',
    'api.localhost',
    'api.localhost..',
    'router',
    'intranet',
    'printer.local',
    'db.internal',
    'metadata.google.internal',
    'metadata.google.internal.',
    'a.home.arpa',
    'x.lan',
    'x.corp',
    'x.onion',
    'x.test',
  ])('https://%s is private', (host) => {
    expect(verdict(`https://${host}/hook`)).toMatch(/^(?:private|malformed)$/)
  })

  test.each([
    ['http://example.com/', 'scheme'],
    ['http://127.0.0.1/', 'scheme'],
    ['ftp://example.com/', 'scheme'],
    ['file:///etc/passwd', 'malformed'],
    ['javascript:alert(1)', 'malformed'],
    ['data:text/plain,hi', 'malformed'],
    ['https://user:secret@example.com/', 'credentials'],
    ['https://user@example.com/', 'credentials'],
    ['https://@example.com/', 'credentials'],
    ['https://example.com@127.0.0.1/', 'credentials'],
    ['https://127.0.0.1#@example.com/', 'private'],
    ['https://127.0.0.1\\@example.com/', 'malformed'],
    ['https://exa\tmple.com/', 'malformed'],
    [' https://example.com/', 'malformed'],
    ['https://example.com:80/', 'port'],
    ['https://example.com:22/', 'port'],
    ['https://example.com:6379/', 'port'],
    ['https://example.com:0/', 'port'],
    ['https://256.1.1.1/', 'malformed'],
    ['https://1.2.3.4.5/', 'malformed'],
    ['https://a..example.com/', 'private'],
    ['https://[::1', 'malformed'],
    ['https://', 'malformed'],
    ['', 'malformed'],
    ['example.com', 'malformed'],
  ])('%j is refused: %s', (text, problem) => {
    expect(verdict(text)).toBe(problem)
  })

  test('an address over the limit is refused, one at the limit is not', () => {
    const at = `https://example.com/${'a'.repeat(MAX_URL_LENGTH - 20)}`
    expect(at.length).toBe(MAX_URL_LENGTH)
    expect(verdict(at)).toBe('ok')
    expect(verdict(`${at}a`)).toBe('too_long')
  })
})

test.each([
  'https://example.com',
  'https://example.com/hook?x=1',
  'https://EXAMPLE.com./',
  'https://example.com:443/',
  'https://example.com:8443/',

  'https://8.8.8.8/',
  'https://100.128.0.1/',
  'https://172.32.0.1/',
  'https://192.169.0.1/',
  'https://169.253.0.1/',
  'https://11.0.0.1/',
  'https://[2606:4700:4700::1111]/',
  'https://[64:ff9b::8.8.8.8]/',
  'https://[2001:4860:4860::8888]/',
  'https://bücher.example.com/',
  'https://localhost.example.com/',
  'https://internal.example.com/',
])('%s is public', (text) => {
  expect(verdict(text)).toBe('ok')
})

test('in development this machine is admitted, and nothing else that is private', () => {
  for (const text of ['http://127.0.0.1:4000/', 'http://localhost:4000/', 'https://localhost/', 'http://[::1]:80/', 'http://2130706433:9/'])
    expect(verdict(text, true)).toBe('ok')
  for (const text of [
    'http://10.0.0.1/',
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
    'http://example.com/',
    'http://x.localhost/',
  ])
    expect(verdict(text, true)).not.toBe('ok')
  expect(verdict('http://u:p@localhost/', true)).toBe('credentials')
})
