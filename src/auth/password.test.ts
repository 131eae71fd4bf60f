import { expect, test } from 'vitest'
import { DEMO_PASSWORD, DEMO_PASSWORD_HASH } from '../../app/seed/accounts'
import { AppError } from '../core'
import { checkPassword, hashPassword, verifyPassword } from './password'

const codeOf = (action: () => void) => {
  try {
    action()
    return null
  } catch (error) {
    return error instanceof AppError ? error.definition.code : error
  }
}

test('a password matches its own hash and no other', async () => {
  const hash = await hashPassword('correct horse')
  expect(hash).toMatch(/^scrypt\$16384\$8\$5\$[\w-]{22}\$[\w-]{43}$/)
  expect(await verifyPassword('correct horse', hash)).toBe(true)
  expect(await verifyPassword('correct horsf', hash)).toBe(false)
  expect(await verifyPassword('', hash)).toBe(false)
  expect(await hashPassword('correct horse')).not.toBe(hash)
})

test('the demo accounts can sign in with what the seed wrote', async () => {
  expect(await verifyPassword(DEMO_PASSWORD, DEMO_PASSWORD_HASH)).toBe(true)
})

test('without a hash, or with one that cannot be read, nothing matches, and it takes as long', async () => {
  const elapsed = async (hash: string | null) => {
    const started = performance.now()
    expect(await verifyPassword('anything', hash)).toBe(false)
    return performance.now() - started
  }
  const known = await elapsed(await hashPassword('something else'))
  for (const hash of [null, '', 'scrypt$1$1$1$$', 'scrypt$99999999$8$5$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5', 'bcrypt$x']) {
    expect(await elapsed(hash)).toBeGreaterThan(known / 4)
  }
})

test('a password has at least the asked number of characters and at most 72 bytes', () => {
  expect(codeOf(() => checkPassword('12345', 6))).toBe('weak_password')
  expect(codeOf(() => checkPassword('123456', 6))).toBe(null)
  expect(codeOf(() => checkPassword('🥾🥾🥾🥾🥾', 6))).toBe('weak_password')
  expect(codeOf(() => checkPassword('a'.repeat(72), 6))).toBe(null)
  expect(codeOf(() => checkPassword('a'.repeat(73), 6))).toBe('validation_failed')
  expect(codeOf(() => checkPassword('é'.repeat(37), 6))).toBe('validation_failed')
})
