// Recovery codes: 80 random bits each, for who lost the other factors. Kept as HMACs; each works once.
import { toBase64Url, utf8 } from '../core'
import { run, type Statement } from '../platform'
import type { Attempt, Proof } from './factor-kind'
import { ADMITTED } from './session'
import { toBase32 } from './totp'
import type { Workshop } from './workshop'

export const RECOVERY_CODES = 10
const CODE_BYTES = 10

/** As GoTrue writes one: sixteen of `a`–`z` and `2`–`7`. */
const CODE = /^[a-z2-7]{16}$/

export function newRecoveryCode(): string {
  return toBase32(crypto.getRandomValues(new Uint8Array(CODE_BYTES))).toLowerCase()
}

/** A code as a person types it: in any case, in groups. Null when it can't be one. */
export function readRecoveryCode(typed: string): string | null {
  if (typed.length > 100) return null
  const code = typed.replaceAll(/[\s-]/g, '').toLowerCase()
  return CODE.test(code) ? code : null
}

/** What is kept of a code: nobody can try codes against it without the root key, nor tell that two people have the same. */
export async function recoveryCodeHash({ keys }: Pick<Workshop, 'keys'>, userId: string, code: string): Promise<string> {
  return toBase64Url(await keys.codeMac(utf8(`recovery-code\n${userId}\n${code}`)))
}

/** Puts codes in the place of all that a person had, where `condition` holds. */
export async function replaceCodes(
  workshop: Workshop,
  userId: string,
  codes: readonly string[],
  condition: Statement,
): Promise<readonly Statement[]> {
  const hashes = await Promise.all(codes.map((code) => recoveryCodeHash(workshop, userId, code)))
  return [
    { sql: `delete from auth_recovery_codes where user_id = ? and (${condition.sql})`, params: [userId, ...condition.params] },
    {
      sql: `insert into auth_recovery_codes (code_hash, user_id, created_at) select value, ?, ? from json_each(?) where (${condition.sql})`,
      params: [userId, String(workshop.now), JSON.stringify(hashes), ...condition.params],
    },
  ]
}

export const takesRecoveryCodes = ({ app }: Pick<Workshop, 'app'>): boolean => app.auth?.mfa?.recoveryCodes ?? true

/** The proof of a code; null when it is none of the person's, or used. It still has to be taken: somebody else may be faster. */
export async function proveByRecoveryCode(
  workshop: Workshop,
  { caller, person }: Pick<Attempt, 'caller' | 'person'>,
  code: string,
): Promise<Proof | null> {
  const factor = person.factors.find(({ type }) => type === 'recovery_code')
  if (factor === undefined || !takesRecoveryCodes(workshop)) return null
  const hash = await recoveryCodeHash(workshop, caller.userId, code)
  const [found] = await run(workshop.db, [
    { sql: 'select 1 from auth_recovery_codes where code_hash = ? and user_id = ? and used_at is null', params: [hash, caller.userId] },
  ])
  if (found!.results.length === 0) return null
  return {
    by: { type: 'recovery_code', factorId: factor.id },
    take: {
      sql: `update auth_recovery_codes set used_at = ? where code_hash = ? and user_id = ? and used_at is null
        and exists (select 1 from auth_sessions s where s.id = ? and s.user_id = ? and ${ADMITTED}) returning code_hash`,
      params: [String(workshop.now), hash, caller.userId, caller.sessionId, caller.userId],
    },
  }
}
