import { expect, test } from 'vitest'
import { isAskable } from './remote'

test('P4: only public hosts are asked, by name and over https', () => {
  for (const address of ['https://id.example.com/keys', 'https://id.example.com:8443/keys', 'https://xn--mnchen-3ya.de/']) {
    expect(isAskable(address, false), address).toBe(true)
  }
  for (const address of [
    'http://id.example.com/',
    'ftp://id.example.com/',
    'https://localhost/',
    'https://localhost./',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://[fd00::1]/',
    'https://metadata.google.internal/',
    'https://printer.local/',
    'https://intranet/',
    'https://user:secret@id.example.com/',
    'https://id.example.com@127.0.0.1/',
    'file:///etc/passwd',
    'id.example.com',
    '',
  ]) {
    expect(isAskable(address, false), address).toBe(false)
  }
})

test('in development this machine is asked, too, and no other over http', () => {
  for (const address of ['http://localhost:4000/', 'http://127.0.0.1:4000/', 'https://localhost/', 'http://[::1]:4000/']) {
    expect(isAskable(address, true), address).toBe(true)
  }
  for (const address of [
    'http://id.example.com/',
    'http://127.0.0.1.evil.example/',
    'http://10.0.0.1/',
    'ftp://localhost/',
    'http://a@localhost/',
  ]) {
    expect(isAskable(address, true), address).toBe(false)
  }
})
