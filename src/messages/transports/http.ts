// One request to a provider, and what its answer means for the job.
import { DeliveryError } from '../errors'

const TIMEOUT_MS = 10_000

/** Names of errors that providers give: nothing else of an answer is repeated, because it may repeat the message. */
const NAME = /^[\w.-]{1,60}$/

export interface ProviderAnswer {
  readonly status: number
  readonly retryAfter: number | null
  readonly body: Readonly<Record<string, unknown>>
}

/** Posts. Never follows a redirect, which would carry the credentials elsewhere. Throws `DeliveryError` when nobody answers. */
export async function post(
  provider: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<ProviderAnswer> {
  let answer: Response
  try {
    answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    throw new DeliveryError(`${provider} did not answer: ${error instanceof Error ? error.name : 'unknown'}.`)
  }
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
  const text = (await answer.text().catch(() => '')).slice(0, 20_000)
  let parsed: unknown = null
  try {
    parsed = JSON.parse(text)
  } catch {
    // A proxy's page, perhaps; the status says enough.
  }
  return {
    status: answer.status,
    retryAfter: Number.isFinite(seconds) && seconds >= 0 ? Math.min(Math.ceil(seconds), 3600) : null,
    body: typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {},
  }
}

/** What a refusal means: an overload passes, a wrong key is the operator's to mend meanwhile, a message that isn't liked never will be. */
export function refused(provider: string, { status, retryAfter }: ProviderAnswer, name: unknown): DeliveryError {
  const named = (typeof name === 'string' || typeof name === 'number') && NAME.test(String(name)) ? ` (${name})` : ''
  const message = `${provider} answered ${status}${named}.`
  if (status === 429) return new DeliveryError(message, retryAfter)
  if (status >= 400 && status < 500 && ![401, 403, 408, 409, 425].includes(status)) return new DeliveryError(message, 'never')
  return new DeliveryError(message, status === 503 ? retryAfter : null)
}
