-- The roles and the schema. A lead runs this once, in an empty database of its own, as a
-- superuser or as the database's owner with CREATEROLE.

DO $$
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'the database must be in UTF8';
    END IF;
    -- Owns everything, and cannot log in.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'masking_console_owner') THEN
        CREATE ROLE masking_console_owner NOLOGIN;
    END IF;
    -- Granted to the login role of each operator.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'masking_console_operator') THEN
        CREATE ROLE masking_console_operator NOLOGIN;
    END IF;
    -- Granted to those who read and verify, and ship nothing.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'masking_console_reader') THEN
        CREATE ROLE masking_console_reader NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'masking_console_owner', 'MEMBER') THEN
        EXECUTE format('GRANT masking_console_owner TO %I', current_user);
    END IF;
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
    END IF;
END
$$;
CREATE SCHEMA team AUTHORIZATION masking_console_owner;
