import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDevice, readPlace } from './device'

const device = (headers: Readonly<Record<string, string>>) => readDevice((name) => headers[name])

test.each([
  ['MyApp/12 CFNetwork/1490.0.4 Darwin/23.2.0', 'ios', null],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15', 'ios', 'iPhone'],
  ['Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X)', 'ios', 'iPad'],
  ['Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A.230803.041)', 'android', 'Pixel 8'],
  ['Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36', 'android', 'SM-S918B'],
  ['Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36', 'android', null],
  ['okhttp/4.12.0', 'android', null],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'macos', null],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'windows', null],
  ['Dart/3.5 (dart:io)', null, null],
  ['', null, null],
])('of a User-Agent: %s', (userAgent, platform, model) => {
  expect(device({ 'user-agent': userAgent })).toMatchObject({ platform, model })
})

test('what SDKs say of the platform counts before the User-Agent', () => {
  expect(
    device({ 'x-client-info': 'supabase-flutter/2.9.0; platform=iOS; platform-version=17.5', 'user-agent': 'Dart/3.5' }).platform,
  ).toBe('ios')
  expect(device({ 'x-supabase-client-platform': 'macOS', 'user-agent': 'x CFNetwork/1' }).platform).toBe('macos')
  expect(device({ 'x-supabase-client-platform': 'Fuchsia' }).platform).toBe('fuchsia')
})

test('what the app says counts before everything', () => {
  const headers = {
    'x-app-build': 'android/412',
    'x-app-version': '2.4.1',
    'x-device-model': 'iPhone17,1',
    'x-device-id': 'b6d1',
    'x-client-info': 'supabase-swift/2; platform=iOS',
  }
  expect(device(headers)).toEqual({ id: 'b6d1', model: 'iPhone17,1', platform: 'android', appVersion: '2.4.1', appBuild: '412' })
  expect(device({ 'x-app-build': '7' })).toMatchObject({ appBuild: '7', platform: null })
  expect(device({ 'x-app-build': 'seven' })).toMatchObject({ appBuild: null })
})

test('whatever comes, what is kept is one short line that can be shown', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          'x-device-model',
          'x-app-version',
          'x-device-id',
          'user-agent',
          'x-client-info',
          'x-supabase-client-platform',
          'x-app-build',
        ),
        fc.string({ unit: 'binary', maxLength: 600 }),
      ),
      (headers) => {
        // prettier-ignore
        for (const text of Object.values(device(headers))) {
        if (text === null) continue
        expect(text.length).toBeLessThanOrEqual(100)
        expect(text).toBe(text.trim())
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      }
      },
    ),
  )
  expect(device({ 'x-device-model': `  a\n<b>\u202e ${'x'.repeat(999)}` }).model).toMatch(/^a <b> x+$/)
})

test('a place is what Cloudflare says, and nothing else', () => {
  expect(readPlace({ country: 'DE', city: 'Köln' })).toEqual({ country: 'DE', city: 'Köln' })
  for (const cf of [undefined, null, {}, { country: 'Germany', city: 7 }, { country: 'T1' }])
    expect(readPlace(cf)).toEqual({ country: null, city: null })
})
