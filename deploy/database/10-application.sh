#!/bin/sh
# Runs once, when the database is first made: a role and a database for the application, which is no superuser.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres --no-psqlrc --quiet \
    --set password="$(cat /run/secrets/database-password)" <<'SQL'
CREATE ROLE holdfast LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE holdfast OWNER holdfast ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
REVOKE ALL ON DATABASE holdfast FROM PUBLIC;
SQL
