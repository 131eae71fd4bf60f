// An app that people sign in to with accounts they have elsewhere. Where those providers are, the test's own settings say.
import { apple, app, google, openid } from '../../../src/define'

export default app({
  name: 'Hostel',
  tables: [],
  auth: {
    siteUrl: 'https://hostel.example',
    redirectUrls: ['hostel://**'],
    providers: [
      apple({ clientIds: ['com.example.hostel'] }),
      google({ clientIds: ['hostel-web', 'hostel-ios', 'hostel-android'] }),
      openid('custom:certified', { issuer: 'https://replaced.example', clientIds: ['hostel'] }),
    ],
  },
})
