// The address that was read, for caches: in a fixed order, and without a key that stood in it.

/** Clients hold 16 KB of headers in all; an address that long is left out. */
export const MAX_ADDRESS = 2_000

/** `Content-Location` of `path`, such as `/trips`, asked with this query string; nothing when it is too long. */
export function contentLocation(path: string, search: string): Record<string, string> {
  const sorted = search
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('apikey='))
    .toSorted()
  const address = `${path}${sorted.length > 0 ? `?${sorted.join('&')}` : ''}`
  return address.length > MAX_ADDRESS ? {} : { 'content-location': address }
}
