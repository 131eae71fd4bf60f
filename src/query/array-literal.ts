// Reads Postgres' text for arrays: `{a,"b c",NULL}`, nested ones too. Its elements have no type; whoever asks gives them one.

/** An element's text, NULL, or an array in the array. */
export type ArrayItem = string | null | readonly ArrayItem[]

/** So many braces may stand inside one another. */
const MAX_NESTING = 50

interface Reader {
  readonly text: string
  at: number
}

/** The elements; null when `text` isn't an array literal. */
export function parseArrayLiteral(text: string): readonly ArrayItem[] | null {
  const reader: Reader = { text: text.trim(), at: 0 }
  const items = array(reader, 1)
  return items !== null && reader.at === reader.text.length ? items : null
}

/** The same of an array of one dimension; null also when others stand in it. */
export function parseFlatArrayLiteral(text: string): readonly (string | null)[] | null {
  const items = parseArrayLiteral(text)
  return items !== null && items.every((item) => item === null || typeof item === 'string') ? items : null
}

function matched(reader: Reader, pattern: RegExp): string | null {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0] ?? null
  if (found !== null) reader.at += found.length
  return found
}

function array(reader: Reader, depth: number): ArrayItem[] | null {
  if (depth > MAX_NESTING || matched(reader, /\{\s*/uy) === null) return null
  const items: ArrayItem[] = []
  if (matched(reader, /\}/uy) !== null) return items
  for (;;) {
    const item = element(reader, depth)
    if (item === undefined) return null
    items.push(item)
    matched(reader, /\s+/uy)
    if (matched(reader, /\}/uy) !== null) return items
    if (matched(reader, /,\s*/uy) === null) return null
  }
}

const unescaped = (text: string): string => text.replace(/\\(.)/gsu, '$1')

/** Undefined when there is none. */
function element(reader: Reader, depth: number): ArrayItem | undefined {
  if (reader.text[reader.at] === '{') return array(reader, depth + 1) ?? undefined
  const quoted = matched(reader, /"(?:[^"\\]|\\.)*"/suy)
  if (quoted !== null) return unescaped(quoted.slice(1, -1))
  const raw = matched(reader, /(?:[^,\\"{}]|\\.)+/suy)?.trim() ?? ''
  if (raw === '') return undefined
  return raw.toUpperCase() === 'NULL' ? null : unescaped(raw)
}
