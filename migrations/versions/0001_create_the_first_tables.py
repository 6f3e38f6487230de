"""Create the first tables: people, what came in, what goes out, what can be booked, and what was."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

# A domain is checked when a value is written to its column, a CHECK of the table with every change of a row: what
# changes with every message or step has its words as a domain.
DOMAINS = """
CREATE DOMAIN event_kind AS text CHECK (VALUE IN ('message', 'status', 'payment', 'notice'));
CREATE DOMAIN owner_decision AS text CHECK (VALUE IN ('YES', 'NO'));
CREATE DOMAIN commission_state AS text CHECK (VALUE IN ('NONE', 'PENDING', 'CONFIRMED', 'CANCELLED'));
CREATE DOMAIN allocation_state AS text CHECK (VALUE IN ('HELD', 'KEPT', 'BLOCKED', 'RELEASED'));
CREATE DOMAIN recipient_role AS text CHECK (VALUE IN ('guest', 'owner', 'admin'));
CREATE DOMAIN message_state AS text
    CHECK (VALUE IN ('QUEUED', 'SENDING', 'UNKNOWN', 'ACCEPTED', 'FAILED', 'LAPSED'));
CREATE DOMAIN attempt_outcome AS text CHECK (VALUE IN ('ACCEPTED', 'REFUSED', 'UNKNOWN', 'NOT_SENT'));
"""

TABLES = """
CREATE TABLE persons (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text,
    language    text,
    country     text,
    merged_into bigint REFERENCES persons,
    created_at  timestamptz NOT NULL
);

