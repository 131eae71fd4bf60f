// All keys of an installation, derived from one root secret by HKDF (RFC 5869). Stores nothing; runs in Node and in the Worker alike.
import { AppError, equalConstantTime, fromBase64Url, toBase64Url, utf8, type Role } from '../core'
import { platformErrors } from './errors'

/** Stands in every derivation, so that another scheme can be introduced beside this one. */
const VERSION = 'v1'
const MIN_ROOT_BYTES = 32
/** Legacy API keys are shipped inside apps and must come out the same every time, so their dates are fixed: 2026-01-01 and 2100-01-01. */
const LEGACY_ISSUED_AT = 1_767_225_600
const LEGACY_EXPIRES_AT = 4_102_444_800
const IV_BYTES = 12

/** The keys that apps and operators hold. */
export interface ApiKeys {
  /** `sb_publishable_…`: identifies an app, may be published. */
  readonly publishableKey: string
  /** `sb_secret_…`: passes every policy, for servers only. */
  readonly secretKey: string
  /** The publishable key in the form of an HS256 JWT with the role `anon`, for older SDKs. */
  readonly anonJwt: string
  /** The secret key in the form of an HS256 JWT with the role `service_role`. */
  readonly serviceRoleJwt: string
}

export interface Keys {
  readonly api: ApiKeys
  /** The role an API key stands for; null when it is none of ours. Secret ones are compared in constant time. */
  roleOfApiKey(text: string): Exclude<Role, 'authenticated'> | null
  /** Encrypts with AES-256-GCM. What is sealed for one `purpose` opens for no other. */
  seal(text: string, purpose: string): Promise<string>
  /** Throws `root_key_changed` when it wasn't sealed with this key for this purpose. */
  unseal(sealed: string, purpose: string): Promise<string>
  /** HMAC-SHA-256 under the refresh-token key, 32 bytes. */
  refreshMac(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
  /** HMAC-SHA-256 under the key of codes that people type, 32 bytes: a leaked database must not give them away. */
  codeMac(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
  /** HMAC-SHA-256 under the key of what devices show of themselves, 32 bytes; see auth/device-key.ts. */
  deviceMac(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
  /** For HMACs of what a phone carries to show that its session lived a moment ago; see bookmarks.ts. */
  readonly liveness: Uint8Array
}

type Derive = (purpose: string, bytes: number) => Promise<Uint8Array<ArrayBuffer>>

async function openRoot(rootKey: string | undefined): Promise<Derive> {
  const bytes = rootKey === undefined ? null : fromBase64Url(rootKey.trim())
  if (bytes === null || bytes.length < MIN_ROOT_BYTES) {
    const what = rootKey === undefined || rootKey.trim() === '' ? 'missing' : `not ${MIN_ROOT_BYTES} bytes or more in base64url`
    throw new AppError(platformErrors.root_key_missing, {
      message: `PERIGEE_ROOT_KEY is ${what}. \`npm run dev\` makes one locally; deployed, set it with \`npx wrangler secret put PERIGEE_ROOT_KEY\`.`,
    })
  }
  const root = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits'])
  return async (purpose, length) => {
    const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: utf8('perigee'), info: utf8(`perigee/${VERSION}/${purpose}`) }
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, root, length * 8))
  }
}

async function legacyJwt(key: CryptoKey, role: 'anon' | 'service_role'): Promise<string> {
  const header = toBase64Url(utf8(JSON.stringify({ alg: 'HS256', typ: 'JWT' })))
  const payload = toBase64Url(utf8(JSON.stringify({ iss: 'perigee', role, iat: LEGACY_ISSUED_AT, exp: LEGACY_EXPIRES_AT })))
  const signature = await crypto.subtle.sign('HMAC', key, utf8(`${header}.${payload}`))
  return `${header}.${payload}.${toBase64Url(new Uint8Array(signature))}`
}

