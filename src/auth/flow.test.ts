import { expect, test } from 'vitest'
import { readChallenge } from './flow'

const CHALLENGE = 'a'.repeat(43)

test('a challenge comes with its method, whatever the case, or not at all', () => {
  expect(readChallenge(CHALLENGE, 'S256')).toEqual({ text: CHALLENGE, method: 's256' })
  expect(readChallenge(CHALLENGE, 'plain')).toEqual({ text: CHALLENGE, method: 'plain' })
  expect(readChallenge(undefined, undefined)).toBe(null)
})

test.each([
  [CHALLENGE, undefined],
  [undefined, 's256'],
  [CHALLENGE, 'S512'],
  ['a'.repeat(42), 's256'],
  ['a'.repeat(129), 's256'],
  [`${CHALLENGE} `, 's256'],
  [`${CHALLENGE}+`, 's256'],
])('%s %s is refused', (challenge, method) => expect(() => readChallenge(challenge, method)).toThrow(/PKCE|code.challenge/))
