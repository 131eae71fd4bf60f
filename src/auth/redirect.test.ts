import { describe, expect, test } from 'vitest'
import { allowedRedirect, resolveRedirect, withFragment, withQuery } from './redirect'

const rules = {
  siteUrl: 'https://site.com/welcome',
  redirectUrls: [
    'myapp://**',
    'com.example.app://login-callback',
    'https://docs.example.com/guide/*',
    'https://*.preview.example.com',
    'https://**.branch.example.com/**',
    'http://localhost:*/done',
  ],
}
const allowed = (text: string) => allowedRedirect(text, rules)

describe('what may be', () => {
  test.each([
    ['https://site.com', 'https://site.com/'],
    ['https://site.com/any/where?x=1', 'https://site.com/any/where?x=1'],
    ['https://SITE.com/x', 'https://site.com/x'],
    ['myapp://cb', 'myapp://cb'],
    ['myapp://cb/deep?x=1', 'myapp://cb/deep?x=1'],
    ['com.example.app://login-callback', 'com.example.app://login-callback'],
    ['com.example.app://login-callback/', 'com.example.app://login-callback/'],
    ['https://docs.example.com/guide/start', 'https://docs.example.com/guide/start'],
    ['https://a.preview.example.com', 'https://a.preview.example.com/'],
    ['https://a.b.branch.example.com/x/y', 'https://a.b.branch.example.com/x/y'],
    ['http://localhost:5173/done', 'http://localhost:5173/done'],
  ])('%s', (text, sent) => expect(allowed(text)).toBe(sent))

  test('a fragment is taken off before anything is compared', () => expect(allowed('https://site.com/x#evil')).toBe('https://site.com/x'))

  test('the port of a site on the own machine does not matter, its scheme does', () => {
    const local = { siteUrl: 'http://localhost:8787', redirectUrls: [] }
    expect(allowedRedirect('http://localhost:3000/x', local)).toBe('http://localhost:3000/x')
    expect(allowedRedirect('https://localhost:3000/x', local)).toBe(null)
    expect(allowedRedirect('http://127.0.0.1:3000/x', local)).toBe(null)
  })
})

describe('P8: what may not be', () => {
  test.each([
    'https://site.com.evil',
    'https://site.com.evil/welcome',
    'https://evilsite.com',
    'http://site.com',
    'https://site.com:8443',
    'https://site.com@evil.com',
    'https://user:pass@site.com',
    'https://evil.com#@site.com',
    'https://evil.com\\@site.com',
    'https:\\\\evil.com',
    'https:/\\evil.com',
    'https:evil.com',
    'https:///site.com',
    'https:site.com',
    '//evil.com',
    '/relative',
    '///evil.com',
    'javascript:alert(1)',
    'JavaScript://site.com/%0aalert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://site.com/x',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://017700000001/',
    'https://127.1/',
    'https://192.168.0.1/',
    'https://[::ffff:1.2.3.4]/',
    'https://[2001:db8::1]/',
    'https://site%2ecom',
    'https://\uff53ite.com',
    'https://site\u3002com',
    'https://site.com\u0000.evil.com',
    'https://site.com\t.evil.com',
    ' https://site.com',
    'https://docs.example.comm/guide/start',
    'https://docs.example.com/guides',
    'https://docs.example.com/guide/a/b',
    'https://docs.example.com/guide/a.b',
    'https://docs.example.com/guide/../other',
    'https://a.b.preview.example.com',
    'https://preview.example.com',
    'https://evil.com/?.preview.example.com',
    'https://evil.com/.branch.example.com/',
    'https://evil.com?x.branch.example.com/y',
    'https://evil.com#x.branch.example.com/y',
    'https://evil.com/@x.branch.example.com/y',
    'com.example.app://login-callback.evil',
    'com.example.apps://login-callback',
    'http://localhost:5173/done/more',
    'http://localhost.evil.com/done',
    `https://site.com/${'x'.repeat(2_100)}`,
    '',
  ])('%s', (text) => expect(allowed(text)).toBe(null))

  test('not even where everything is listed', () => {
    for (const glob of ['**', '*', '*://**', 'https://**', 'javascript:**']) {
      const all = { siteUrl: 'https://site.com', redirectUrls: [glob] }
      for (const text of ['javascript:alert(1)', 'JAVASCRIPT://x/%0aalert(1)', 'data:text/html,x', 'https://a@b.com', 'https://1.2.3.4/']) {
        expect(allowedRedirect(text, all)).toBe(null)
      }
    }
    expect(allowedRedirect('https://any.where/x', { siteUrl: '', redirectUrls: ['https://**'] })).toBe('https://any.where/x')
  })

  test('a glob is no regular expression', () => {
    const dotted = { siteUrl: 'https://site.com', redirectUrls: ['https://a.example.com/(x|y)+', 'https://b.example.com/\\*'] }
    expect(allowedRedirect('https://axexample.com/x', dotted)).toBe(null)
    expect(allowedRedirect('https://a.example.com/xy', dotted)).toBe(null)
    expect(allowedRedirect('https://b.example.com/*', dotted)).toBe('https://b.example.com/*')
    expect(allowedRedirect('https://b.example.com/z', dotted)).toBe(null)
  })
})

test('the first place that may be is taken, and the site when none may', () => {
  expect(resolveRedirect(['https://evil.com', undefined, 'myapp://x'], rules)).toBe('myapp://x')
  expect(resolveRedirect(['https://evil.com', null], rules)).toBe('https://site.com/welcome')
})

test('what is added keeps what was there', () => {
  expect(withFragment('https://site.com/x?a=1', { type: 'signup', access_token: 'a+b' })).toBe(
    'https://site.com/x?a=1#access_token=a%2Bb&sb=&type=signup',
  )
  expect(withQuery('myapp://cb?a=1', { code: 'c d' })).toBe('myapp://cb?a=1&code=c+d')
  expect(withQuery('https://site.com', { code: 'c' })).toBe('https://site.com/?code=c')
})
