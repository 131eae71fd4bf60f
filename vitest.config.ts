// Two kinds of tests: pure code in plain Node beside the code, and the rest in workerd, over HTTP, on real D1, KV and Durable Objects.
import { fileURLToPath } from 'node:url'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const migrations = await readD1Migrations(fileURLToPath(new URL('./migrations', import.meta.url).href))

export default defineConfig({
  test: {
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
              bindings: {
                TEST_MIGRATIONS: migrations,
                PERIGEE_ENV: 'development',
                PERIGEE_ROOT_KEY: 'dGVzdHMtb25seS1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz',
              },
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
