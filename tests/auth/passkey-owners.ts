// People with passkeys, made over HTTP, and what they ask.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { app } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql, type Answer, type Person, type Ask } from '../support/backend'
import { Authenticator, type CreationOptions, type Lies, type RequestOptions } from './authenticator'

export const bindings = env as unknown as Env
export const hiking = app({ name: 'Hiking', tables: [], auth: { passkeys: {} } })
export const backend = serve(hiking)
export const ORIGIN = 'http://localhost'

export interface Challenge<Options> {
  readonly challenge_id: string
  readonly options: Options
  readonly expires_at: number
}

/** The body, as what the test knows it to be. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what came
export const body = <T>({ json }: Answer): T => json
export const codeOf = (answer: Answer) => [answer.status, body<{ error_code?: string }>(answer)?.error_code]

/** Somebody with an address that counts as confirmed, without the cost of a password. */
export async function member(): Promise<Person> {
  const person = await backend.person()
  await sql(
    'update auth_users set is_anonymous = 0, email = ?, email_confirmed_at = ? where id = ?',
    `${person.id}@example.com`,
    String(Date.now()),
    person.id,
  )
  return person
}

export async function begin(ask: Ask): Promise<Challenge<CreationOptions>> {
  return body(await ask('/auth/v1/passkeys/registration/options', { body: {} }))
}

export async function register(ask: Ask, device: Authenticator, lies: Lies = {}, origin = ORIGIN): Promise<Answer> {
  const { challenge_id, options } = await begin(ask)
  const credential = await device.create(options, origin, lies)
  return ask('/auth/v1/passkeys/registration/verify', { body: { challenge_id, credential } })
}

export async function challenge(): Promise<Challenge<RequestOptions>> {
  return body(await backend.stranger('/auth/v1/passkeys/authentication/options', { body: {} }))
}

export async function signIn(device: Authenticator, lies: Lies = {}): Promise<Answer> {
  const { challenge_id, options } = await challenge()
  const credential = await device.get(options, ORIGIN, lies)
  return backend.stranger('/auth/v1/passkeys/authentication/verify', { body: { challenge_id, credential } })
}

/** Somebody with a passkey. */
export async function owner(options: { counts?: boolean } = {}) {
  const person = await member()
  const device = await Authenticator.make(options)
  const made = await register(person.ask, device)
  expect(made.status).toBe(200)
  return { ...person, device, passkeyId: body<{ id: string }>(made).id }
}

export const claims = (answer: Answer) => {
  const token = body<{ access_token: string }>(answer).access_token
  return JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
}

export const amend = (id: string, change: string) => sql(`update auth_users set ${change} where id = ?`, id)
