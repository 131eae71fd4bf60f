// The part of a client's types that doesn't depend on the app: `Tables<'trips'>`, `TablesInsert<…>`, `TablesUpdate<…>`, `Enums<…>` and
// `CompositeTypes<…>` with the parameters that Supabase's generator gives them, so that code written for one compiles with the other.

/** `Name<'table'>` looks in `public`; `Name<{ schema: 'other' }, 'table'>` elsewhere. */
function lookup(name: string, from: readonly string[], member: string | null): string {
  const keys = (schema: string) =>
    `keyof ${from.length === 1 ? `${schema}['${from[0]}']` : `(${from.map((part) => `${schema}['${part}']`).join(' & ')})`}`
  const at = (schema: string, key: string) =>
    `${from.length === 1 ? `${schema}['${from[0]}']` : `(${from.map((part) => `${schema}['${part}']`).join(' & ')})`}[${key}]`
  const pick = (type: string) => (member === null ? type : `${type} extends { ${member}: infer T } ? T : never`)
  return `export type ${name}<
  NameOrSchema extends ${keys('DefaultSchema')} | { schema: keyof Schemas },
  Name extends NameOrSchema extends { schema: keyof Schemas } ? ${keys("Schemas[NameOrSchema['schema']]")} : never = never,
> = NameOrSchema extends { schema: keyof Schemas }
  ? ${pick(at("Schemas[NameOrSchema['schema']]", 'Name'))}
  : NameOrSchema extends ${keys('DefaultSchema')}
    ? ${pick(at('DefaultSchema', 'NameOrSchema'))}
    : never
`
}

export const CLIENT_TYPE_HELPERS = [
  `type Schemas = Omit<Database, '__InternalSupabase'>

type DefaultSchema = Database['public']
`,
  lookup('Tables', ['Tables', 'Views'], 'Row'),
  lookup('TablesInsert', ['Tables'], 'Insert'),
  lookup('TablesUpdate', ['Tables'], 'Update'),
  lookup('Enums', ['Enums'], null),
  lookup('CompositeTypes', ['CompositeTypes'], null),
].join('\n')
