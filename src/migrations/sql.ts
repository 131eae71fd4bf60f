// SQL text from names and values. Identifiers stand in backticks only: SQLite reads a double-quoted unknown name as a string.

/** A name in backticks. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** Names in backticks, with commas. */
export function identifiers(names: readonly string[]): string {
  return names.map(identifier).join(', ')
}

/** Joins terms as a balanced tree, because D1 refuses an expression deeper than 100. `empty` stands for no terms. */
export function balanced(operator: string, terms: readonly string[], empty: string): string {
  if (terms.length === 0) return empty
  if (terms.length === 1) return terms[0]!
  const middle = terms.length >> 1
  return `(${balanced(operator, terms.slice(0, middle), empty)} ${operator} ${balanced(operator, terms.slice(middle), empty)})`
}

/** A name inside SQL text, exchanged for another: `\`old\`` becomes `\`new\``. */
export function renameIn(sql: string, from: string, to: string): string {
  return sql.replaceAll(identifier(from), identifier(to))
}

/** A statement that fails, and undoes the whole migration, unless `condition` holds. The error reads `PERIGEE|code|table|n`. */
export function assertion(condition: string, code: string, table: string): string {
  return `SELECT iif(${condition}, 0, json_extract('{}', ${text(`PERIGEE|${code}|${table}|0`)}))`
}
