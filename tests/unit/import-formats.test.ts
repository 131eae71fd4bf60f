// Exports of Firebase and Supabase, as they write them, and what becomes of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromFirebase, fromSupabase, readCsv, readFirebaseHash, uuidOf } from '../../scripts/import-formats'
import { chunksOf, readUsers } from '../../scripts/import-users'
import { verifyPassword } from '../../src/auth/password'
import { isUuid } from '../../src/core'

/** As Firebase's console shows them; the signer key and the hash are those of github.com/firebase/scrypt's README. */
const HASH = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}`
const EXPORTED = {
  users: [
    {
      localId: 'x6OZlMQYaTMNQ1vjTIXOJS2eQpF3',
      email: 'Ada@Example.com',
      emailVerified: true,
      passwordHash: 'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
      salt: '42xEC-ixf3L2lw==',
      displayName: 'Ada',
      createdAt: '1700000000000',
      lastSignedInAt: '1700000001000',
      customAttributes: '{"roles":["moderator"]}',
      providerUserInfo: [
        { providerId: 'password', rawId: 'ada@example.com' },
        { providerId: 'google.com', rawId: '1042', email: 'ada@example.com', displayName: 'Ada L' },
        { providerId: 'microsoft.com', rawId: 'ms-1' },
      ],
    },
    { localId: 'anon', createdAt: '1700000000000', disabled: true },
    { localId: 'phone', phoneNumber: '+4915112345678', providerUserInfo: [{ providerId: 'phone', rawId: '+49' }] },
  ],
}

test('a person of Firebase comes with their hash, providers, claims and the same id each time', async () => {
  const [ada, anonymous, phone] = fromFirebase(EXPORTED, readFirebaseHash(HASH))
  expect(ada).toMatchObject({
    id: uuidOf('x6OZlMQYaTMNQ1vjTIXOJS2eQpF3'),
    email: 'Ada@Example.com',
    email_confirmed_at: '2023-11-14T22:13:20.000Z',
    is_anonymous: false,
    user_metadata: { name: 'Ada' },
    app_metadata: { firebase_id: 'x6OZlMQYaTMNQ1vjTIXOJS2eQpF3', roles: ['moderator'] },
    created_at: '2023-11-14T22:13:20.000Z',
    last_sign_in_at: '2023-11-14T22:13:21.000Z',
    identities: [
      { provider: 'google', id: '1042', email: 'ada@example.com', identity_data: { name: 'Ada L', email: 'ada@example.com' } },
      { provider: 'azure', id: 'ms-1', identity_data: {} },
    ],
  })
  expect(await verifyPassword('user1password', String(ada!['password_hash']))).toBe(true)
  expect(await verifyPassword('user2password', String(ada!['password_hash']))).toBe(false)
  expect(anonymous).toMatchObject({ is_anonymous: true, banned_until: '9999-12-31T00:00:00.000Z', identities: [] })
  expect(phone).toMatchObject({ phone: '4915112345678', phone_confirmed_at: expect.any(String), is_anonymous: false })
  expect(uuidOf('anon')).toBe(uuidOf('anon'))
  for (const id of ['anon', '', 'ü']) expect(isUuid(uuidOf(id)) && uuidOf(id)[14] === '8' && '89ab'.includes(uuidOf(id)[19]!)).toBe(true)
})

test('hash parameters are read as text and as JSON, and their absence is said', () => {
  const asJson = '{"algorithm": "SCRYPT", "base64_signer_key": "abc+/=", "base64_salt_separator": "Bw==", "rounds": 8, "mem_cost": 14}'
  expect(readFirebaseHash(asJson)).toEqual({ signerKey: 'abc+/=', saltSeparator: 'Bw==', rounds: 8, memCost: 14 })
  expect(() => readFirebaseHash('{}')).toThrow('"algorithm"')
  expect(() => readFirebaseHash(HASH.replace('SCRYPT', 'BCRYPT'))).toThrow('BCRYPT')
  expect(() => fromFirebase(EXPORTED, null)).toThrow('--firebase-hash')
})

const CSV = `id,email,encrypted_password,email_confirmed_at,raw_user_meta_data,raw_app_meta_data,created_at,is_sso_user,is_anonymous,deleted_at,phone
6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0001,ada@example.com,$2a$10$abc,2024-01-02 03:04:05.6+00,"{""name"": ""A, \\""B\\""\\nC""}","{""provider"": ""email"", ""roles"": [""x""]}",2024-01-01 00:00:00+00,f,f,,
6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0002,,,,{},{},2024-01-01 00:00:00+00,f,t,,
6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0003,sso@example.com,,,{},{},2024-01-01 00:00:00+00,t,f,,
6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0004,gone@example.com,,,{},{},2024-01-01 00:00:00+00,f,f,2024-05-05 00:00:00+00,
`

test('people of Supabase come as psql and the dashboard write them; who is deleted or of SAML stays behind', () => {
  const identities = [
    {
      user_id: '6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0001',
      provider: 'google',
      provider_id: '1042',
      identity_data: '{"sub":"1042","email":"ada@example.com"}',
    },
  ]
  expect(fromSupabase(readCsv(CSV), identities)).toEqual([
    {
      id: '6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0001',
      email: 'ada@example.com',
      password_hash: '$2a$10$abc',
      email_confirmed_at: '2024-01-02T03:04:05.600Z',
      is_anonymous: false,
      user_metadata: { name: 'A, "B"\nC' },
      app_metadata: { provider: 'email', roles: ['x'] },
      created_at: '2024-01-01T00:00:00.000Z',
      identities: [{ provider: 'google', id: '1042', email: 'ada@example.com', identity_data: { sub: '1042', email: 'ada@example.com' } }],
    },
    {
      id: '6b1e1c6c-2f5c-4a53-9d3f-3f2b6a1f0002',
      is_anonymous: true,
      user_metadata: {},
      app_metadata: {},
      created_at: '2024-01-01T00:00:00.000Z',
      identities: [],
    },
  ])
  expect(() => fromSupabase([{ id: 'x', created_at: 'yesterday' }], [])).toThrow('"yesterday"')
})

test('any table survives CSV', () => {
  const cells = fc.array(fc.array(fc.string({ maxLength: 8 }), { minLength: 2, maxLength: 2 }), { maxLength: 5 })
  fc.assert(
    fc.property(cells, fc.constantFrom('\n', '\r\n'), fc.boolean(), (rows, end, closed) => {
      const line = (row: readonly string[]) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')
      const source = [line(['a', 'b']), ...rows.map(line)].join(end) + (closed ? end : '')
      expect(readCsv(source)).toEqual(rows.map(([a, b]) => ({ a, b })))
    }),
  )
  expect(readCsv('a,b\n1,\n,"2"\n')).toEqual([
    { a: '1', b: null },
    { a: null, b: '2' },
  ])
  expect(() => readCsv('a\n"never ends')).toThrow(/character 2/)
})

test('a file says by itself whose it is; requests stay small', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-import-'))
  try {
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    expect(readUsers(write('a.json', JSON.stringify(EXPORTED)), { firebaseHash: write('hash.txt', HASH) })).toHaveLength(3)
    expect(readUsers(write('b.csv', CSV), {})).toHaveLength(2)
    expect(readUsers(write('c.json', '[]'), {})).toEqual([])
    expect(() => readUsers(write('d.json', '[{"name":"x"}]'), {})).toThrow('localId')
    expect(() => readUsers(write('e.json', '{"people":[]}'), {})).toThrow('neither')
  } finally {
    rmSync(folder, { recursive: true })
  }
  const people = Array.from({ length: 450 }, (_, i) => ({ id: String(i), user_metadata: i < 3 ? { text: 'x'.repeat(300_000) } : {} }))
  const chunks = [...chunksOf(people)]
  expect(chunks.flat()).toEqual(people)
  for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(200)
  expect(chunks.slice(0, 2).map(({ length }) => length)).toEqual([1, 1])
})
