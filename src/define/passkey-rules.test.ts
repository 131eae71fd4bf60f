import { expect, test } from 'vitest'
import { checkPasskeys, type PasskeyRules } from './passkey-rules'

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':')

function problemsOf(rules: PasskeyRules): string[] {
  const problems: string[] = []
  checkPasskeys(rules, (message) => problems.push(message))
  return problems
}

test('what works is not reported', () => {
  expect(
    problemsOf({
      rpId: 'example.com',
      rpName: 'Trailhead',
      origins: ['https://app.example.com', 'http://localhost:5173', `android:apk-key-hash:${'A'.repeat(43)}`],
      appleApps: ['ABCDE12345.com.example.trailhead'],
      androidApps: [{ package: 'com.example.trailhead', fingerprints: [FINGERPRINT] }],
    }),
  ).toEqual([])
  expect(problemsOf({})).toEqual([])
})

test.each<[string, PasskeyRules, RegExp]>([
  ['a URL as rpId', { rpId: 'https://example.com' }, /without https/],
  ['a port in rpId', { rpId: 'example.com:443' }, /no domain/],
  ['capitals in rpId', { rpId: 'Example.com' }, /lower case/],
  ['an empty rpId', { rpId: '' }, /no domain/],
  ['an origin with a path', { origins: ['https://example.com/'] }, /without a path/],
  ['an origin without encryption', { origins: ['http://example.com'] }, /neither/],
  ['an origin that is no URL', { origins: ['example.com'] }, /neither/],
  ['an Android origin that is cut', { origins: ['android:apk-key-hash:abc'] }, /43 characters/],
  ['an Apple app without a team', { appleApps: ['com.example.app'] }, /TEAMID/],
  ['a package of one word', { androidApps: [{ package: 'app', fingerprints: [FINGERPRINT] }] }, /package name/],
  ['an app without a certificate', { androidApps: [{ package: 'a.b', fingerprints: [] }] }, /no fingerprint/],
  ['a SHA-1 fingerprint', { androidApps: [{ package: 'a.b', fingerprints: [FINGERPRINT.slice(0, 59)] }] }, /SHA-256/],
])('%s is reported', (_, rules, message) => {
  expect(problemsOf(rules)).toEqual([expect.stringMatching(message)])
})
