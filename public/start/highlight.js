// Colours TypeScript and SQL, and breaks a line of SQL where a person would. Makes elements, never markup from text.

const TOKEN =
  /(--[^\n]*|\/\/[^\n]*|\/\*[^*]*\*\/)|('(?:[^'\\]|''|\\.)*')|("(?:[^"]|"")*"|`[^`]*`)|(\b\d+(?:\.\d+)?\b)|([A-Za-z_$][\w$]*)|(\s+)|([\s\S])/g

const KEYWORDS = {
  sql: new Set(
    'select from where and or not in is null exists as join left inner on order by limit offset union all with insert into values update set delete returning case when then else end iif do nothing conflict distinct asc desc recursive materialized cross having group using excluded'.split(
      ' ',
    ),
  ),
  code: new Set(
    'import from const let await val var final func try suspend async return new void for in if else export default'.split(' '),
  ),
}

/** Fills `element` with `text`, each token in a span of its kind. `language` is `sql` or `code`. */
export function highlight(element, text, language) {
  const keywords = KEYWORDS[language]
  const fragment = document.createDocumentFragment()
  for (const [token, comment, string, name, number, word] of text.matchAll(TOKEN)) {
    const kind = comment
      ? 'comment'
      : string || (language === 'code' && name)
        ? 'string'
        : number
          ? 'number'
          : word && keywords.has(language === 'sql' ? word.toLowerCase() : word)
            ? 'keyword'
            : word && language === 'code' && /^(?:or|and|eq|ne|exists|not|inArray|isNull|isNotNull|gt|gte|lt|lte|like)$/.test(word)
              ? 'operator'
              : null
    if (kind === null) fragment.append(token)
    else {
      const span = document.createElement('span')
      span.className = `t-${kind}`
      span.textContent = token
      fragment.append(span)
    }
  }
  element.replaceChildren(fragment)
}

const BREAK_BEFORE = new Set([
  'from',
  'where',
  'order',
  'limit',
  'union',
  'returning',
  'values',
  'set',
  'left',
  'inner',
  'cross',
  'join',
  'on',
  'group',
  'having',
])
const JOINS_ON = new Set(['left', 'inner', 'cross'])

const COLUMN = String.raw`(?:\`\w+\`\.)?\`\w+\``
const COLUMN_LIST = new RegExp(`${COLUMN}(?:, ${COLUMN}){5,}`, 'g')

/** The same statement with long lists of bare columns as a comment that counts them. */
export function foldColumns(sql) {
  return sql.replaceAll(COLUMN_LIST, (list) => `/* ${list.split(', ').length} columns */`)
}

/**
 * Which lines of a laid-out statement decide by the policy of `table`: its WHERE wherever the table is read or changed, and the check
 * that raises when a written row isn't allowed. Answers a list of booleans, one a line.
 */
export function policyLines(lines, table) {
  const indent = (line) => line.length - line.trimStart().length
  const marked = lines.map((line) => line.includes(`'PERIGEE|rls|${table}|`))
  const names = new RegExp(`^(?:from|update|delete from) \`${table}\`(?: |$)`)
  lines.forEach((line, start) => {
    if (!names.test(line.trimStart())) return
    const depth = indent(line)
    const inside = (index) => index < lines.length && (indent(lines[index]) > depth || lines[index].trimStart().startsWith(')'))
    const where = lines.findIndex(
      (other, index) => index > start && indent(other) <= depth && /^(?:where|order|limit|union|\))/.test(other.trimStart()),
    )
    if (where < 0 || !lines[where].trimStart().startsWith('where') || indent(lines[where]) !== depth) return
    marked[where] = true
    for (let index = where + 1; inside(index) && indent(lines[index]) >= depth; index++) marked[index] = true
  })
  return marked
}

/** One statement with line breaks before its clauses, indented by its subqueries. Changes white space only. */
export function layOutSql(sql) {
  let out = ''
  const opened = []
  let depth = 0
  let previous = ''
  let skipTo = 0
  const pad = () => `\n${'  '.repeat(depth)}`
  const tokens = [...sql.replaceAll(/\s+/g, ' ').matchAll(TOKEN)].map(([token]) => token)
  const following = (index) => (tokens[index + 1] === ' ' ? tokens[index + 2] : tokens[index + 1])?.toLowerCase() ?? ''
  tokens.forEach((token, index) => {
    const word = token.toLowerCase()
    if (index < skipTo) return
    if (
      token === '(' &&
      tokens
        .slice(index + 1)
        .join('')
        .toLowerCase()
        .replace(/^ /, '')
        .startsWith('select * from (')
    ) {
      // A wrapper that says nothing stays on its line and opens no depth.
      skipTo = tokens.indexOf('(', index + 1)
      opened.push('wrapper')
      out += '(select * from '
    } else if (token === '(') {
      const subquery = following(index) === 'select' || following(index) === 'with'
      opened.push(subquery)
      out += token
      if (subquery) {
        depth++
        out += pad()
      }
    } else if (token === ')') {
      if (opened.pop() === true) {
        depth--
        out = `${out.trimEnd()}${pad()}`
      }
      out += token
    } else if (
      BREAK_BEFORE.has(word) &&
      (opened.length === 0 || opened.at(-1)) &&
      !(word === 'join' && JOINS_ON.has(previous)) &&
      previous !== 'conflict' &&
      word !== 'on'
    ) {
      out = `${out.trimEnd()}${pad()}${token}`
    } else if ((word === 'and' || word === 'or') && (opened.length === 0 || opened.at(-1))) {
      out = `${out.trimEnd()}${pad()}  ${token}`
    } else if (token === ' ') {
      if (!/[\s(]$/.test(out)) out += token
    } else out += token
    if (token.trim() !== '') previous = word
  })
  return out.trim()
}
