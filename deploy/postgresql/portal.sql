-- What the portal may do in the database, where it has a role of its own: see the shares and write what happens at its pages, no more.
--
--   CREATE ROLE outgate_portal LOGIN PASSWORD '...';                        -- once, as an administrator of PostgreSQL
--   psql --dbname outgate --username outgate --file deploy/postgresql/portal.sql   -- as the owner of the tables; again after an update
--
-- Then, in outgate.toml:
--
--   [portal]
--   database = "postgresql+psycopg://outgate_portal:...@database.example.gov.uk/outgate"
--   keys = "portal-keys"       # a folder with shares-*.key alone
--
-- Kept mail, the outbox, decision records and the audit stay closed to it, and so does what officers ask for. It can only ask for a code, pass a
-- question on, and end a share; the keeper does it.

GRANT USAGE ON SCHEMA public TO outgate_portal;
GRANT SELECT ON share, share_file, share_grant, share_access, share_code, share_intent, portal_session, portal_limit TO outgate_portal;
GRANT UPDATE (used_at) ON share TO outgate_portal;
GRANT UPDATE (opened_at, downloads) ON share_grant TO outgate_portal;
GRANT INSERT, UPDATE (octets, is_whole, ended_at, noted_at) ON share_access TO outgate_portal;
GRANT UPDATE (tries, used_at) ON share_code TO outgate_portal;
GRANT INSERT ON share_intent TO outgate_portal;
GRANT INSERT, UPDATE, DELETE ON portal_session TO outgate_portal;
GRANT INSERT, UPDATE ON portal_limit TO outgate_portal;