CREATE TABLE person_identifiers (
    kind      text NOT NULL CHECK (kind IN ('phone', 'user_id')),
    value     text NOT NULL,
    person_id bigint NOT NULL REFERENCES persons,
    since     timestamptz NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX person_identifiers_of_person ON person_identifiers (person_id);

CREATE TABLE person_roles (
    person_id bigint NOT NULL REFERENCES persons,
    role      text NOT NULL CHECK (role IN ('owner', 'admin')),
    on_duty   boolean NOT NULL DEFAULT true,
    PRIMARY KEY (person_id, role)
);

-- One row a person; its lock is what makes a person's turns one at a time.
CREATE TABLE conversations (
    id              bigint PRIMARY KEY REFERENCES persons,
    state           jsonb NOT NULL DEFAULT '{}',
    last_inbound_at timestamptz,
    retry_at        timestamptz
) WITH (fillfactor = 70);

-- A row of its own, so that numbering a message to a person never waits for that person's turn.
CREATE TABLE recipient_counters (
    person_id   bigint PRIMARY KEY REFERENCES persons,
    last        bigint NOT NULL DEFAULT 0,
    -- When a person's messages, six seconds apart each, would all have been sent: bounds the burst.
    paced_until timestamptz
) WITH (fillfactor = 70);

CREATE TABLE inbound_events (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source          text NOT NULL,
    external_id     text NOT NULL,
    kind            event_kind NOT NULL,
    conversation_id bigint REFERENCES conversations,
    meets           boolean NOT NULL DEFAULT false,
    payload         jsonb NOT NULL,
    received_at     timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    attempts        smallint NOT NULL DEFAULT 0,
    done_at         timestamptz,
    outcome         text,
    error           text,
    UNIQUE (source, external_id)
);
CREATE INDEX inbound_events_open ON inbound_events (kind, id) WHERE done_at IS NULL;
CREATE INDEX inbound_events_open_of_conversation ON inbound_events (conversation_id, id)
    WHERE done_at IS NULL AND conversation_id IS NOT NULL;

CREATE TABLE categories (
    slug     text PRIMARY KEY,
    name     text NOT NULL,
    position smallint NOT NULL
);

CREATE TABLE listings (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug         text NOT NULL UNIQUE,
    name         text NOT NULL,
    category     text NOT NULL REFERENCES categories,
    owner_id     bigint NOT NULL REFERENCES persons,
    mode         text NOT NULL DEFAULT 'NIGHTLY' CHECK (mode IN ('NIGHTLY', 'SHIFT', 'SLOT')),
    approval     text NOT NULL DEFAULT 'OWNER' CHECK (approval IN ('OWNER', 'INSTANT')),
    description  text NOT NULL,
    location     text NOT NULL,
    latitude     double precision,
    longitude    double precision,
    map_link     text,
    photo        text,
    amenities    jsonb NOT NULL DEFAULT '[]',
    contact      text NOT NULL,
    owner_name   text NOT NULL,
    time_zone    text NOT NULL,
    language     text NOT NULL DEFAULT 'en',
    capacity     smallint NOT NULL CHECK (capacity > 0),
    check_in     time NOT NULL,
    check_out    time NOT NULL,
    min_nights   smallint NOT NULL DEFAULT 1,
    max_nights   smallint NOT NULL DEFAULT 30,
    rates        jsonb NOT NULL,
    currency     text NOT NULL,
    policy       jsonb NOT NULL,
    methods      jsonb NOT NULL DEFAULT '["card"]',
    active       boolean NOT NULL DEFAULT true,
    updated_at   timestamptz NOT NULL
);

CREATE TABLE units (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    listing_id bigint NOT NULL REFERENCES listings,
    name       text NOT NULL,
    active     boolean NOT NULL DEFAULT true,
    UNIQUE (listing_id, name)
);
CREATE INDEX units_out_of_service ON units (listing_id, id) WHERE NOT active;
CREATE INDEX units_of_listing ON units (listing_id, id) WHERE active;

CREATE TABLE bookings (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code               text NOT NULL UNIQUE,
    person_id          bigint NOT NULL REFERENCES persons,
    listing_id         bigint NOT NULL REFERENCES listings,
    status             text NOT NULL,
    revision           smallint NOT NULL DEFAULT 1,
    check_in           date NOT NULL,
    check_out          date NOT NULL,
    starts_at          timestamptz NOT NULL,
    ends_at            timestamptz NOT NULL CHECK (ends_at > starts_at),
    units              smallint NOT NULL CHECK (units > 0),
    guests             smallint NOT NULL CHECK (guests > 0),
    guest_name         text NOT NULL,
    quote              jsonb NOT NULL,
    policy             jsonb NOT NULL,
    currency           text NOT NULL,
    total_minor        bigint NOT NULL CHECK (total_minor >= 0),
    advance_minor      bigint NOT NULL CHECK (advance_minor BETWEEN 0 AND total_minor),
    held_since         timestamptz,
    hold_until         timestamptz,
    paid_at            timestamptz,
    decision           owner_decision,
    decision_made_at   timestamptz,
    decision_made_by   bigint REFERENCES persons,
    decision_reason    text,
    commission_status  commission_state NOT NULL DEFAULT 'NONE',
    referral_code      text,
    alerted_admin_at   timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CHECK ((decision IS NULL) = (decision_made_at IS NULL))
);
CREATE INDEX bookings_of_person ON bookings (person_id, id DESC);
CREATE INDEX bookings_held ON bookings (hold_until) WHERE status IN ('PAYMENT_PENDING', 'PAYMENT_REVIEW');

CREATE TABLE booking_transitions (
    from_status text NOT NULL,
    action      text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, action)
);

CREATE TABLE booking_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id  bigint NOT NULL REFERENCES bookings,
    from_status text NOT NULL,
    action      text NOT NULL,
    to_status   text NOT NULL,
    cause       text NOT NULL,
    actor       text NOT NULL,
    actor_id    bigint REFERENCES persons,
    reason      text,
    data        jsonb NOT NULL DEFAULT '{}',
    at          timestamptz NOT NULL,
    txid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (booking_id, action, cause)
);

