// Reads the DDL that SQLite keeps in sqlite_master, just well enough to compare it: what was altered or renamed has other
// quotes, spaces and order than what was made at once.

/** A CREATE TABLE taken apart; texts are normalized. */
export interface ParsedTable {
  /** By lower-case name: the definition without the name. */
  readonly columns: ReadonlyMap<string, string>
  readonly constraints: ReadonlySet<string>
  readonly strict: boolean
}

interface Token {
  readonly text: string
  readonly quoted: boolean
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|`(?:[^`]|``)*`|"(?:[^"]|"")*"|\[[^\]]*\]|[\w$\u0080-\uffff]+(?:\.\d+)?|\|\||[<>!=]=|<>|->>?|\S/g

function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  for (const [match] of sql.matchAll(TOKEN)) {
    const first = match[0]!
    if (match.startsWith('--') || match.startsWith('/*')) continue
    if (first === '`' || first === '"')
      tokens.push({
        text: match
          .slice(1, -1)
          .replaceAll(first + first, first)
          .toLowerCase(),
        quoted: true,
      })
    else if (first === '[') tokens.push({ text: match.slice(1, -1).toLowerCase(), quoted: true })
    else tokens.push({ text: first === "'" ? match : match.toLowerCase(), quoted: false })
  }
  return tokens
}

const join = (tokens: readonly Token[]) => tokens.map((token) => token.text).join(' ')

/** One form for all spellings of a statement. */
export function normalize(sql: string): string {
  return join(tokenize(sql)).replace(/ if not exists /, ' ')
}

/** Null when the text is no plain CREATE TABLE (a virtual table, CREATE TABLE AS). */
export function parseTable(sql: string): ParsedTable | null {
  const tokens = tokenize(sql)
  const open = tokens.findIndex((token) => !token.quoted && token.text === '(')
  if (open < 0 || tokens[0]?.text !== 'create' || tokens[1]?.text !== 'table') return null
  const parts: Token[][] = [[]]
  let depth = 0
  let end = open
  for (; end < tokens.length; end++) {
    const token = tokens[end]!
    const symbol = token.quoted ? '' : token.text
    if (symbol === '(' && depth++ === 0) continue
    if (symbol === ')' && --depth === 0) break
    if (symbol === ',' && depth === 1) parts.push([])
    else parts.at(-1)!.push(token)
  }
  const columns = new Map<string, string>()
  const constraints = new Set<string>()
  for (const part of parts) {
    const first = part[0]
    if (!first) continue
    if (!first.quoted && /^(constraint|primary|unique|check|foreign)$/.test(first.text)) constraints.add(join(part))
    else columns.set(first.text, join(withoutNames(part.slice(1))))
  }
  return { columns, constraints, strict: tokens.slice(end).some((token) => token.text === 'strict') }
}

/** A column's constraints keep the names they were made with when the column is renamed; the names mean nothing. */
function withoutNames(tokens: readonly Token[]): Token[] {
  const isName = (i: number) => i >= 0 && !tokens[i]!.quoted && tokens[i]!.text === 'constraint'
  return tokens.filter((_, i) => !isName(i) && !isName(i - 1))
}
