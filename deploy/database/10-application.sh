#!/bin/sh
# Makes the database and its two roles: one owns the tables and is used by migrations alone, the other is the
# application's and owns nothing. Neither is a superuser. Runs when the database is first made; run again, it brings an
# installation with one role to two (docs/operators/upgrade.md).
set -eu
secrets="${SECRETS:-/run/secrets}"
psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres --no-psqlrc --quiet \
    --set owner_password="$(cat "$secrets/database-owner-password")" \
    --set password="$(cat "$secrets/database-password")" <<'SQL'
SELECT 'CREATE ROLE ' || name FROM unnest(ARRAY['holdfast_owner', 'holdfast']) AS name
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE holdfast_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE holdfast_owner SET app.tenant = '*';  -- policies bind him as well, and his backups have all rows
ALTER ROLE holdfast LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'password';
SELECT 'CREATE DATABASE holdfast OWNER holdfast_owner ENCODING ''UTF8'' LOCALE ''C'' TEMPLATE template0'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'holdfast') \gexec
\connect holdfast
REASSIGN OWNED BY holdfast TO holdfast_owner;
REVOKE ALL ON DATABASE holdfast FROM PUBLIC;
GRANT CONNECT ON DATABASE holdfast TO holdfast;
SQL
