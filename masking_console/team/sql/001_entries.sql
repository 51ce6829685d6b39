-- The entries of all consoles. Each journal is a chain of its own: its sealed rows come
-- unchanged, and only the operator who shipped the first may add to it.

CREATE TABLE team.version (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT session_user
);

CREATE TABLE team.chain (
    chain uuid PRIMARY KEY,
    shipped_by text NOT NULL DEFAULT session_user,
    began_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE team.entry (
    chain uuid NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    event text COLLATE "C" NOT NULL,
    batch_id text COLLATE "C" NOT NULL,
    session_uuid text COLLATE "C" NOT NULL,
    content text NOT NULL,
    previous_seal text COLLATE "C" NOT NULL,
    seal text COLLATE "C" NOT NULL,
    -- What follows is the server's own. The seal does not cover it.
    outcome text COLLATE "C" NOT NULL DEFAULT '',
    at timestamptz,
    shipped_by text NOT NULL DEFAULT session_user,
    shipped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (chain, sequence)
);
CREATE INDEX entry_by_batch ON team.entry (chain, batch_id, sequence);
CREATE INDEX entry_outside_batches ON team.entry (session_uuid)
    WHERE batch_id = '' AND session_uuid <> '';

CREATE FUNCTION team.check_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known text;
    before text := repeat('0', 64);
    entry json;
BEGIN
    -- Two consoles on one journal ship the same rows. The second waits, then skips.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.chain::text, 20));
    SELECT e.seal INTO known FROM team.entry e
        WHERE e.chain = NEW.chain AND e.sequence = NEW.sequence;
    IF FOUND THEN
        IF known = NEW.seal THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'entry % is another one here', NEW.sequence
            USING ERRCODE = 'MC001';
    END IF;
    IF NEW.sequence > 1 THEN
        SELECT e.seal INTO before FROM team.entry e
            WHERE e.chain = NEW.chain AND e.sequence = NEW.sequence - 1;
    END IF;
    IF before IS DISTINCT FROM NEW.previous_seal THEN
        RAISE EXCEPTION 'entry % does not follow the last one here', NEW.sequence
            USING ERRCODE = 'MC002';
    END IF;
    IF NEW.seal <> encode(
        sha256(convert_to(NEW.previous_seal || E'\n' || NEW.content, 'UTF8')), 'hex'
    ) THEN
        RAISE EXCEPTION 'the seal of entry % is wrong', NEW.sequence
            USING ERRCODE = 'MC003';
    END IF;
    entry := NEW.content::json;
    IF (NEW.event, NEW.batch_id, NEW.session_uuid) IS DISTINCT FROM (
        entry ->> 'event',
        coalesce(entry ->> 'batch_id', ''),
        coalesce(entry ->> 'session_uuid', '')
    ) THEN
        RAISE EXCEPTION 'the columns of entry % are wrong', NEW.sequence
            USING ERRCODE = 'MC003';
    END IF;
    IF NEW.sequence = 1 THEN
        INSERT INTO team.chain (chain) VALUES (NEW.chain);
    END IF;
    NEW.outcome := coalesce(entry ->> 'outcome', '');
    NEW.at := (entry ->> 'at')::timestamptz;
    NEW.shipped_by := session_user;
    NEW.shipped_at := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE TRIGGER entry_is_checked BEFORE INSERT ON team.entry
    FOR EACH ROW EXECUTE FUNCTION team.check_entry();

CREATE FUNCTION team.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'team.% is append-only', TG_TABLE_NAME USING ERRCODE = 'MC004';
END
$$;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON team.entry
    FOR EACH STATEMENT EXECUTE FUNCTION team.refuse_change();
CREATE TRIGGER chain_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON team.chain
    FOR EACH STATEMENT EXECUTE FUNCTION team.refuse_change();

-- Volatile, so that it sees the chain that the same statement has begun.
CREATE FUNCTION team.owner_of(wanted uuid) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT c.shipped_by FROM team.chain c WHERE c.chain = wanted);
END
$$;

-- Everybody reads everything; a chain belongs to the login role that shipped it first.
ALTER TABLE team.chain ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE team.entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY chain_is_read ON team.chain FOR SELECT USING (true);
CREATE POLICY chain_is_begun ON team.chain FOR INSERT TO masking_console_owner
    WITH CHECK (shipped_by = session_user);
CREATE POLICY entry_is_read ON team.entry FOR SELECT USING (true);
CREATE POLICY entry_is_of_the_chains_owner ON team.entry FOR INSERT
    TO masking_console_operator
    WITH CHECK (
        shipped_by = session_user
        AND team.owner_of(chain) = session_user
    );

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA team FROM PUBLIC;
GRANT EXECUTE ON FUNCTION team.owner_of(uuid) TO masking_console_operator;
GRANT USAGE ON SCHEMA team TO masking_console_operator, masking_console_reader;
GRANT SELECT ON team.version, team.chain, team.entry
    TO masking_console_operator, masking_console_reader;
GRANT INSERT
    (chain, sequence, event, batch_id, session_uuid, content, previous_seal, seal)
    ON team.entry TO masking_console_operator;