CREATE TABLE allocations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id    bigint NOT NULL REFERENCES units,
    listing_id bigint NOT NULL REFERENCES listings,
    during     tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    state      allocation_state NOT NULL,
    hold_until timestamptz CHECK ((state = 'HELD') = (hold_until IS NOT NULL)),
    booking_id bigint REFERENCES bookings,
    made_at    timestamptz NOT NULL,
    -- One-point ranges make equality an overlap, so that no extension is needed.
    CONSTRAINT no_double_booking EXCLUDE USING gist
        (int8range(unit_id, unit_id, '[]') WITH &&, during WITH &&) WHERE (state <> 'RELEASED')
);
CREATE INDEX allocations_of_booking ON allocations (booking_id) WHERE state <> 'RELEASED';
-- What ends after a moment, by place and by unit: neighbours and overlaps without a second GiST index.
CREATE INDEX allocations_of_listing ON allocations (listing_id, upper(during)) WHERE state <> 'RELEASED';
CREATE INDEX allocations_of_unit ON allocations (unit_id, upper(during)) WHERE state <> 'RELEASED';
CREATE INDEX allocations_held ON allocations (listing_id, hold_until) WHERE state = 'HELD';

CREATE TABLE payments (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id     bigint NOT NULL REFERENCES bookings,
    method         text NOT NULL,
    state          text NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    currency       text NOT NULL,
    reference      text,
    intent         text,
    url            text,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    link_sent_at   timestamptz,
    asked_at       timestamptz,
    authorized_at  timestamptz,
    capture_before timestamptz,
    captured_at    timestamptz,
    captured_minor bigint NOT NULL DEFAULT 0,
    ended_at       timestamptz,
    receipt_url    text,
    failure        text,
    UNIQUE (method, reference)
);
CREATE INDEX payments_of_booking ON payments (booking_id);
CREATE INDEX payments_by_intent ON payments (intent) WHERE intent IS NOT NULL;

CREATE TABLE action_codes (
    code       text PRIMARY KEY,
    booking_id bigint NOT NULL REFERENCES bookings,
    person_id  bigint NOT NULL REFERENCES persons,
    action     text NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz
);
CREATE INDEX action_codes_of_booking ON action_codes (booking_id);

CREATE TABLE tickets (
    booking_id   bigint PRIMARY KEY REFERENCES bookings,
    key          text NOT NULL UNIQUE,
    issued_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    voided_at    timestamptz,
    suspended_at timestamptz,
    used_at      timestamptz,
    view         jsonb NOT NULL,
    pdf          bytea
);

CREATE TABLE follow_ups (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job        text NOT NULL,
    queue      text NOT NULL,
    booking_id bigint NOT NULL REFERENCES bookings,
    cause      text NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   smallint NOT NULL DEFAULT 0,
    done_at    timestamptz,
    error      text,
    UNIQUE (cause, job)
);
CREATE INDEX follow_ups_open ON follow_ups (queue, due_at) WHERE done_at IS NULL;
CREATE INDEX follow_ups_open_of_booking ON follow_ups (booking_id, id) WHERE done_at IS NULL;

CREATE TABLE outbound_messages (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id    bigint NOT NULL REFERENCES persons,
    seq          bigint NOT NULL,
    kind         text NOT NULL,
    recipient    recipient_role NOT NULL,
    booking_id   bigint REFERENCES bookings,
    message      jsonb NOT NULL,
    template     jsonb,
    as_template  boolean NOT NULL DEFAULT false,
    state        message_state NOT NULL,
    blocking     boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    valid_until  timestamptz NOT NULL,
    attempts     smallint NOT NULL DEFAULT 0,
    wamid        text,
    accepted_at  timestamptz,
    sent_at      timestamptz,
    delivered_at timestamptz,
    read_at      timestamptz,
    failed_at    timestamptz,
    error_code   integer,
    error        text,
    UNIQUE (person_id, seq)
) WITH (fillfactor = 80);
CREATE INDEX outbound_messages_queued ON outbound_messages (due_at, id) WHERE state = 'QUEUED';
CREATE INDEX outbound_messages_under_way ON outbound_messages (due_at) WHERE state IN ('SENDING', 'UNKNOWN');
CREATE INDEX outbound_messages_blocking ON outbound_messages (person_id, seq)
    WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN');
