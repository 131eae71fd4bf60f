// Two kinds of tests: pure code in plain Node beside the code, and the rest in workerd, over HTTP, on real D1, KV and Durable Objects.
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const migrations = await readD1Migrations(fileURLToPath(new URL('./migrations', import.meta.url).href))

const installation = { PERIGEE_ENV: 'development', PERIGEE_ROOT_KEY: 'dGVzdHMtb25seS1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz' }

/** Built by deploy/split: with it, sign-in runs in a Worker of its own beside the one under test (`npm run soak -- split`). */
const signIn = process.env.PERIGEE_SPLIT
const shared = { d1Databases: { DB: 'primary' }, kvNamespaces: { KV: 'kv' } }
const split = signIn
  ? {
      ...shared,
      d1Databases: { ...shared.d1Databases, DB_SECOND: 'second' },
      serviceBindings: { AUTHENTICATION: { name: 'perigee-sign-in', entrypoint: 'Authentication' } },
      workers: [
        {
          ...shared,
          name: 'perigee-sign-in',
          modules: [{ type: 'ESModule' as const, path: 'sign-in.js', contents: readFileSync(signIn, 'utf8') }],
          compatibilityDate: '2026-10-01',
          queueProducers: { JOBS: 'perigee-jobs' },
          bindings: installation,
        },
      ],
    }
  : {}

/** Files that set the clock, which reaches no Worker but their own. */
const clocked = signIn
  ? readdirSync('tests/auth')
      .map((name) => `tests/auth/${name}`)
      .filter((file) => file.endsWith('.test.ts') && /setSystemTime/.test(readFileSync(file, 'utf8')))
  : []
if (clocked.length > 0)
  process.stderr.write(`SKIPPED: with sign-in in a Worker of its own, files that set the clock: ${clocked.join(', ')}\n`)

export default defineConfig({
  test: {
    // On two cores one worker, which is the default, leaves half of the machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tests/*.test.ts', 'tests/unit/**/*.test.ts', 'tests/fuzz/*.test.ts'],
          environment: 'node',
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: './tests/support/worker.ts',
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              // A second database for tests of partitioned tables; not DB_1, so that other tests keep to one store.
              d1Databases: { DB_SECOND: 'second' },
              ...split,
              bindings: { TEST_MIGRATIONS: migrations, ...installation },
            },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['tests/**/*.test.ts'],
          exclude: [
            'tests/*.test.ts',
            'tests/unit/**',
            'tests/fuzz/*.test.ts',
            'tests/clients/**',
            'tests/tools/**',
            'tests/browser/**',
            'tests/soak/**',
            ...clocked,
          ],
          setupFiles: ['./tests/support/setup.ts'],
          globalSetup: ['./tests/support/outside.ts'],
        },
      },
      {
        test: {
          name: 'clients',
          include: ['tests/clients/**/*.test.ts', 'tests/tools/**/*.test.ts', 'tests/browser/**/*.test.ts', 'tests/soak/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
