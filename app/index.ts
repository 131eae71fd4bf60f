// Trailhead, a journal for hikers: the demo app, and the place where yours begins (`npm run new` clears it).
import { app } from 'perigee'
import tellTripOwner from './consumers/tell-trip-owner'
import myTripsSince from './functions/my-trips-since'
import startTrip from './functions/start-trip'
import measureTrip from './jobs/measure-trip'
import { templates } from './messages'
import comments from './tables/comments'
import follows from './tables/follows'
import memberships from './tables/memberships'
import notifications from './tables/notifications'
import profiles from './tables/profiles'
import teams from './tables/teams'
import trips from './tables/trips'
import waypoints from './tables/waypoints'
import tripStats from './views/trip-stats'

export default app({
  name: 'Trailhead',
  description: 'A journal for hikers: trips that are private, shared with a team, or public.',
  tables: [profiles, follows, teams, memberships, trips, waypoints, comments, notifications],
  functions: [myTripsSince, startTrip],
  jobs: [measureTrip],
  views: [tripStats],
  consumers: [tellTripOwner],
  auth: {
    phone: true,
    messages: { from: 'Trailhead <no-reply@trailhead.example>', templates },
    // Whose they are: the host that phones call, until `rpId` names your domain (docs/auth-passkeys.md).
    passkeys: {},
  },
})
