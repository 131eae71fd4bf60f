// What operators ask of sign-in as a whole.
import type { InstallationOperations } from '../platform'
import { auditStatement } from './audit'
import { importPeople } from './import-people'
import { describeKeys, loadSigningKeys, rotateSigningKey } from './signing-keys'
import type { OperationsOf } from './workshop'

export const installationOperations: OperationsOf<InstallationOperations> = {
  signingKeys: async ({ keys, db, now }) => describeKeys(await loadSigningKeys(keys, db, now), now),

  async rotateSigningKey({ keys, db, now }, context) {
    const entry = auditStatement({ ...context, now }, { action: 'signing_key_rotated', userId: null, actor: 'service' })
    return describeKeys(await rotateSigningKey(keys, db, now, [entry]), now)
  },

  importPeople,
}
