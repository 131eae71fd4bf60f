// supabase-js signs people up and in by phone, with codes out of the outbox, where the queue brought them.
import { describe, expect, test } from 'vitest'
import type { Server } from '../support/server'
import { PASSWORD, phone } from './people'

interface Kept {
  readonly id: string
  readonly variables: { readonly code: string }
}

/** The code of the newest message to a number; waits for one that is newer than `after`. */
async function codeFor(server: Server, number: string, after = ''): Promise<{ id: string; code: string }> {
  const query = new URLSearchParams({ to: number, after })
  const look = async () => ((await (await fetch(`${server.url}/dev/outbox.json?${query}`)).json()) as { messages: Kept[] }).messages[0]
  await expect.poll(look, { timeout: 15_000, interval: 100 }).toBeDefined()
  const { id, variables } = (await look())!
  return { id, code: variables.code }
}

export function phones(server: () => Server): void {
  describe('phones', () => {
    test('a sign-up with a number becomes a session with the code, and the password signs in', async () => {
      const [own, number] = [phone(server()), '+41791110001']
      const asked = await own.auth.signUp({ phone: number, password: PASSWORD, options: { data: { name: 'Ann' } } })
      expect([asked.error, asked.data.session, asked.data.user?.phone]).toEqual([null, null, '41791110001'])
      const { code } = await codeFor(server(), number)
      const { data, error } = await own.auth.verifyOtp({ phone: number, token: code, type: 'sms' })
      expect(error).toBeNull()
      expect(data.user).toMatchObject({ phone: '41791110001', user_metadata: { name: 'Ann' } })
      expect((await own.auth.verifyOtp({ phone: number, token: code, type: 'sms' })).error?.code).toBe('otp_expired')
      expect((await phone(server()).auth.signInWithPassword({ phone: number, password: PASSWORD })).data.user?.id).toBe(data.user?.id)
    })

    test('a number is changed by a code that the new one got, asked for twice', async () => {
      const [own, number, next] = [phone(server()), '+41791110002', '+41791110003']
      const asked = await own.auth.signInWithOtp({ phone: number })
      expect(asked.data.messageId).toEqual(expect.any(String))
      await own.auth.verifyOtp({ phone: number, token: (await codeFor(server(), number)).code, type: 'sms' })
      expect((await own.auth.updateUser({ phone: next })).data.user?.new_phone).toBe('41791110003')
      const first = await codeFor(server(), next)
      expect((await own.auth.resend({ type: 'phone_change', phone: number })).error).toBeNull()
      const { code } = await codeFor(server(), next, first.id)
      expect((await own.auth.verifyOtp({ phone: next, token: first.code, type: 'phone_change' })).error?.code).toBe('otp_expired')
      expect((await own.auth.verifyOtp({ phone: next, token: code, type: 'phone_change' })).data.user?.phone).toBe('41791110003')
      expect((await own.auth.refreshSession()).data.user?.phone).toBe('41791110003')
    })
  })
}
