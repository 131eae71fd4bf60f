// Lets Node run this project's TypeScript as it is: adds the `.ts` that bundlers leave out of relative imports.
import { existsSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && context.parentURL && !context.parentURL.includes('/node_modules/')) {
      const path = fileURLToPath(new URL(specifier, context.parentURL))
      if (existsSync(`${path}.ts`)) return next(`${specifier}.ts`, context)
      if (existsSync(path) && statSync(path).isDirectory() && existsSync(`${path}/index.ts`)) return next(`${specifier}/index.ts`, context)
    }
    return next(specifier, context)
  },
})
