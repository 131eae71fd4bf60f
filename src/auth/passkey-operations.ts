// Passkeys as the service answers for them: made, signed in with, listed, renamed and removed.
import { AppError } from '../core'
import { run, type PasskeyOperations } from '../platform'
import { messagesCommitted } from '../messages'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { accountNotice } from './account-notice'
import {
  MAX_PASSKEY_NAME,
  calledInMail,
  mayManage,
  managementStatement,
  PASSKEY_COLUMNS,
  passkeysStatement,
  readManagement,
  showPasskey,
} from './passkey'
import { requirePasskeys } from './passkey-errors'
import { addPasskey, beginPasskey } from './passkey-registration'
import { beginPasskeySignIn, signInWithPasskey } from './passkey-sign-in'
import { ADMITTED, livePersonStatement, readLivePerson, showSession } from './session'
import { shortLine } from './wording'
import type { OperationsOf } from './workshop'

function passkeyNotFound(): AppError {
  return new AppError({ ...authErrors.validation_failed, status: 404 }, { message: 'Passkey not found' })
}

export const passkeyOperations: OperationsOf<PasskeyOperations> = {
  beginPasskey,
  addPasskey,
  beginPasskeySignIn,

  async signInWithPasskey(workshop, context, challengeId, credential) {
    const { session, person } = await signInWithPasskey(workshop, context, challengeId, credential)
    return showSession(workshop, context, session, person)
  },

  async passkeys(workshop, caller) {
    requirePasskeys(workshop)
    const [found, passkeys] = await run(workshop.db, [livePersonStatement(caller), passkeysStatement(caller.userId)])
    readLivePerson(found!.results[0], workshop.now)
    return passkeys!.results.map(showPasskey)
  },

  async renamePasskey(workshop, context, caller, passkeyId, friendlyName) {
    requirePasskeys(workshop)
    const { db, now } = workshop
    const name = shortLine('friendly_name', friendlyName, MAX_PASSKEY_NAME)
    if (name === '') throw new AppError(authErrors.validation_failed, { message: 'friendly_name is required' })
    const [found, renamed] = await run(db, [
      livePersonStatement(caller),
      {
        sql: `update auth_passkeys as p set friendly_name = ? where p.id = ? and p.user_id = ?
          and exists (select 1 from auth_sessions s where s.id = ? and s.user_id = p.user_id and ${ADMITTED}) returning ${PASSKEY_COLUMNS.replaceAll('p.', '')}`,
        params: [name, passkeyId, caller.userId, caller.sessionId],
      },
      auditStatement({ ...context, now }, { action: 'passkey_updated', userId: caller.userId, details: { passkey: passkeyId } }, CHANGED),
    ])
    readLivePerson(found!.results[0], now)
    const row = renamed!.results[0]
    if (row === undefined) throw passkeyNotFound()
    return showPasskey(row)
  },

  async removePasskey(workshop, context, caller, passkeyId) {
    requirePasskeys(workshop)
    const { db, now } = workshop
    const may = mayManage(caller, now)
    const [found, managed, own] = await run(db, [
      livePersonStatement(caller),
      managementStatement(caller, now),
      { sql: 'select aaguid from auth_passkeys where id = ? and user_id = ?', params: [passkeyId, caller.userId] },
    ])
    const person = readLivePerson(found!.results[0], now)
    readManagement(person, managed!.results[0])
    const row = own!.results[0]
    if (row === undefined) throw passkeyNotFound()
    // Not by the name that somebody gave it: that could be anything.
    const name = calledInMail(typeof row['aaguid'] === 'string' ? row['aaguid'] : null)
    const [removed] = await run(db, [
      {
        sql: `delete from auth_passkeys where id = ? and user_id = ? and ${may.sql} returning id`,
        params: [passkeyId, caller.userId, ...may.params],
      },
      auditStatement({ ...context, now }, { action: 'passkey_deleted', userId: caller.userId, details: { passkey: passkeyId } }, CHANGED),
      // The entry above was written if something was removed.
      ...(await accountNotice(workshop, context, person, 'identity_unlinked', { provider: name }, CHANGED)),
    ])
    if (removed!.results.length === 0) throw passkeyNotFound()
    messagesCommitted(workshop)
    return null
  },

  async passkeysOf({ db }, userId) {
    const [person, passkeys] = await run(db, [
      { sql: 'select 1 from auth_users where id = ?', params: [userId] },
      passkeysStatement(userId),
    ])
    if (person!.results.length === 0) throw new AppError({ ...authErrors.user_not_found, status: 404 }, { message: 'User not found' })
    return passkeys!.results.map(showPasskey)
  },

  async removePasskeyOf({ db, now }, context, userId, passkeyId) {
    const [removed] = await run(db, [
      { sql: 'delete from auth_passkeys where id = ? and user_id = ? returning id', params: [passkeyId, userId] },
      auditStatement(
        { ...context, now },
        { action: 'passkey_deleted', userId, actor: 'service', details: { passkey: passkeyId } },
        CHANGED,
      ),
    ])
    if (removed!.results.length === 0) throw passkeyNotFound()
    return null
  },
}
