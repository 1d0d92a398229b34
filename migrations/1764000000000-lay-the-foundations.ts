import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Streams, events, findings, incidents, responses, the event log, keys and settings. Forward only; never edited. */
export class LayTheFoundations1764000000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await db.query(statement);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}

const STATEMENTS = [
  // Where events come from. head is the offset of the newest event: 1, 2, 3 … without gaps. Room for HOT updates.
  `CREATE TABLE streams (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9._-]{1,64}$'),
    head bigint NOT NULL DEFAULT 0,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    last_event_at timestamptz(3)
  ) WITH (fillfactor = 50)`,
  // How far detection is committed; a table of its own, so that detecting and appending never wait for each other.
  `CREATE TABLE stream_positions (
    stream_id int PRIMARY KEY REFERENCES streams,
    detected bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50)`,

  // Deduplication by (stream, id) across all days: events are partitioned by day, so their own key could not do it.
  `CREATE TABLE event_keys (
    stream_id int NOT NULL,
    key bytea NOT NULL,
    received_on date NOT NULL,
    PRIMARY KEY (stream_id, key)
  )`,
  `CREATE INDEX event_keys_by_day ON event_keys USING brin (received_on)`,

  `CREATE SEQUENCE events_id_seq`,
  `CREATE TABLE events (
    received_on date NOT NULL,
    id bigint NOT NULL DEFAULT nextval('events_id_seq'),
    stream_id int NOT NULL,
    stream text NOT NULL,
    stream_offset bigint NOT NULL,
    uid text NOT NULL,
    received_at timestamptz(3) NOT NULL,
    time timestamptz(3) NOT NULL,
    class_uid int NOT NULL,
    severity_id smallint NOT NULL,
    status_id smallint NOT NULL,
    message text NOT NULL,
    source_ip text,
    user_name text,
    ocsf jsonb NOT NULL,
    raw text NOT NULL,
    PRIMARY KEY (received_on, id)
  ) PARTITION BY RANGE (received_on)`,
  `CREATE INDEX events_by_stream ON events (stream_id, stream_offset)`,
  `CREATE INDEX events_by_source_ip ON events (source_ip, id) WHERE source_ip IS NOT NULL`,
  `CREATE INDEX events_by_user_name ON events (user_name, id) WHERE user_name IS NOT NULL`,
  // Partitions are made days ahead; what arrives in spite of that lands here rather than nowhere.
  `CREATE TABLE events_other PARTITION OF events DEFAULT`,

  `CREATE TABLE incidents (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    fingerprint text NOT NULL,
    title text NOT NULL,
    severity text NOT NULL,
    severity_rank smallint NOT NULL GENERATED ALWAYS AS (
      array_position(ARRAY['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'], severity)) STORED,
    status text NOT NULL DEFAULT 'NEW'
      CHECK (status IN ('NEW', 'TRIAGED', 'IN_PROGRESS', 'CONTAINED', 'RESOLVED', 'CLOSED')),
    disposition text CHECK (disposition IN ('TRUE_POSITIVE', 'FALSE_POSITIVE', 'BENIGN', 'DUPLICATE')),
    rule text NOT NULL,
    stream text NOT NULL,
    entity_type text NOT NULL,
    entity_value text NOT NULL,
    assignee text,
    tags text[] NOT NULL DEFAULT '{}',
    finding_count bigint NOT NULL,
    first_seen_at timestamptz(3) NOT NULL,
    last_seen_at timestamptz(3) NOT NULL,
    opened_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz(3),
    version int NOT NULL DEFAULT 1
  ) WITH (fillfactor = 80)`,
  // One open incident per fingerprint: the rule that correlation leans on.
  `CREATE UNIQUE INDEX incidents_open_fingerprint ON incidents (fingerprint) WHERE status NOT IN ('RESOLVED', 'CLOSED')`,
  `CREATE INDEX incidents_by_fingerprint ON incidents (fingerprint, ended_at)`,
  `CREATE INDEX incidents_by_severity ON incidents (severity_rank, number)`,
  `CREATE INDEX incidents_open ON incidents (number) WHERE status NOT IN ('RESOLVED', 'CLOSED')`,
  `CREATE INDEX incidents_by_entity ON incidents (entity_value, number)`,

  `CREATE TABLE findings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    event_id bigint NOT NULL,
    event_received_on date NOT NULL,
    stream text NOT NULL,
    detector text NOT NULL,
    detector_version text NOT NULL,
    rule text NOT NULL,
    title text NOT NULL,
    severity text NOT NULL,
    score real NOT NULL,
    explanation text NOT NULL,
    entity_type text NOT NULL,
    entity_value text NOT NULL,
    evidence jsonb NOT NULL,
    attack text[] NOT NULL,
    owasp_llm text[] NOT NULL,
    event_time timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
  )`,
  `CREATE UNIQUE INDEX findings_once ON findings (event_id, rule, entity_value)`,
  `CREATE INDEX findings_by_incident ON findings (incident_id, id)`,

  `CREATE TABLE incident_timeline (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    kind text NOT NULL,
    actor text NOT NULL,
    summary text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
  )`,
  `CREATE INDEX incident_timeline_by_incident ON incident_timeline (incident_id, id)`,

  // What feeds replay. Ids are taken under a transaction-level advisory lock just before commit, so their order is the
  // order of commits and no reader that remembers the highest id can miss a row (docs/architecture.md, decisions).
  `CREATE TABLE event_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
  )`,

  `CREATE TABLE responses (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    playbook text NOT NULL,
    trigger text NOT NULL,
    status text NOT NULL DEFAULT 'QUEUED'
      CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    requested_by text NOT NULL,
    idempotency_key text UNIQUE,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz(3)
  )`,
  `CREATE INDEX responses_by_incident ON responses (incident_id, created_at)`,
  `CREATE TABLE response_steps (
    response_id uuid NOT NULL REFERENCES responses,
    ordinal smallint NOT NULL,
    action text NOT NULL,
    input jsonb NOT NULL,
    status text NOT NULL DEFAULT 'PENDING'
      CHECK (status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED')),
    attempts int NOT NULL DEFAULT 0,
    summary text,
    output jsonb,
    started_at timestamptz(3),
    finished_at timestamptz(3),
    PRIMARY KEY (response_id, ordinal)
  )`,

  `CREATE TABLE overrides (
    id uuid PRIMARY KEY,
    incident_id uuid REFERENCES incidents,
    backend_id text,
    justification text NOT NULL,
    requested_by text NOT NULL,
    idempotency_key text UNIQUE,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz(3),
    deactivated_at timestamptz(3),
    failure jsonb
  )`,

  `CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('VIEWER', 'ANALYST', 'RESPONDER', 'ADMIN')),
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz(3),
    revoked_at timestamptz(3),
    last_used_at timestamptz(3)
  )`,

  `CREATE TABLE settings (
    key text PRIMARY KEY,
    value jsonb NOT NULL,
    version int NOT NULL DEFAULT 1,
    reason text,
    updated_by text NOT NULL,
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
  )`,

  // One row per running process; a heartbeat that stops tells that its locked jobs are free again.
  `CREATE TABLE agent_instances (
    id uuid PRIMARY KEY,
    host text NOT NULL,
    pid int NOT NULL,
    worker_ids text[] NOT NULL DEFAULT '{}',
    started_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
  )`,
];
