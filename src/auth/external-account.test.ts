import { expect, test } from 'vitest'
import { apple, github, google, openid } from '../define'
import { accountOfClaims, accountOfGithub, isTrue, withName } from './external-account'
import type { Provider } from './provider'

function provider(declaration: Provider['declaration']): Provider {
  const { name, issuer } = declaration
  return { declaration, name, clientIds: ['ours'], issuers: [issuer], endpoints: null, loopback: false }
}

const acme = provider(openid('acme', { issuer: 'https://id.example' }))
const read = (claims: Readonly<Record<string, unknown>>, of: Provider = acme) => accountOfClaims(of, { sub: 'ada', ...claims })

test('an address is kept in lower case, and only if it is one', () => {
  expect(read({ email: ' Ada@Example.COM ', email_verified: true })).toMatchObject({ email: 'ada@example.com', emailVerified: true })
  for (const email of [
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@example',
    'a b@example.com',
    'ada@example.com, b@example.com',
    7,
    null,
    {},
  ]) {
    expect(read({ email, email_verified: true }), String(email)).toMatchObject({ email: null, emailVerified: false })
  }
  expect(read({ email: `${'a'.repeat(260)}@example.com` }).email).toBe(null)
})

test('P6: an address that folds to another beyond A to Z is not verified', () => {
  expect(read({ email: '\u212aim@example.com', email_verified: true })).toMatchObject({ email: 'kim@example.com', emailVerified: false })
  expect(read({ email: 'müller@example.com', email_verified: true }).emailVerified).toBe(true)
})

test('who vouches: the claim, Microsoft’s own claim, Apple always, or the developer', () => {
  const azure = provider(openid('azure', { issuer: 'https://login.microsoftonline.com/t/v2.0' }))
  const own = provider(openid('own', { issuer: 'https://id.example', trustEmails: true }))
  const email = 'ada@example.com'
  expect(read({ email }).emailVerified).toBe(false)
  expect(read({ email, email_verified: 'true' }).emailVerified).toBe(true)
  expect(read({ email, email_verified: true }, azure).emailVerified).toBe(false)
  expect(read({ email, xms_edov: true }, azure).emailVerified).toBe(true)
  expect(read({ email, xms_edov: true }).emailVerified).toBe(false)
  expect(read({ email }, own).emailVerified).toBe(true)
  expect(read({ email }, provider(apple())).emailVerified).toBe(true)
  expect(read({ email, email_verified: 'true' }, provider(apple())).emailVerified).toBe(true)
  expect(read({ email, email_verified: 'false' }, provider(apple())).emailVerified).toBe(false)
  expect(read({ email }, provider(google())).emailVerified).toBe(false)
})

test('texts are cut and cleaned, and what isn’t text is left out', () => {
  const { data } = read({ name: `A\0da${'x'.repeat(600)}`, picture: 'https://example.com/a.png', given_name: 7, locale: '\ud800' })
  expect(data['name']).toHaveLength(500)
  expect(JSON.stringify(data)).not.toMatch(/\\u0000|\\ud800/)
  expect(data).not.toHaveProperty('given_name')
  expect(data).toMatchObject({ avatar_url: 'https://example.com/a.png', email_verified: false, phone_verified: false })
})

test('a name beside the token is both names, and an empty one none', () => {
  expect(withName(read({}), ' Ada Lovelace ').data).toMatchObject({ name: 'Ada Lovelace', full_name: 'Ada Lovelace' })
  expect(withName(read({ name: 'Ada' }), ' ').data).toMatchObject({ name: 'Ada' })
})

test('booleans as providers write them', () => {
  expect([true, 1, 'true', '1'].every(isTrue)).toBe(true)
  expect([false, 0, 'false', '0', null, undefined, {}, 'yes'].some(isTrue)).toBe(false)
})

test('GitHub: the primary address if it is verified, else one that is, else an unverified one; and a number', () => {
  const hub = provider(github())
  const at = (email: string, primary: boolean, verified: boolean) => ({ email: `${email}@example.com`, primary, verified })
  const of = (...emails: readonly ReturnType<typeof at>[]) => {
    const account = accountOfGithub(hub, { id: 7, login: 'ada' }, emails)
    return [account?.email?.split('@')[0], account?.emailVerified]
  }
  expect(of(at('a', false, true), at('b', true, true))).toEqual(['b', true])
  expect(of(at('a', false, true), at('b', true, false))).toEqual(['a', true])
  expect(of(at('a', false, false), at('b', true, false))).toEqual(['b', false])
  expect(of(at('a', false, false))).toEqual(['a', false])
  expect(of()).toEqual([undefined, false])
  for (const id of [undefined, '7', 7.5, null, 2 ** 60]) expect(accountOfGithub(hub, { id }, []), String(id)).toBe(null)
})
