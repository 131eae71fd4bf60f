// WebAuthn's two ceremonies (W3C Web Authentication Level 3, §7): what an authenticator is asked for, and whether its answer is right.
// Who made an authenticator isn't asked, so what it says of that is left unread. Touches no database.
import { toBase64Url, utf8 } from '../core'
import type { AssertionAnswer, AttestationAnswer } from '../platform'
import type { RelyingParty } from './relying-party'

/** How long an answer may take. */
export const CEREMONY_MS = 5 * 60_000

/** COSE algorithms (RFC 9053), the best first: Ed25519, ECDSA with P-256, RSA PKCS#1. All phones have the second. */
const ALGORITHMS = [-8, -7, -257]
const CHALLENGE_BYTES = 32
/** Bytes of a credential's id at most (§4). */
const MAX_CREDENTIAL_ID = 1023

/** A credential as it is kept. */
export interface Credential {
  /** base64url. */
  readonly credentialId: string
  /** COSE key, base64url. */
  readonly publicKey: string
  readonly counter: number
}

export interface NewCredential extends Credential {
  readonly transports: readonly string[]
  /** The authenticator's model; null when it doesn't tell. */
  readonly aaguid: string | null
  readonly deviceType: 'singleDevice' | 'multiDevice'
  readonly backedUp: boolean
}

export interface Descriptor {
  readonly credentialId: string
  readonly transports: readonly string[]
}

/** What an answer is judged by. */
export interface Expected {
  readonly party: RelyingParty
  /** base64url. */
  readonly challenge: string
  /** Whether the person must have shown who they are (a finger, a PIN), not only that somebody is there. */
  readonly verified: boolean
}

export type Judged<T> =
  | { readonly ok: true; readonly value: T }
  /** Why, for the log and for developers. */
  | { readonly ok: false; readonly reason: string }

/** 256 random bits, base64url. */
export function newChallenge(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES)))
}

const describe = ({ credentialId, transports }: Descriptor) => ({
  type: 'public-key',
  id: credentialId,
  ...(transports.length === 0 ? {} : { transports }),
})

/** `PublicKeyCredentialCreationOptionsJSON` (§5.1.8). `handle` comes back with each answer of the credential. */
export function creationOptions(
  { party, challenge, verified }: Expected,
  user: { readonly handle: string; readonly name: string; readonly displayName: string },
  { discoverable, exclude }: { readonly discoverable: boolean; readonly exclude: readonly Descriptor[] },
): Record<string, unknown> {
  return {
    rp: { id: party.id, name: party.name },
    user: { id: toBase64Url(utf8(user.handle)), name: user.name, displayName: user.displayName },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: CEREMONY_MS,
    excludeCredentials: exclude.map(describe),
    authenticatorSelection: {
      residentKey: discoverable ? 'required' : 'discouraged',
      requireResidentKey: discoverable,
      userVerification: verified ? 'required' : 'preferred',
    },
    attestation: 'none',
  }
}

/** `PublicKeyCredentialRequestOptionsJSON` (§5.1.9); with nobody in `allow`, the person picks one of their passkeys. */
export function requestOptions({ party, challenge, verified }: Expected, allow: readonly Descriptor[]): Record<string, unknown> {
  return {
    challenge,
    timeout: CEREMONY_MS,
    rpId: party.id,
    ...(allow.length === 0 ? {} : { allowCredentials: allow.map(describe) }),
    userVerification: verified ? 'required' : 'preferred',
  }
}

/** Loaded by the first answer, so that an isolate which judges none doesn't pay for it. */
async function library() {
  const [
    { verifyAuthenticationResponse, verifyRegistrationResponse },
    { decodeAttestationObject, decodeClientDataJSON, isoBase64URL, isoCBOR },
  ] = await Promise.all([import('@simplewebauthn/server'), import('@simplewebauthn/server/helpers')])
  return { verifyAuthenticationResponse, verifyRegistrationResponse, decodeAttestationObject, decodeClientDataJSON, isoBase64URL, isoCBOR }
}

type Library = Awaited<ReturnType<typeof library>>

/** The attestation without its statement: certificates of whoever sends them are neither parsed nor followed to the addresses they name. */
function withoutStatement({ decodeAttestationObject, isoBase64URL, isoCBOR }: Library, attestationObject: string): string {
  const authData = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject)).get('authData')
  const bare = new Map<string, unknown>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', authData],
  ])
  return isoBase64URL.fromBuffer(isoCBOR.encode(bare as never))
}

/** The origin that a browser or a phone's system wrote into the answer. */
function claimedOrigin({ decodeClientDataJSON }: Library, clientData: string): string {
  const { origin, crossOrigin } = decodeClientDataJSON(clientData)
  if (crossOrigin === true) throw new Error('The answer comes from inside a page of somebody else.')
  return origin
}

async function judge<T>(ceremony: (library: Library) => Promise<T>): Promise<Judged<T>> {
  const loaded = await library()
  try {
    return { ok: true, value: await ceremony(loaded) }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

const NO_AAGUID = '00000000-0000-0000-0000-000000000000'

/** Judges the answer to `creationOptions` (§7.1). */
export function judgeAttestation(answer: AttestationAnswer, { party, challenge, verified }: Expected): Promise<Judged<NewCredential>> {
  return judge(async (loaded) => {
    const { clientDataJSON, attestationObject, transports = [] } = answer.response
    const { verified: right, registrationInfo } = await loaded.verifyRegistrationResponse({
      response: {
        ...answer,
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject: withoutStatement(loaded, attestationObject) },
      },
      expectedChallenge: challenge,
      expectedOrigin: party.originsFor(claimedOrigin(loaded, clientDataJSON)),
      expectedRPID: party.id,
      requireUserVerification: verified,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    if (!right) throw new Error('The attestation does not hold.')
    const { credential, aaguid, credentialDeviceType, credentialBackedUp } = registrationInfo
    if (credential.id !== answer.id) throw new Error('The answer names another credential than it attests.')
    if (loaded.isoBase64URL.toBuffer(credential.id).length > MAX_CREDENTIAL_ID) throw new Error('The id of the credential is too long.')
    return {
      credentialId: credential.id,
      publicKey: toBase64Url(credential.publicKey),
      counter: credential.counter,
      transports,
      aaguid: aaguid === NO_AAGUID ? null : aaguid,
      deviceType: credentialDeviceType,
      backedUp: credentialBackedUp,
    }
  })
}

/** Judges the answer to `requestOptions` by the credential that it names (§7.2). A counter that doesn't rise speaks of a copy, and is refused. */
export function judgeAssertion(
  answer: AssertionAnswer,
  credential: Credential,
  { party, challenge, verified }: Expected,
): Promise<Judged<{ readonly counter: number; readonly backedUp: boolean }>> {
  return judge(async (loaded) => {
    const { userHandle, ...response } = answer.response
    if (answer.id !== credential.credentialId) throw new Error('The answer names another credential.')
    const { verified: right, authenticationInfo } = await loaded.verifyAuthenticationResponse({
      response: { ...answer, clientExtensionResults: {}, response: { ...response, ...(userHandle === undefined ? {} : { userHandle }) } },
      expectedChallenge: challenge,
      expectedOrigin: party.originsFor(claimedOrigin(loaded, response.clientDataJSON)),
      expectedRPID: party.id,
      credential: {
        id: credential.credentialId,
        publicKey: loaded.isoBase64URL.toBuffer(credential.publicKey),
        counter: credential.counter,
      },
      requireUserVerification: verified,
    })
    if (!right) throw new Error('The signature does not match.')
    return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp }
  })
}
