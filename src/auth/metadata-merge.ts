// Metadata is merged in the statement that writes it, so that two changes at once both stand.

/** `column` with the keys of `patch`, SQL of a JSON object, put over its own; null removes a key. One level, as GoTrue merges. */
export function mergedSql(column: string, patch: string): string {
  const value = `case type when 'true' then 'true' when 'false' then 'false' when 'null' then 'null'
    when 'object' then value when 'array' then value else json_quote(value) end`
  return `(select json_group_object(key, json(${value})) from (
    select key, value, type from json_each(${column}) where key not in (select key from json_each(${patch}))
    union all select key, value, type from json_each(${patch}) where type <> 'null'))`
}

/** The same for what was read before, to judge what will be. */
export function merged(own: Readonly<Record<string, unknown>>, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...own, ...patch }).filter(([, value]) => value !== null))
}
