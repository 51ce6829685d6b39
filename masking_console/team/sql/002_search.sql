-- Values to search by, taken from the entries. They prove nothing: a console reads the
-- sealed entries of what they name, and matches those once more.

CREATE TABLE team.batch (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain uuid NOT NULL,
    batch_id text COLLATE "C" NOT NULL,
    began_at timestamptz NOT NULL,
    account text COLLATE "C" NOT NULL,
    operators text[] COLLATE "C" NOT NULL,
    tickets text COLLATE "C" NOT NULL,
    words text COLLATE "C" NOT NULL,
    UNIQUE (chain, batch_id)
);
CREATE INDEX batch_by_time ON team.batch (began_at DESC, number DESC);
CREATE INDEX batch_by_id ON team.batch (lower(batch_id));
CREATE INDEX batch_by_account ON team.batch (account, began_at DESC, number DESC);
CREATE INDEX batch_by_operator ON team.batch USING gin (operators);

-- A part of a ticket is found with trigrams, where the server has them.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        CREATE INDEX batch_by_ticket ON team.batch USING gin (tickets public.gin_trgm_ops);
        CREATE INDEX batch_by_words ON team.batch USING gin (words public.gin_trgm_ops);
    END IF;
END
$$;

CREATE TABLE team.session (
    session_uuid text COLLATE "C" NOT NULL,
    batch bigint NOT NULL,
    standing text COLLATE "C" NOT NULL,
    PRIMARY KEY (session_uuid, batch)
);
CREATE INDEX session_by_standing ON team.session (standing, batch);

-- In small letters, whatever locale the database was made with.
CREATE FUNCTION team.lowered(words text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN lower(words COLLATE "und-x-icu");

-- Both are bound to what they call when they are made, and are inlined.
-- The standing after a look that found out nothing: it takes back no proof.
CREATE FUNCTION team.doubted(standing text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN standing IN ('open when looked at', 'not sent') THEN 'unknown'
    ELSE standing
END;

CREATE FUNCTION team.standing_of(event text, outcome text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN event = 'expire.intended' THEN 'unknown'
    WHEN event = 'session.looked' AND outcome IS NULL THEN 'open when looked at'
    WHEN outcome IN (
        'expired', 'already expired', 'not found', 'refused', 'failed',
        'open when looked at', 'not sent'
    ) THEN outcome
    ELSE 'unknown'
END;

CREATE FUNCTION team.take_for_search() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- What arrived is small, and what is there may be large: it is looked up row by row.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off AS $$
BEGIN
    WITH begun AS (
        SELECT a.chain, a.sequence, a.batch_id, a.content::json AS entry
        FROM arrived a WHERE a.event = 'batch.confirmed'
    )
    INSERT INTO team.batch
        (chain, batch_id, began_at, account, operators, tickets, words)
    SELECT chain, batch_id, (entry ->> 'at')::timestamptz,
        team.lowered(coalesce(entry ->> 'account_name', '')),
        array_remove(ARRAY[
            team.lowered(entry ->> 'operator'),
            team.lowered(entry ->> 'sudo_user'),
            team.lowered(entry ->> 'operator_name'),
            team.lowered(session_user::text)
        ], NULL),
        team.lowered(coalesce(entry ->> 'ticket', '')),
        team.lowered(concat_ws(E'\n',
            entry ->> 'ticket', entry ->> 'reason', entry ->> 'account_name',
            entry ->> 'operator', entry ->> 'sudo_user', entry ->> 'operator_name',
            session_user::text
        ))
    FROM begun ORDER BY sequence
    ON CONFLICT DO NOTHING;

    IF EXISTS (SELECT FROM arrived WHERE event = 'batch.ticket_added') THEN
        UPDATE team.batch b SET
            tickets = b.tickets || added.tickets,
            words = b.words || added.words
        FROM (
            SELECT a.chain, a.batch_id,
                string_agg(E'\n' || team.lowered(coalesce(
                    a.content::json ->> 'ticket', '')), '' ORDER BY a.sequence
                ) AS tickets,
                string_agg(E'\n' || team.lowered(concat_ws(E'\n',
                    a.content::json ->> 'ticket', a.content::json ->> 'reason',
                    a.content::json ->> 'operator')), '' ORDER BY a.sequence
                ) AS words
            FROM arrived a WHERE a.event = 'batch.ticket_added'
            GROUP BY a.chain, a.batch_id
        ) added
        WHERE b.chain = added.chain AND b.batch_id = added.batch_id;
    END IF;

    WITH told AS (
        SELECT a.chain, a.batch_id, s.session_uuid, a.sequence, 'not sent' AS standing
        FROM arrived a
        CROSS JOIN LATERAL json_array_elements_text(
            a.content::json -> 'sessions') AS s (session_uuid)
        WHERE a.event = 'batch.confirmed'
        UNION ALL
        SELECT chain, batch_id, session_uuid, sequence,
            team.standing_of(event, content::json ->> 'outcome')
        FROM arrived
        WHERE event IN ('expire.intended', 'expire.unclear', 'session.settled')
            OR event = 'session.looked'
            AND team.standing_of(event, content::json ->> 'outcome') <> 'unknown'
    ), latest AS (
        SELECT DISTINCT ON (chain, batch_id, session_uuid) *
        FROM told ORDER BY chain, batch_id, session_uuid, sequence DESC
    )
    INSERT INTO team.session AS s (session_uuid, batch, standing)
    SELECT l.session_uuid, b.number, l.standing
    FROM latest l JOIN team.batch b USING (chain, batch_id)
    ON CONFLICT (session_uuid, batch) DO UPDATE SET standing = excluded.standing
        WHERE s.standing <> excluded.standing;

    IF EXISTS (SELECT FROM arrived WHERE event = 'session.looked') THEN
        UPDATE team.session s SET standing = team.doubted(s.standing)
        FROM arrived a JOIN team.batch b USING (chain, batch_id)
        WHERE a.event = 'session.looked'
            AND team.standing_of(a.event, a.content::json ->> 'outcome') = 'unknown'
            AND s.session_uuid = a.session_uuid AND s.batch = b.number
            AND NOT EXISTS (
                SELECT FROM arrived later
                WHERE (later.chain, later.batch_id, later.session_uuid)
                    = (a.chain, a.batch_id, a.session_uuid)
                    AND later.sequence > a.sequence
                    AND later.event IN (
                        'expire.intended', 'expire.unclear', 'session.settled',
                        'session.looked')
            );
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER entry_is_searched AFTER INSERT ON team.entry
    REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION team.take_for_search();

REVOKE ALL ON FUNCTION team.take_for_search(), team.doubted(text), team.lowered(text),
    team.standing_of(text, text) FROM PUBLIC;
GRANT SELECT ON team.batch, team.session
    TO masking_console_operator, masking_console_reader;
