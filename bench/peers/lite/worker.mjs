// @supabase/lite on D1, as its documentation sets it up for Workers, kept for the isolate's life instead of made anew for each request, which is the
// better case for it. Its policies come translated from schema.sql; see translate.mjs.
import { App } from '@supabase/lite'
import { d1 } from '@supabase/lite/workerd'

let app

export default {
  fetch(request, env) {
    app ??= new App({
      connection: d1({ binding: env.DB, translation: { deparse: JSON.parse(env.DEPARSE) } }),
      auth: { enabled: true, jwt_secret: env.JWT_SECRET },
    })
    return app.fetch(request)
  },
}
