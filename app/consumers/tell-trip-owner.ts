// Somebody commented on a trip: its owner finds that in the app, once.
import { onChange } from 'perigee'
import { comments } from '../tables/comments'
import { notifications } from '../tables/notifications'
import { trips } from '../tables/trips'

export default onChange(comments, { name: 'tell_trip_owner', ops: ['insert'] }, async ({ change, batch, db }) => {
  const { id, tripId, authorId } = change.row ?? {}
  if (id === undefined || tripId === undefined || authorId === undefined) return
  // The trip or the comment may be gone by now.
  const [[trip], there] = await Promise.all([
    db.query(trips, { where: { id: tripId }, columns: ['ownerId'] }),
    db.count(comments, { where: { id } }),
  ])
  if (!trip || there === 0 || trip.ownerId === authorId) return
  batch.insert(notifications, { userId: trip.ownerId, tripId, commentId: id, actorId: authorId, createdAt: change.at })
})
