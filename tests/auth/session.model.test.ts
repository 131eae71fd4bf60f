// Sessions against a model of them: whatever is opened, refreshed with whatever token, ended, and however much time passes between, under each
// set of the app's rules, the answer is the model's. The clock is the test's own.
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { endSession } from '../../src/auth/devices'
import { refreshSession } from '../../src/auth/refresh'
import { writeRefreshToken } from '../../src/auth/refresh-token'
import { newSession, openSession } from '../../src/auth/session'
import type { Workshop } from '../../src/auth/workshop'
import type { AppError } from '../../src/core'
import { app, type SessionRules } from '../../src/define'
import { deriveKeys, run, type AuthenticationContext, type Env } from '../../src/platform'

vi.setConfig({ testTimeout: 60_000 })
const bindings = env as unknown as Env & { DB: D1Database }
const keys = await deriveKeys(bindings.PERIGEE_ROOT_KEY)
const context = {
  address: null,
  userAgent: null,
  device: { id: null, model: null, platform: null, appVersion: null, appBuild: null },
  place: { country: null, city: null },
  requestId: 'test',
} as unknown as AuthenticationContext

interface Model {
  readonly id: string
  readonly createdAt: number
  refreshedAt: number
  counter: number
  /** Somebody signed in later, while one session a person was allowed. */
  superseded: boolean
  gone: boolean
}

type Step =
  | { readonly kind: 'open' }
  | { readonly kind: 'refresh'; readonly session: number; readonly behind: number }
  | { readonly kind: 'end'; readonly session: number; readonly by: number }
  | { readonly kind: 'wait'; readonly ms: number }

const index = fc.nat({ max: 5 })
const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'open' }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('refresh' as const), session: index, behind: fc.integer({ min: -1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), session: index, by: index }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 5_000, 10_000, 10_001, 299_999, 300_000, 600_000, 1_500_000) }) }, // prettier-ignore
  ),
  { minLength: 5, maxLength: 25 },
)

const RULES: readonly SessionRules[] = [
  {},
  { timebox: 1_800 },
  { inactivity: 300 },
  { timebox: 1_800, inactivity: 600 },
  { singlePerPerson: true },
  { timebox: 900, inactivity: 300, singlePerPerson: true },
]

/** What a refresh comes to by the rules as they are written down, and what it does to the model. */
function predict(model: Model, token: number, rules: SessionRules, now: number): string {
  if (model.gone) return 'refresh_token_not_found'
  const over = (seconds: number | undefined, since: number) => seconds !== undefined && since + seconds * 1000 <= now
  if (over(rules.timebox, model.createdAt) || over(rules.inactivity, model.refreshedAt) || model.superseded) return 'session_expired'
  const behind = model.counter - token
  if (behind < 0) return 'validation_failed'
  if (behind === 0) {
    model.counter += 1
    model.refreshedAt = now
    return `rotated to ${model.counter}`
  }
  if (behind === 1 || now - model.refreshedAt < 10_000) return `current ${model.counter}`
  model.gone = true
  return 'refresh_token_already_used'
}

test.each(RULES)('P12: sessions do as the model does, with the rules %j', async (rules) => {
  const definition = app({ name: 'Model', tables: [], auth: { sessions: rules } })
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      let now = Date.now()
      const workshop = (): Workshop => ({
        app: definition,
        env: bindings,
        keys,
        db: bindings.DB,
        now,
        later: () => undefined,
        observe: () => undefined,
      })
      const userId = crypto.randomUUID()
      await run(bindings.DB, [{ sql: 'insert into auth_users (id, created_at, updated_at) values (?, 0, 0)', params: [userId] }])
      const models: Model[] = []

      for (const step of [{ kind: 'open' } as Step, ...all]) {
        // Two sessions of one millisecond have no order.
        now += 1
        if (step.kind === 'wait') now += step.ms
        if (step.kind === 'open') {
          const session = newSession(workshop(), 'password')
          await run(bindings.DB, openSession(workshop(), context, session, { id: userId }))
          if (rules.singlePerPerson) for (const model of models) model.superseded = true
          models.push({ id: session.id, createdAt: now, refreshedAt: now, counter: 0, superseded: false, gone: false })
        }
        if (step.kind === 'end') {
          const [target, by] = [models[step.session % models.length]!, models[step.by % models.length]!]
          // Whether it lives goes by the database's clock; here only those that nothing but a deletion ends are asked.
          if (rules.timebox !== undefined || rules.inactivity !== undefined || rules.singlePerPerson) continue
          const ended = await endSession(workshop(), context, { userId, sessionId: by.id }, target.id).then(() => 'ended', (error: AppError) => error.definition.code) // prettier-ignore
          expect(ended).toBe(by.gone ? 'session_not_found' : target.gone ? 'device_not_found' : 'ended')
          if (ended === 'ended') target.gone = true
        }
        if (step.kind === 'refresh') {
          const model = models[step.session % models.length]!
          const token = Math.max(0, model.counter - step.behind)
          const text = await writeRefreshToken({ sessionId: model.id, counter: token }, keys.refreshMac)
          const before = model.counter
          const expected = predict(model, token, rules, now)
          const answered = await refreshSession(workshop(), context, text).then(
            ({ session, reuse }) => {
              expect(session.expiresAt === null || session.expiresAt > now).toBe(true)
              expect(reuse === null).toBe(token === before)
              return reuse === null ? `rotated to ${session.refreshCounter}` : `current ${session.refreshCounter}`
            },
            (error: AppError) => error.definition.code,
          )
          expect(answered).toBe(expected)
        }
      }
      const left = await run(bindings.DB, [{ sql: 'select id, refresh_counter from auth_sessions where user_id = ?', params: [userId] }])
      expect(Object.fromEntries(left[0]!.results.map((row) => [row['id'], row['refresh_counter']]))).toEqual(
        Object.fromEntries(models.filter(({ gone }) => !gone).map(({ id, counter }) => [id, counter])),
      )
    }),
    { numRuns: 8, seed: 6_001 },
  )
})
