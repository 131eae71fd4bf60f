// An authenticator in software: keys on P-256, answers as a phone's would be (W3C Web Authentication Level 3, §6), and the lies that a test asks for.
import { toBase64Url, utf8 } from '../../src/core'

type Cbor = number | string | Uint8Array | Map<Cbor, Cbor>

/** CBOR (RFC 8949), as far as an authenticator writes it. */
function cbor(value: Cbor): number[] {
  const head = (major: number, n: number): number[] => {
    if (n < 24) return [(major << 5) | n]
    return n < 256 ? [(major << 5) | 24, n] : [(major << 5) | 25, n >> 8, n & 0xff]
  }
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return [...head(3, utf8(value).length), ...utf8(value)]
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value]
  return [...head(5, value.size), ...[...value].flatMap(([key, member]) => [...cbor(key), ...cbor(member)])]
}

/** ASN.1 of an ECDSA signature: the authenticator's form, where WebCrypto gives `r` and `s` side by side. */
function der(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const integer = (bytes: Uint8Array) => {
    const digits = [...bytes]
    while (digits.length > 1 && digits[0] === 0) digits.shift()
    const positive = digits[0]! >= 0x80 ? [0, ...digits] : digits
    return [2, positive.length, ...positive]
  }
  const body = [...integer(raw.subarray(0, 32)), ...integer(raw.subarray(32))]
  return Uint8Array.from([0x30, body.length, ...body])
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** What a test wants to be wrong. */
export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  /** Another's id, or one that fits nothing. */
  readonly id?: string
  readonly userHandle?: string | null
  /** Whether somebody was there, and whether they showed who they are. */
  readonly present?: boolean
  readonly verified?: boolean
  readonly counter?: number
  readonly crossOrigin?: boolean
  /** Signs with a key that nobody knows. */
  readonly foreignKey?: boolean
  /** Changes what was signed, after it was signed. */
  readonly tamper?: 'authenticatorData' | 'clientDataJSON' | 'signature'
  /** Statement of the attestation; `none` has none. */
  readonly format?: string
  readonly alg?: number
}

export interface CreationOptions {
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string }
  readonly challenge: string
}

export interface RequestOptions {
  readonly rpId: string
  readonly challenge: string
}

const flip = (text: string) => `${text.slice(0, -4)}${text.at(-4) === 'A' ? 'B' : 'A'}${text.slice(-3)}`

/** One credential on one device. */
export class Authenticator {
  #counter: number
  readonly #keys: CryptoKeyPair
  readonly #foreign: CryptoKeyPair
  readonly credentialId: string
  #userHandle = ''

  private constructor(keys: CryptoKeyPair, foreign: CryptoKeyPair, counter: number) {
    this.#keys = keys
    this.#foreign = foreign
    this.#counter = counter
    this.credentialId = toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
  }

  /** `counts` as security keys do; passkeys that are synced stay at zero. */
  static async make({ counts = false } = {}): Promise<Authenticator> {
    const generate = () =>
      crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
    return new Authenticator(await generate(), await generate(), counts ? 1 : 0)
  }

  get userHandle(): string {
    return this.#userHandle
  }

  #clientData(type: string, challenge: string, origin: string, lies: Lies): Uint8Array<ArrayBuffer> {
    return utf8(
      JSON.stringify({
        type: lies.type ?? type,
        challenge: lies.challenge ?? challenge,
        origin: lies.origin ?? origin,
        crossOrigin: lies.crossOrigin ?? false,
      }),
    )
  }

  async #authenticatorData(rpId: string, attested: readonly number[] | null, lies: Lies): Promise<Uint8Array<ArrayBuffer>> {
    const { present = true, verified = true, counter = this.#counter } = lies
    const synced = this.#counter === 0 ? 0x18 : 0
    const flags = (present ? 0x01 : 0) | (verified ? 0x04 : 0) | synced | (attested === null ? 0 : 0x40)
    const count = [24, 16, 8, 0].map((shift) => (counter >>> shift) & 0xff)
    return Uint8Array.from([...(await sha256(utf8(lies.rpId ?? rpId))), flags, ...count, ...(attested ?? [])])
  }

  /** `navigator.credentials.create()`. */
  async create(options: CreationOptions, origin: string, lies: Lies = {}): Promise<Record<string, unknown>> {
    this.#userHandle = options.user.id
    const jwk = (await crypto.subtle.exportKey('jwk', this.#keys.publicKey)) as JsonWebKey
    const bytes = (text = '') => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
    const key = new Map<Cbor, Cbor>([
      [1, 2],
      [3, lies.alg ?? -7],
      [-1, 1],
      [-2, bytes(jwk.x)],
      [-3, bytes(jwk.y)],
    ])
    const id = bytes(this.credentialId)
    const attested = [...new Uint8Array(16), id.length >> 8, id.length & 0xff, ...id, ...cbor(key)]
    const authData = await this.#authenticatorData(options.rp.id, attested, lies)
    const attestation = new Map<Cbor, Cbor>([
      ['fmt', lies.format ?? 'none'],
      ['attStmt', new Map(lies.format === undefined ? [] : [['x5c', 'a certificate of nobody']])],
      ['authData', authData],
    ])
    return {
      id: lies.id ?? this.credentialId,
      rawId: lies.id ?? this.credentialId,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
      response: {
        clientDataJSON: toBase64Url(this.#clientData('webauthn.create', options.challenge, origin, lies)),
        attestationObject: toBase64Url(Uint8Array.from(cbor(attestation))),
        transports: ['internal', 'hybrid'],
      },
    }
  }

  /** `navigator.credentials.get()`. */
  async get(options: RequestOptions, origin: string, lies: Lies = {}): Promise<Record<string, unknown>> {
    if (this.#counter > 0) this.#counter++
    const authData = await this.#authenticatorData(options.rpId, null, lies)
    const clientData = this.#clientData('webauthn.get', options.challenge, origin, lies)
    const { privateKey } = lies.foreignKey ? this.#foreign : this.#keys
    const signed = Uint8Array.from([...authData, ...(await sha256(clientData))])
    const signature = der(new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, signed)))
    const response: Record<string, unknown> = {
      clientDataJSON: toBase64Url(clientData),
      authenticatorData: toBase64Url(authData),
      signature: toBase64Url(signature),
      ...(lies.userHandle === null ? {} : { userHandle: lies.userHandle ?? this.#userHandle }),
    }
    if (lies.tamper) response[lies.tamper] = flip(String(response[lies.tamper]))
    return {
      id: lies.id ?? this.credentialId,
      rawId: lies.id ?? this.credentialId,
      type: 'public-key',
      clientExtensionResults: {},
      response,
    }
  }
}
