-- The part of the demo app that the bench asks about, as one would declare it for Supabase: the same columns, indexes and policies as in app/tables.
-- Times are numbers, as Perigee stores them, so that both sides are filled by the same statements.
create table profiles (
  id text primary key,
  handle text not null unique,
  display_name text not null,
  created_at bigint not null
);

create table teams (
  id text primary key,
  name text not null,
  created_by text not null,
  created_at bigint not null
);
create index teams_created_by on teams (created_by);

create table memberships (
  team_id text not null references teams (id),
  user_id text not null references profiles (id),
  role text not null default 'member',
  joined_at bigint not null,
  primary key (team_id, user_id)
);
create index memberships_user on memberships (user_id, team_id);

create table trips (
  id text primary key,
  owner_id text not null references profiles (id),
  team_id text references teams (id),
  visibility text not null default 'private',
  title text not null,
  notes text,
  distance_m integer,
  tags jsonb not null default '[]',
  created_at bigint not null
);
create index trips_public on trips (visibility, created_at, id);
create index trips_owner on trips (owner_id, created_at, id);
create index trips_team on trips (team_id, created_at, id);

create table waypoints (
  id text primary key,
  trip_id text not null references trips (id),
  lat double precision not null,
  lon double precision not null,
  label text,
  recorded_at bigint not null
);
create index waypoints_trip on waypoints (trip_id, recorded_at, id);

-- No aliases inside: the peer's translation of policies loses them.
alter table teams enable row level security;
create policy teams_read on teams for select using (
  created_by = auth.uid()
  or exists (select 1 from memberships where memberships.team_id = teams.id and memberships.user_id = auth.uid())
);

alter table trips enable row level security;
create policy trips_read on trips for select using (
  visibility = 'public'
  or owner_id = auth.uid()
  or (visibility = 'team' and exists (select 1 from memberships where memberships.team_id = trips.team_id and memberships.user_id = auth.uid()))
);

alter table waypoints enable row level security;
create policy waypoints_read on waypoints for select using (
  exists (
    select 1 from trips where trips.id = waypoints.trip_id and (
      trips.visibility = 'public'
      or trips.owner_id = auth.uid()
      or (trips.visibility = 'team' and exists (
        select 1 from memberships where memberships.team_id = trips.team_id and memberships.user_id = auth.uid()
      ))
    )
  )
);
