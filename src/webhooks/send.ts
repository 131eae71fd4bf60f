// One attempt: a POST whose redirects are not followed, with a time limit over all of it, and an answer of which little is read.
import { retryAfter } from './schedule'
import { signedHeaders, type EndpointSecret } from './secret'

/** Milliseconds for connecting, sending and the whole answer. */
export const TIMEOUT_MS = 20_000
/** Of an answer no more is read: it tells nothing but its status. */
const MAX_ANSWER_BYTES = 65_536

/** Why an attempt failed: in the deliveries' list, never with a word of the receiver's own. */
export type FailureReason = 'unsent' | 'status' | 'redirect' | 'gone' | 'timeout' | 'connection' | 'broken_answer' | 'address'

export type Attempt =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly status: number | null; readonly reason: FailureReason; readonly retryAfterMs: number | null }

export interface Message {
  readonly id: string
  readonly body: string
}

/** Sends it. Throws nothing: what goes wrong is an attempt that failed. Only a 2xx whose answer came to its end is success. */
export async function send(
  url: URL,
  message: Message,
  secrets: readonly EndpointSecret[],
  options: { readonly now: number; readonly fetch: typeof fetch; readonly timeoutMs: number },
): Promise<Attempt> {
  const signed = await signedHeaders(message.id, options.now, message.body, secrets)
  const fetcher = options.fetch
  let status: number | null = null
  try {
    const answer = await fetcher(url.href, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Perigee-Webhooks/1', accept: '*/*', ...signed },
      body: message.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutMs),
    })
    status = answer.status
    if (answer.ok) {
      await drain(answer)
      return { ok: true, status }
    }
    // Whatever else it says, it isn't waited for.
    void answer.body?.cancel().catch(() => undefined)
    const wait = retryAfter(answer.headers.get('retry-after'), options.now)
    return { ok: false, status, reason: reasonOf(status), retryAfterMs: wait }
  } catch (error) {
    // This invocation may call nobody any more: the receiver is not to blame, and another one sends it.
    if (error instanceof Error && /too many subrequests/i.test(error.message))
      return { ok: false, status: null, reason: 'unsent', retryAfterMs: null }
    const timeout = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
    return { ok: false, status, reason: timeout ? 'timeout' : status === null ? 'connection' : 'broken_answer', retryAfterMs: null }
  }
}

function reasonOf(status: number): FailureReason {
  if (status === 410) return 'gone'
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}

/** Reads to the end, or as far as anybody needs to. Throws when the answer breaks off. */
async function drain(answer: Response): Promise<void> {
  if (answer.body === null) return
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  for (let bytes = 0; bytes <= MAX_ANSWER_BYTES;) {
    const { done, value } = await reader.read()
    if (done) return
    bytes += value.byteLength
  }
  await reader.cancel()
}
