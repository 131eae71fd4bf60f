import { expect, test } from 'vitest'
import { DEMO_PASSWORD, DEMO_PASSWORD_HASH } from '../../app/seed/accounts'
import { hashPassword, isOutdated, verifyPassword } from './password'

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

/** Vectors of GoTrue's own tests (internal/crypto/password_test.go), of bcrypt's (jBCrypt, crypt_blowfish) and of argon2's (phc-winner-argon2, test.c). */
const IMPORTED: readonly [string, string][] = [
  ['$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g', 'test'],
  ['$argon2id$v=19$m=32,t=3,p=2$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk', 'test'],
  ['$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc', 'password'],
  ['$argon2i$v=16$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs', 'password'],
  [
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==',
    'mytestpassword',
  ],
  ['$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i', 'abc'],
  ['$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
]

test.each(IMPORTED)('a hash that was made elsewhere is verified, and no other password: %s', async (hash, password) => {
  expect(await verifyPassword(password, hash)).toBe(true)
  expect(await verifyPassword(`${password}1`, hash)).toBe(false)
  expect(await verifyPassword('', hash)).toBe(false)
  expect(isOutdated(hash)).toBe(true)
})

test('our own hash is not outdated, one of ours with another cost is', async () => {
  expect(isOutdated(await hashPassword('x'))).toBe(false)
  expect(isOutdated('scrypt$1024$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).toBe(true)
})

test('a wrong password takes as long as ours with a hash from elsewhere that is cheaper', async () => {
  const elapsed = async (hash: string | null) => {
    const times: number[] = []
    for (let i = 0; i < 2; i++) {
      const started = performance.now()
      expect(await verifyPassword('not it', hash)).toBe(false)
      times.push(performance.now() - started)
    }
    return Math.min(...times)
  }
  const stranger = await elapsed(null)
  const cheap = [
    IMPORTED[0]![0],
    IMPORTED[4]![0],
    IMPORTED[5]![0],
    'scrypt$1024$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  ]
  for (const hash of cheap) expect(await elapsed(hash), hash).toBeGreaterThan(stranger * 0.5)
}, 30_000)
