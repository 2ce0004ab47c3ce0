# What provisioning/postgres.yaml asks for, as a sidecar does it without
# hyhost: idempotent SQL through one psql. It sets passwords each time, for it
# cannot see whether they differ, and it never looks back at what it did.
# Needs PGHOST, PGPORT, PGUSER, PGPASSWORD and the passwords of the roles.
set -eu

history() {
    for file in provisioning/migrations/app/*.sql; do
        cat <<SQL
SELECT NOT EXISTS (SELECT FROM public.migrations WHERE file = '${file##*/}') AS todo \gset
\if :todo
BEGIN;
SET LOCAL ROLE app_user;
\i $file
RESET ROLE;
INSERT INTO public.migrations VALUES ('${file##*/}');
COMMIT;
\endif
SQL
    done
}

PGOPTIONS='-c client_min_messages=warning' psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres <<SQL
\getenv app_db APP_DB_PASSWORD
\getenv n8n_db N8N_DB_PASSWORD
\getenv keycloak_db KEYCLOAK_DB_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['reporting', 'app_user', 'app_reader', 'n8n', 'keycloak']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE app_user LOGIN CONNECTION LIMIT 20 PASSWORD :'app_db';
ALTER ROLE app_user SET search_path = app;
ALTER ROLE app_user SET statement_timeout = '30s';
ALTER ROLE app_reader LOGIN PASSWORD :'app_db';
GRANT reporting TO app_reader;
ALTER ROLE n8n LOGIN PASSWORD :'n8n_db';
ALTER ROLE keycloak LOGIN PASSWORD :'keycloak_db';

SELECT format('CREATE DATABASE %I OWNER %I %s', name, owner, options)
FROM (VALUES ('app', 'app_user', ''),
             ('n8n', 'n8n', 'TEMPLATE template0 ENCODING ''UTF8'''),
             ('keycloak', 'keycloak', 'TEMPLATE template0 ENCODING ''UTF8''')) AS wanted (name, owner, options)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
ALTER DATABASE app OWNER TO app_user;
ALTER DATABASE n8n OWNER TO n8n;
ALTER DATABASE keycloak OWNER TO keycloak;
GRANT CONNECT ON DATABASE app TO reporting;

\connect app
CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION app_user;
ALTER SCHEMA app OWNER TO app_user;
CREATE TABLE IF NOT EXISTS public.migrations (file text PRIMARY KEY, ran timestamptz NOT NULL DEFAULT now());
$(history)
GRANT USAGE ON SCHEMA app TO reporting;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO reporting;
SQL
