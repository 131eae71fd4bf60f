// All that the service answers, family by family; what a method does is in the file of its name.
import type { AuthenticationService } from '../platform'
import { administrationOperations } from './administration-operations'
import { deviceOperations } from './device-operations'
import { mailOperations } from './mail-operations'
import { phoneOperations } from './phone-operations'
import { installationOperations } from './installation-operations'
import { providerOperations } from './provider-operations'
import { factorOperations } from './factor-operations'
import { passkeyOperations } from './passkey-operations'
import { sessionOperations } from './session-operations'
import type { OperationsOf } from './workshop'

export const OPERATIONS: OperationsOf<AuthenticationService> = {
  ...sessionOperations,
  ...passkeyOperations,
  ...deviceOperations,
  ...installationOperations,
  ...providerOperations,
  ...factorOperations,
  ...phoneOperations,
  ...administrationOperations,
  ...mailOperations,
}
