-- Anchors: one seal over the heads of all chains, each sealing the anchor before.
-- Consoles write the newest into their own entries. So neither an operator nor the
-- owner of the database can rewrite a chain alone.

CREATE TABLE team.anchor (
    sequence bigint PRIMARY KEY,
    content text NOT NULL,
    previous_seal text COLLATE "C" NOT NULL,
    seal text COLLATE "C" NOT NULL,
    anchored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    anchored_by text NOT NULL DEFAULT session_user
);

-- The heads that an anchor names; a copy, to find the changed ones quickly.
CREATE TABLE team.anchored_head (
    chain uuid NOT NULL,
    anchor bigint NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (chain, anchor)
);

CREATE FUNCTION team.make_anchor(gap_seconds integer, OUT sequence bigint, OUT seal text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last team.anchor;
    changed json;
    text_of text;
BEGIN
    PERFORM pg_advisory_xact_lock(7300, 20);
    SELECT * INTO last FROM team.anchor a ORDER BY a.sequence DESC LIMIT 1;
    sequence := coalesce(last.sequence, 0);
    seal := coalesce(last.seal, repeat('0', 64));
    IF last.anchored_at > clock_timestamp() - make_interval(secs => gap_seconds) THEN
        RETURN;
    END IF;
    SELECT json_agg(json_build_array(c.chain, head.sequence, head.seal) ORDER BY c.chain)
    INTO changed
    FROM team.chain c
    CROSS JOIN LATERAL (
        SELECT e.sequence, e.seal FROM team.entry e WHERE e.chain = c.chain
        ORDER BY e.sequence DESC LIMIT 1
    ) head
    LEFT JOIN LATERAL (
        SELECT h.sequence FROM team.anchored_head h WHERE h.chain = c.chain
        ORDER BY h.anchor DESC LIMIT 1
    ) anchored ON true
    WHERE anchored.sequence IS DISTINCT FROM head.sequence;
    IF changed IS NULL THEN
        RETURN;
    END IF;
    text_of := json_build_object(
        'anchor', sequence + 1,
        'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'heads', changed
    )::text;
    INSERT INTO team.anchor AS a (sequence, content, previous_seal, seal)
    VALUES (
        make_anchor.sequence + 1, text_of, make_anchor.seal,
        encode(sha256(convert_to(make_anchor.seal || E'\n' || text_of, 'UTF8')), 'hex')
    ) RETURNING a.sequence, a.seal INTO make_anchor.sequence, make_anchor.seal;
    INSERT INTO team.anchored_head (chain, anchor, sequence)
    SELECT (head ->> 0)::uuid, make_anchor.sequence, (head ->> 1)::bigint
    FROM json_array_elements(changed) AS h (head);
END
$$;

CREATE TRIGGER anchor_is_never_changed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON team.anchor
    FOR EACH STATEMENT EXECUTE FUNCTION team.refuse_change();
CREATE TRIGGER anchored_head_is_never_changed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON team.anchored_head
    FOR EACH STATEMENT EXECUTE FUNCTION team.refuse_change();

REVOKE ALL ON FUNCTION team.make_anchor(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION team.make_anchor(integer) TO masking_console_operator;
GRANT SELECT ON team.anchor, team.anchored_head
    TO masking_console_operator, masking_console_reader;
