// What administrators and people who leave ask, as the service answers it.
import type { AdministrationOperations } from '../platform'
import { changePerson, createPerson } from './administered-person'
import { deleteOwn, deletePerson, endSessions } from './delete-person'
import { exportOwn } from './export-person'
import { generateLink, invite } from './generated-link'
import { auditLog, listPeople, personById } from './people'
import { showPerson } from './person'
import { changeRoles, rolesOf } from './role'
import type { OperationsOf } from './workshop'

export const administrationOperations: OperationsOf<AdministrationOperations> = {
  people: listPeople,
  personById: async (workshop, userId) => showPerson(await personById(workshop, userId)),
  createPerson: async (workshop, context, given) => showPerson(await createPerson(workshop, context, given)),
  changePerson: async (workshop, context, userId, given) => showPerson(await changePerson(workshop, context, userId, given)),
  async deletePerson(workshop, context, userId, soft) {
    await deletePerson(workshop, context, userId, soft)
    return null
  },
  async endSessions(workshop, context, userId) {
    await endSessions(workshop, context, userId)
    return null
  },
  roles: rolesOf,
  changeRoles,
  generateLink,
  invite: async (workshop, context, email, data) => showPerson(await invite(workshop, context, email, data)),
  auditLog,
  async deleteOwn(workshop, context, caller, nonce) {
    await deleteOwn(workshop, context, caller, nonce)
    return null
  },
  exportOwn,
}
