// As much of a browser as auth-js asks of one for WebAuthn, around an authenticator in software.
import type { Authenticator } from '../../auth/authenticator'

/** Where the page is that asks. */
export const ORIGIN = 'http://localhost'

/** What `navigator.credentials` answers: whatever the authenticator says, as an object that writes itself as JSON. */
class Credential {
  readonly #json: Record<string, unknown>
  readonly id: unknown

  constructor(json: Record<string, unknown>) {
    this.#json = json
    this.id = json['id']
  }

  toJSON(): Record<string, unknown> {
    return this.#json
  }
}

const text = (bytes: ArrayBuffer | Uint8Array) =>
  Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toString('base64url')

interface Wanted {
  readonly publicKey: {
    readonly challenge: ArrayBuffer
    readonly rp: { readonly id: string }
    readonly user: { readonly id: ArrayBuffer }
    readonly rpId: string
  }
}

/** The credentials of one device, as `navigator.credentials` offers them. */
export function credentialsOf(device: Authenticator) {
  return {
    async create({ publicKey: { challenge, rp, user } }: Wanted) {
      return new Credential(await device.create({ challenge: text(challenge), rp, user: { id: text(user.id) } }, ORIGIN))
    },
    async get({ publicKey: { challenge, rpId } }: Wanted) {
      return new Credential(await device.get({ challenge: text(challenge), rpId }, ORIGIN))
    },
  }
}

/** Runs something as if in a browser that has the device. */
export async function inBrowser<T>(device: Authenticator, work: () => Promise<T>): Promise<T> {
  const globals = { window: { PublicKeyCredential: Credential, location: new URL(ORIGIN) }, document: {}, PublicKeyCredential: Credential }
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.assign(globalThis, globals)
  Object.defineProperty(globalThis, 'navigator', { value: { credentials: credentialsOf(device) }, configurable: true })
  try {
    return await work()
  } finally {
    for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name)
    if (before) Object.defineProperty(globalThis, 'navigator', before)
  }
}
