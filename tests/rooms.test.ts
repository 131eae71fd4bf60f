// The table of doors: which room may import which. Default deny; a new import that isn't in it fails here.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url).href)

const BUILT = [
  'core',
  'define',
  'schema',
  'platform',
  'observability',
  'query',
  'data',
  'functions',
  'changes',
  'jobs',
  'rest',
  'auth',
  'webhooks',
  'messages',
  'migrations',
] as const

/** Room → the rooms it may enter. Every other one is closed to it. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  define: ['core'],
  schema: ['core'],
  migrations: ['core', 'define', 'schema'],
  platform: ['core', 'schema'],
  observability: ['core', 'platform'],
  query: ['core', 'define'],
  data: ['core', 'define', 'query', 'platform', 'schema'],
  functions: ['core', 'define', 'platform', 'query', 'data'],
  changes: ['core', 'define', 'observability', 'platform', 'query', 'data', 'functions'],
  jobs: ['core', 'define', 'platform', 'observability', 'query', 'data', 'functions', 'changes', 'webhooks', 'messages', 'auth'],
  rest: ['core', 'define', 'query', 'data', 'functions'],
  auth: ['core', 'define', 'platform', 'schema', 'functions', 'messages'],
  messages: ['core', 'define', 'platform', 'schema'],
  webhooks: ['core', 'define', 'platform', 'observability', 'data', 'changes'],
  'durable-objects': BUILT,
  middleware: ['core', 'define', 'platform', 'observability', 'auth'],
  routes: [...BUILT, 'middleware'],
  backend: ['auth', 'changes', 'core', 'data', 'define', 'jobs', 'messages', 'middleware', 'platform', 'routes', 'webhooks'],
  index: ['backend', 'auth', 'durable-objects', 'app'],
}

/** Doors beyond the table, each with its reason. `from` and `to` are files under src/. */
const EXCEPTIONS: readonly { from: string; to: string; typeOnly: boolean; because: string }[] = [
  { from: 'platform/env.ts', to: 'durable-objects/rate-limiter.ts', typeOnly: true, because: 'a binding is typed by the class behind it' },
  { from: 'platform/env.ts', to: 'durable-objects/alarm.ts', typeOnly: true, because: 'a binding is typed by the class behind it' },
  { from: 'platform/env.ts', to: 'durable-objects/change-feed.ts', typeOnly: true, because: 'a binding is typed by the class behind it' },
  { from: 'middleware/errors.ts', to: 'rest/index.ts', typeOnly: false, because: 'an error is rendered in the dialect of its path' },
]

/** Packages from npm and the runtime, by room; every room may use what `*` lists. */
const PACKAGES: Readonly<Record<string, readonly RegExp[]>> = {
  '*': [],
  define: [/^croner$/, /^drizzle-orm(\/|$)/, /^zod$/],
  functions: [/^zod$/],
  jobs: [/^croner$/, /^zod$/],
  schema: [/^drizzle-orm(\/|$)/],
  migrations: [/^drizzle-orm(\/|$)/],
  platform: [/^zod$/, /^node:crypto$/, /^cloudflare:workers$/],
  auth: [
    /^@simplewebauthn\/server(\/helpers)?$/,
    /^@noble\/hashes\//,
    /^bcryptjs$/,
    /^jose$/,
    /^zod$/,
    /^drizzle-orm(\/|$)/,
    /^node:crypto$/,
    /^cloudflare:workers$/,
  ],
  rest: [/^zod$/, /^node:crypto$/],
  middleware: [/^hono(\/|$)/, /^jose$/],
  routes: [/^hono(\/|$)/, /^zod$/, /^@hono\/zod-validator$/],
  'durable-objects': [/^cloudflare:workers$/],
  backend: [/^hono(\/|$)/],
}

interface Import {
  readonly file: string
  readonly specifier: string
  readonly typeOnly: boolean
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?((?:[\w*{}\s,$]|\btype\b)+?\s+from\s+)?['"]([^'"\n]+)['"]/g
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** Static and dynamic imports of a text; `import { type A }` alone counts as a type. */
function importsOf(file: string, source: string): Import[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const found = [...code.matchAll(IMPORT)].map(([, type, clause, specifier]) => {
    const names = /\{([^}]*)\}/
      .exec(clause ?? '')?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    const allTypes =
      names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type ')) && !/^[\w$]+\s*,/.test(clause ?? '')
    return { file, specifier: specifier!, typeOnly: type !== undefined || allTypes }
  })
  return [...found, ...[...code.matchAll(DYNAMIC)].map(([, specifier]) => ({ file, specifier: specifier!, typeOnly: false }))]
}

