// A person's devices, and that whoever asks is human.
import type { DeviceOperations } from '../platform'
import { endSession, listSessions } from './devices'
import { proveHuman } from './human'
import { knowsAddress } from './known-address'
import type { OperationsOf } from './workshop'

export const deviceOperations: OperationsOf<DeviceOperations> = {
  sessions: listSessions,

  async endSession(workshop, context, caller, sessionId) {
    await endSession(workshop, context, caller, sessionId)
    return null
  },

  knowsAddress,

  async proveHuman(workshop, context, token) {
    await proveHuman(workshop, context, token)
    return null
  },
}
