// Your app. Every table that phones may call stands in `tables`; what isn't allowed in its policies is denied.
import { app } from 'perigee'
import notes from './tables/notes'

export default app({
  name: 'My app',
  tables: [notes],
  // How people sign in: docs/auth.md has every rule and its default. This one says where links in mails may lead: your app's own scheme.
  auth: { redirectUrls: ['myapp://**'] },
})
