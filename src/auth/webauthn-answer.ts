// What authenticators answer, as JSON of WebAuthn (W3C Web Authentication Level 3, §5.1): as much of it as is read.
import * as z from 'zod'

/** As long as any answer is, with room to spare. */
const bytes = z.string().max(64 * 1024)
/** Base64url of 1023 bytes, the longest that a credential's id may be. */
const credentialId = z.string().min(1).max(1364)
const answer = <Response extends z.ZodType>(response: Response) =>
  z.object({ id: credentialId, rawId: credentialId, type: z.literal('public-key'), response })

/** `RegistrationResponseJSON`. */
export const attestationAnswer = answer(
  z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    transports: z.array(z.string().max(40)).max(10).optional().catch(undefined),
  }),
)

/** `AuthenticationResponseJSON`. */
export const assertionAnswer = answer(
  z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    userHandle: bytes.nullish().transform((handle) => handle ?? undefined),
  }),
)
