// Which of several languages a message is written in: de-CH, de, the app's own, English. Pure.

/** The tags that may stand for one, the nearest first (RFC 4647 §3.4). */
function lookup(tag: string): string[] {
  const parts = tag.toLowerCase().split('-')
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('-'))
}

/** One of `there`, which isn't empty. */
export function chooseLanguage(wanted: string, appLocale: string | undefined, there: readonly string[]): string {
  const known = new Map(there.map((tag) => [tag.toLowerCase(), tag]))
  const found = [...lookup(wanted), ...(appLocale === undefined ? [] : lookup(appLocale)), 'en'].find((tag) => known.has(tag))
  return found === undefined ? there[0]! : known.get(found)!
}