const files = globSync('src/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => file.replaceAll('\\', '/'))
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))

function roomOf(path: string): string {
  const [, first = '', second] = path.split('/')
  return path.startsWith('app/') ? 'app' : second === undefined ? first.replace(/\.ts$/, '') : first
}

/** The file that a relative import names, from the root of the repository. */
function resolve(file: string, specifier: string): string {
  const base = relative(root, join(root, dirname(file), specifier)).replaceAll('\\', '/')
  const found = [`${base}.ts`, `${base}/index.ts`, base].find((candidate) => existsSync(join(root, candidate)) && /\.\w+$/.test(candidate))
  return found ?? (base.split('/').length === 2 && base.startsWith('src/') ? `${base}/index.ts` : `${base}.ts`)
}

function isException(file: string, target: string, typeOnly: boolean): boolean {
  return EXCEPTIONS.some((one) => file === `src/${one.from}` && target === `src/${one.to}` && (typeOnly || !one.typeOnly))
}

test('the scanner sees every kind of import', () => {
  const text =
    "import a from './a'\nimport { b, type C } from './b'\nimport type { D } from './d'\nimport { type E } from './e'\nexport * from './f'\nimport './g'\nexport {\n  h,\n} from './h'\nvoid import('./i')\n// import z from './z'\nimport j, { type K } from './j'"
  expect(importsOf('x.ts', text).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' type' : ''}`)).toEqual([
    './a',
    './b',
    './d type',
    './e type',
    './f',
    './g',
    './h',
    './j',
    './i',
  ])
})

test('every room is in the table', () => {
  const rooms = new Set(files.map(roomOf))
  expect([...rooms].filter((room) => !(room in DOORS))).toEqual([])
})

test('a room is entered through the doors in the table, and by its index.ts', () => {
  const wrong = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .flatMap(({ file, specifier, typeOnly }) => {
      const from = roomOf(file)
      const target = resolve(file, specifier)
      const to = roomOf(target)
      if (from === to || isException(file, target, typeOnly)) return []
      if (!DOORS[from]?.includes(to)) return [`${file} may not enter ${to}/ (${specifier})`]
      const isDoor =
        target === `src/${to}/index.ts` ||
        target === `src/${to}.ts` ||
        target === 'app/index.ts' ||
        (file === 'src/index.ts' && to === 'durable-objects')
      return isDoor ? [] : [`${file} enters ${to}/ by ${specifier} instead of its index.ts`]
    })
  expect(wrong).toEqual([])
})

test('only src/index.ts knows the app', () => {
  const knowing = imports.filter(
    ({ file, specifier }) => file !== 'src/index.ts' && (specifier === 'perigee' || resolve(file, specifier).startsWith('app/')),
  )
  expect(knowing).toEqual([])
})

test('nobody but src/index.ts imports a Durable Object by value', () => {
  const wrong = imports.filter(({ file, specifier, typeOnly }) => {
    const outside = roomOf(file) !== 'durable-objects' && file !== 'src/index.ts'
    return outside && !typeOnly && specifier.startsWith('.') && roomOf(resolve(file, specifier)) === 'durable-objects'
  })
  expect(wrong).toEqual([])
})

test('only platform/ names a D1 binding', () => {
  const naming = files.filter(
    (file) =>
      roomOf(file) !== 'platform' && /\b(?:env|c\.env|this\.env)\??\.DB\b|\[['"]DB['"]\]/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(naming).toEqual([])
})

test('a room uses only the packages that are its business', () => {
  const wrong = imports
    .filter(({ specifier }) => !specifier.startsWith('.'))
    .filter(
      ({ file, specifier }) => ![...(PACKAGES['*'] ?? []), ...(PACKAGES[roomOf(file)] ?? [])].some((allowed) => allowed.test(specifier)),
    )
    .map(({ file, specifier }) => `${file} imports ${specifier}`)
  expect(wrong).toEqual([])
})
