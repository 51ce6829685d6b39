-- The entries of all consoles. Each journal is a chain of its own: its sealed rows come
-- unchanged, and only the login role that began the chain may add to it.

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
    -- The server's own: no seal covers them, and no operator can set them.
    shipped_by text NOT NULL DEFAULT session_user,
    shipped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (chain, sequence),
    CONSTRAINT entry_is_sealed CHECK (seal = encode(
        sha256(convert_to(previous_seal || E'\n' || content, 'UTF8')), 'hex')),
    CONSTRAINT entry_says_its_columns CHECK (
        event = content::json ->> 'event'
        AND batch_id = coalesce(content::json ->> 'batch_id', '')
        AND session_uuid = coalesce(content::json ->> 'session_uuid', ''))
);
-- The batch first: planned while the table is empty, a search by chain and sequence would
-- otherwise take this index, and read the whole chain.
CREATE INDEX entry_by_batch ON team.entry (batch_id, chain, sequence);
CREATE INDEX entry_outside_batches ON team.entry (session_uuid)
    WHERE batch_id = '' AND session_uuid <> '';

-- Begins a chain in the name of whoever is logged in.
CREATE FUNCTION team.begin_chain(new_chain uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO team.chain (chain) VALUES (new_chain) ON CONFLICT DO NOTHING
$$;

-- Refuses what does not follow the entry before it. What was there already is not among
-- the arrived: two consoles on one journal may ship the same rows.
CREATE FUNCTION team.check_links() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- What arrived is small, and what is there may be large: it is looked up row by row.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off AS $$
DECLARE
    broken bigint;
BEGIN
    SELECT a.sequence INTO broken
    FROM arrived a
    LEFT JOIN team.entry b ON b.chain = a.chain AND b.sequence = a.sequence - 1
    WHERE a.previous_seal IS DISTINCT FROM
        CASE WHEN a.sequence = 1 THEN repeat('0', 64) ELSE b.seal END
    ORDER BY a.sequence LIMIT 1;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'entry % does not follow the one before it', broken
            USING ERRCODE = 'MC001';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER entry_follows AFTER INSERT ON team.entry
    REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION team.check_links();

CREATE FUNCTION team.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'team.% is append-only', TG_TABLE_NAME USING ERRCODE = 'MC002';
END
$$;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON team.entry
    FOR EACH STATEMENT EXECUTE FUNCTION team.refuse_change();
CREATE TRIGGER chain_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON team.chain
    FOR EACH STATEMENT EXECUTE FUNCTION team.refuse_change();

-- Everybody reads everything; a chain belongs to the login role that began it.
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
        -- One query for all rows of a statement.
        AND chain = ANY (ARRAY(
            SELECT c.chain FROM team.chain c WHERE c.shipped_by = session_user))
    );

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA team FROM PUBLIC;
GRANT USAGE ON SCHEMA team TO masking_console_operator, masking_console_reader;
GRANT EXECUTE ON FUNCTION team.begin_chain(uuid) TO masking_console_operator;
GRANT SELECT ON team.version, team.chain, team.entry
    TO masking_console_operator, masking_console_reader;
GRANT INSERT
    (chain, sequence, event, batch_id, session_uuid, content, previous_seal, seal)
    ON team.entry TO masking_console_operator;
