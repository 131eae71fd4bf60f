// How a client's types are written: two spaces a level, names quoted where they must be.

/** Lines between an opening and a closing one, a level deeper. */
export function block(open: string, lines: readonly string[], close = '}'): string {
  return [open, ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`), close].join('\n')
}

export const quote = (text: string): string => JSON.stringify(text)
export const key = (name: string): string => (/^[a-z_$][\w$]*$/i.test(name) ? name : quote(name))

/** By code units: the same on every machine. */
export function byName<T>(name: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0)
}
