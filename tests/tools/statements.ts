// Cuts a text into SQL statements as D1's HTTP API does before it runs them as one batch. Knows quotes, comments and triggers.

/** Non-empty statements, in order. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = []
  let start = 0
  const end = (at: number) => {
    const statement = sql.slice(start, at).trim()
    if (statement.replaceAll(/--.*|\/\*[\s\S]*?\*\//g, '').trim() !== '') statements.push(statement)
    start = at + 1
  }
  const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--.*|\/\*[\s\S]*?\*\/|;/g
  for (const match of sql.matchAll(token)) {
    if (match[0] !== ';') continue
    const statement = sql.slice(start, match.index)
    const isTrigger = /^(?:\s|--.*\n)*CREATE\s+(?:TEMP\w*\s+)?TRIGGER\b/i.test(statement)
    if (!isTrigger || /\bEND\s*$/i.test(statement)) end(match.index)
  }
  end(sql.length)
  return statements
}
