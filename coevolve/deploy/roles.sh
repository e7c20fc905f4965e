#!/bin/sh
# Runs once, when the database folder is made: the owner role (migrations) and the app's role, each with its own password.
set -eu
owner_password="$(cat /run/secrets/database_owner_password)"
app_password="$(cat /run/secrets/database_app_password)"
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set owner_password="$owner_password" --set app_password="$app_password" <<'SQL'
CREATE ROLE coevolve_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE coevolve_app LOGIN PASSWORD :'app_password';
CREATE DATABASE coevolve OWNER coevolve_owner ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'
    LOCALE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE coevolve FROM PUBLIC;
GRANT CONNECT ON DATABASE coevolve TO coevolve_app;
SQL
