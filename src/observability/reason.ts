// What is kept of why something failed, for whoever looks after it.
const MAX_LENGTH = 300

/** Anything that looks like a credential: of a header, of our own keys, of an address, or a long text without a meaning. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 …'],
  [/\b(?:sb_(?:secret|publishable)|whsec|sk|pk|rk)_[\w-]+/g, '…'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1…@'],
  [/(https?:\/\/[^\s?#"']*)\?[^\s#"']*/gi, '$1?…'],
  [/\b(password|passwd|secret|token|api[-_]?key|authorization)(["']?\s*[:=]\s*["']?)[^\s"',;&}]+/gi, '$1$2…'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '…'],
  [/[A-Za-z0-9+/_-]{40,}={0,2}/g, '…'],
]

/** One line that says why, never for a phone. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error)
  let clean = text.slice(0, 4_000)
  for (const [pattern, instead] of SECRETS) clean = clean.replace(pattern, instead)
  return clean.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_LENGTH) || 'It failed without a word.'
}