function importHmac(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

async function apiKeysFrom(derive: Derive): Promise<ApiKeys> {
  const legacy = await importHmac(await derive('legacy-jwt', 32))
  return {
    publishableKey: `sb_publishable_${toBase64Url(await derive('publishable-key', 24))}`,
    secretKey: `sb_secret_${toBase64Url(await derive('secret-key', 32))}`,
    anonJwt: await legacyJwt(legacy, 'anon'),
    serviceRoleJwt: await legacyJwt(legacy, 'service_role'),
  }
}

/** The API keys of a root key (32 bytes or more, base64url); always the same ones. Errors: `root_key_missing`. */
export async function deriveApiKeys(rootKey: string): Promise<ApiKeys> {
  return apiKeysFrom(await openRoot(rootKey))
}

/** Derives everything. Errors: `root_key_missing`. */
export async function deriveKeys(rootKey: string | undefined): Promise<Keys> {
  const derive = await openRoot(rootKey)
  const api = await apiKeysFrom(derive)
  const sealing = await crypto.subtle.importKey('raw', await derive('sealing', 32), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const refresh = await importHmac(await derive('refresh-token', 32))
  const codes = await importHmac(await derive('one-time-codes', 32))
  const devices = await importHmac(await derive('devices', 32))
  const liveness = await derive('liveness', 32)
  const secret = utf8(api.secretKey)
  const serviceRole = utf8(api.serviceRoleJwt)

  return {
    api,
    liveness,
    roleOfApiKey(text) {
      if (text === api.publishableKey || text === api.anonJwt) return 'anon'
      // Nobody's token has these lengths by chance, and a length tells nobody anything.
      if (text.length !== secret.length && text.length !== serviceRole.length) return null
      const bytes = utf8(text)
      return equalConstantTime(secret, bytes) || equalConstantTime(serviceRole, bytes) ? 'service_role' : null
    },
    async seal(text, purpose) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(purpose) }, sealing, utf8(text))
      return `${VERSION}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`
    },
    async unseal(sealed, purpose) {
      const [version, iv, body] = sealed.split('.')
      const ivBytes = fromBase64Url(iv ?? '')
      const bodyBytes = fromBase64Url(body ?? '')
      try {
        if (version !== VERSION || ivBytes?.length !== IV_BYTES || bodyBytes === null) throw new Error('Not a sealed value.')
        const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: ivBytes, additionalData: utf8(purpose) }, sealing, bodyBytes)
        return new TextDecoder().decode(opened)
      } catch (cause) {
        throw new AppError(platformErrors.root_key_changed, { cause })
      }
    },
    async refreshMac(message) {
      return new Uint8Array(await crypto.subtle.sign('HMAC', refresh, message))
    },
    async deviceMac(message) {
      return new Uint8Array(await crypto.subtle.sign('HMAC', devices, message))
    },
    async codeMac(message) {
      return new Uint8Array(await crypto.subtle.sign('HMAC', codes, message))
    },
  }
}

// Values, not promises: a promise that another request began may never settle for this one.
const derived = new Map<string, Keys>()

/** The same without deriving; null when nobody has asked for them yet. */
export function knownKeys(env: { readonly PERIGEE_ROOT_KEY?: string }): Keys | null {
  return derived.get(env.PERIGEE_ROOT_KEY ?? '') ?? null
}

/** The keys of this installation, derived once an isolate. Errors: `root_key_missing`. */
export async function keysOf(env: { readonly PERIGEE_ROOT_KEY?: string }): Promise<Keys> {
  const rootKey = env.PERIGEE_ROOT_KEY ?? ''
  const known = derived.get(rootKey)
  if (known !== undefined) return known
  const keys = await deriveKeys(env.PERIGEE_ROOT_KEY)
  // Another request may have been faster; everybody must hold the same object, caches hang on it.
  const first = derived.get(rootKey) ?? keys
  derived.set(rootKey, first)
  return first
}