CREATE INDEX outbound_messages_by_wamid ON outbound_messages (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX outbound_messages_of_booking ON outbound_messages (booking_id) WHERE booking_id IS NOT NULL;

CREATE TABLE outbound_attempts (
    message_id  bigint NOT NULL REFERENCES outbound_messages,
    number      smallint NOT NULL,
    as_template boolean NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     attempt_outcome,
    error_code  integer,
    error       text,
    wamid       text,
    PRIMARY KEY (message_id, number)
);
"""

GUARDS = """
CREATE FUNCTION refuse_new_booking_in_another_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'INITIATED' THEN
        RAISE EXCEPTION 'a booking begins as INITIATED, not as %', NEW.status USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bookings_begin_initiated BEFORE INSERT ON bookings
    FOR EACH ROW EXECUTE FUNCTION refuse_new_booking_in_another_status();

CREATE FUNCTION demand_event_for_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM booking_events e
        JOIN booking_transitions t USING (from_status, action, to_status)
        WHERE e.booking_id = NEW.id AND e.from_status = OLD.status AND e.to_status = NEW.status
          AND e.txid = pg_current_xact_id();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'booking %: no event of this transaction leads from % to %', NEW.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bookings_follow_the_table AFTER UPDATE OF status ON bookings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION demand_event_for_status_change();

CREATE FUNCTION check_booking_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'booking_events is append-only' USING ERRCODE = 'check_violation';
    END IF;
    NEW.txid := pg_current_xact_id();
    IF NEW.from_status <> NEW.to_status AND NOT EXISTS (
        SELECT 1 FROM booking_transitions t WHERE t.from_status = NEW.from_status
            AND t.action = NEW.action AND t.to_status = NEW.to_status)
    THEN
        RAISE EXCEPTION 'the lifecycle has no % from % to %', NEW.action, NEW.from_status, NEW.to_status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER booking_events_append_only BEFORE INSERT OR UPDATE OR DELETE ON booking_events
    FOR EACH ROW EXECUTE FUNCTION check_booking_event();
CREATE TRIGGER booking_events_stay BEFORE TRUNCATE ON booking_events
    FOR EACH STATEMENT EXECUTE FUNCTION check_booking_event();
"""

# The lifecycle as of this migration; a later change of the table is a migration of its own.
TRANSITIONS = """
INITIATED REQUEST_PAYMENT PAYMENT_PENDING
INITIATED WAIVE_PAYMENT PAYMENT_SUCCESS
INITIATED ABANDON EXPIRED
INITIATED CANCEL_BY_GUEST GUEST_CANCELLED
PAYMENT_PENDING SUBMIT_EVIDENCE PAYMENT_REVIEW
PAYMENT_PENDING RECORD_PAYMENT PAYMENT_SUCCESS
PAYMENT_PENDING RECORD_UNPLACEABLE_PAYMENT REFUND_REQUIRED
PAYMENT_PENDING EXPIRE EXPIRED
PAYMENT_PENDING CANCEL_BY_GUEST GUEST_CANCELLED
PAYMENT_REVIEW REJECT_PAYMENT PAYMENT_PENDING
PAYMENT_REVIEW RECORD_PAYMENT PAYMENT_SUCCESS
PAYMENT_REVIEW RECORD_UNPLACEABLE_PAYMENT REFUND_REQUIRED
PAYMENT_REVIEW EXPIRE EXPIRED
PAYMENT_REVIEW DECLINE OWNER_CANCELLED
PAYMENT_REVIEW CANCEL_BY_GUEST GUEST_CANCELLED
PAYMENT_REVIEW COMPLETE COMPLETED
EXPIRED SUBMIT_EVIDENCE PAYMENT_REVIEW
EXPIRED RECORD_PAYMENT PAYMENT_SUCCESS
EXPIRED RECORD_UNPLACEABLE_PAYMENT REFUND_REQUIRED
PAYMENT_SUCCESS SEND_REQUEST BOOKING_REQUEST_SENT_TO_OWNER
PAYMENT_SUCCESS CONFIRM OWNER_CONFIRMED
PAYMENT_SUCCESS FAIL_CAPTURE PAYMENT_PENDING
PAYMENT_SUCCESS DECLINE OWNER_CANCELLED
PAYMENT_SUCCESS CANCEL_BY_GUEST GUEST_CANCELLED
PAYMENT_SUCCESS REVERSE_PAYMENT PAYMENT_REVIEW
BOOKING_REQUEST_SENT_TO_OWNER CONFIRM OWNER_CONFIRMED
BOOKING_REQUEST_SENT_TO_OWNER FAIL_CAPTURE PAYMENT_PENDING
BOOKING_REQUEST_SENT_TO_OWNER DECLINE OWNER_CANCELLED
BOOKING_REQUEST_SENT_TO_OWNER CANCEL_BY_GUEST GUEST_CANCELLED
BOOKING_REQUEST_SENT_TO_OWNER REVERSE_PAYMENT PAYMENT_REVIEW
OWNER_CONFIRMED ISSUE_TICKET TICKET_GENERATED
OWNER_CONFIRMED DECLINE OWNER_CANCELLED
OWNER_CONFIRMED CANCEL_BY_GUEST GUEST_CANCELLED
OWNER_CONFIRMED COMPLETE COMPLETED
OWNER_CONFIRMED REVERSE_PAYMENT PAYMENT_REVIEW
TICKET_GENERATED DECLINE OWNER_CANCELLED
TICKET_GENERATED CANCEL_BY_GUEST GUEST_CANCELLED
TICKET_GENERATED COMPLETE COMPLETED
TICKET_GENERATED REVERSE_PAYMENT PAYMENT_REVIEW
OWNER_CANCELLED REQUIRE_REFUND REFUND_REQUIRED
GUEST_CANCELLED REQUIRE_REFUND REFUND_REQUIRED
GUEST_CANCELLED RECORD_UNPLACEABLE_PAYMENT REFUND_REQUIRED
REFUND_REQUIRED START_REFUND REFUND_INITIATED
REFUND_INITIATED FINISH_REFUND REFUND_COMPLETED
REFUND_INITIATED FAIL_REFUND REFUND_REQUIRED
REFUND_COMPLETED FAIL_REFUND REFUND_REQUIRED
"""

EVERY_DOMAIN = (
    "event_kind owner_decision commission_state allocation_state recipient_role message_state attempt_outcome"
)

EVERY_TABLE = (
    "outbound_attempts outbound_messages follow_ups tickets action_codes payments allocations booking_events "
    "booking_transitions bookings units listings categories inbound_events recipient_counters conversations "
    "person_roles person_identifiers persons"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DOMAINS)
    op.get_bind().exec_driver_sql(TABLES.replace("%", "%%"))
    op.get_bind().exec_driver_sql(GUARDS.replace("%", "%%"))
    rows = ", ".join("('{}', '{}', '{}')".format(*line.split()) for line in TRANSITIONS.split("\n") if line)
    op.execute(f"INSERT INTO booking_transitions (from_status, action, to_status) VALUES {rows}")


def downgrade() -> None:
    for table in EVERY_TABLE.split():
        op.execute(f"DROP TABLE {table} CASCADE")
    for domain in EVERY_DOMAIN.split():
        op.execute(f"DROP DOMAIN {domain}")
    for function in (
        "refuse_new_booking_in_another_status",
        "demand_event_for_status_change",
        "check_booking_event",
    ):
        op.execute(f"DROP FUNCTION {function}")
