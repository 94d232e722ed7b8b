"""What each database role is and may do, step by step, as SQL; `{owner}`, `{reader}` … stand for the roles' names."""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("owner", "writer", "operator", "reader")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One measure: what it is for, its SQL, the roles it needs, and a question that must be true when it is in force.

    The question is for measures where PostgreSQL only warns: a REVOKE by somebody who may not does nothing.
    """

    what: str
    sql: str
    needs: tuple[str, ...] = ROLES
    proof: str | None = None


def _make_role(role: str, options: str) -> str:
    return f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{{role}}}') THEN
        CREATE ROLE {{{role}}} {options};
    END IF;
END
$$;"""


def _on_each_routine(where: str, *orders: str) -> str:
    """SQL that gives each order (`%s`: the routine) for every routine of pg_proc that `where` finds."""
    executed = "\n".join(f"        EXECUTE format('{order}', routine);" for order in orders)
    return f"""
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT oid FROM pg_catalog.pg_proc WHERE {where} LOOP
{executed}
    END LOOP;
END
$$;"""


_MAKING = (
    Step(what="role owner: has the schemas, cannot log in", sql=_make_role("owner", "NOLOGIN"), needs=()),
    Step(what="role writer: the service", sql=_make_role("writer", "LOGIN CONNECTION LIMIT 100"), needs=()),
    Step(what="role operator: asks for re-crawls", sql=_make_role("operator", "LOGIN CONNECTION LIMIT 20"), needs=()),
    Step(what="role reader: reads the views", sql=_make_role("reader", "LOGIN CONNECTION LIMIT 20"), needs=()),
    Step(
        what="writer and operator may act as reader (wirekeep sql)",
        sql="GRANT {reader} TO {writer}, {operator};",
    ),
    Step(
        what="the connected role may act as owner (migrations) and reader",
        sql="""
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AND current_user <> '{owner}' THEN
        EXECUTE format('GRANT {owner}, {reader} TO %I', current_user);
    END IF;
END
$$;""",
        needs=("owner", "reader"),
    ),
)

_OWNING = (
    Step(
        what="nobody else may make schemas or temporary tables in this database",
        sql="""
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;""",
        needs=(),
        proof="""SELECT NOT has_database_privilege('public', current_database(), 'TEMPORARY')
             AND NOT has_database_privilege('public', current_database(), 'CREATE')""",
    ),
    Step(
        what="nobody else may make tables in schema public",
        sql="REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        needs=(),
        proof="SELECT NOT has_schema_privilege('public', 'public', 'CREATE')",
    ),
    Step(
        what="nobody but superusers may make large objects",
        sql=_on_each_routine(
            "pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(lo_.*|loread|lowrite)$'",
            "REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC",
        ),
        needs=(),
        proof="SELECT NOT has_function_privilege('public', 'pg_catalog.lo_from_bytea(oid, bytea)', 'EXECUTE')",
    ),
    Step(
        what="owner has the schemas store, archive and queue and all in them",
        sql="""
DO $$
DECLARE
    thing record;
BEGIN
    IF NOT has_database_privilege('{owner}', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO {owner}', current_database());
    END IF;
    FOR thing IN
        SELECT 0 AS rank, 'SCHEMA' AS kind, format('%I', nspname) AS name
          FROM pg_catalog.pg_namespace
         WHERE nspname IN ('store', 'archive', 'queue') AND nspowner <> '{owner}'::regrole
        UNION ALL
        -- A sequence of an identity or serial column follows its table.
        SELECT 1, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                  ELSE 'TABLE' END, c.oid::regclass::text
          FROM pg_catalog.pg_class AS c
         WHERE relnamespace::regnamespace::text IN ('store', 'archive', 'queue') AND relowner <> '{owner}'::regrole
           AND relkind IN ('r', 'p', 'v', 'm', 'S')
           AND NOT (relkind = 'S' AND EXISTS (
               SELECT FROM pg_catalog.pg_depend AS d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')))
        UNION ALL
        SELECT 2, 'ROUTINE', oid::regprocedure::text
          FROM pg_catalog.pg_proc
         WHERE pronamespace::regnamespace::text IN ('store', 'archive', 'queue') AND proowner <> '{owner}'::regrole
        UNION ALL
        SELECT 3, 'TYPE', t.oid::regtype::text
          FROM pg_catalog.pg_type AS t LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
         WHERE typnamespace::regnamespace::text IN ('store', 'archive', 'queue') AND typowner <> '{owner}'::regrole
           AND (typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
         ORDER BY 1
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO {owner}', thing.kind, thing.name);
    END LOOP;
END
$$;""",
        needs=("owner",),
    ),
)

_GRANTING = (
    Step(
        what="the roles may connect, and see the schemas they work in",
        sql="""
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {writer}, {operator}, {reader}', current_database());
END
$$;
GRANT USAGE ON SCHEMA archive TO {writer}, {operator}, {reader};
GRANT USAGE ON SCHEMA store, queue TO {writer}, {operator};""",
    ),
    Step(
        what="writer changes rows, not tables",
        sql="""
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA store, queue TO {writer};
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA store, queue TO {writer};
REVOKE INSERT, UPDATE, DELETE ON store.schema_version, store.queue_migration FROM {writer};
GRANT SELECT ON ALL TABLES IN SCHEMA archive TO {writer};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA store, queue
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {writer};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA store, queue GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {writer};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA archive GRANT SELECT ON TABLES TO {writer};""",
        needs=("owner", "writer"),
    ),
    Step(
        what="operator reads everything",
        sql="""
GRANT SELECT ON ALL TABLES IN SCHEMA archive, store, queue TO {operator};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA archive, store, queue GRANT SELECT ON TABLES TO {operator};""",
        needs=("owner", "operator"),
    ),
    Step(
        what="reader reads the views of schema archive",
        sql="""
GRANT SELECT ON ALL TABLES IN SCHEMA archive TO {reader};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA archive GRANT SELECT ON TABLES TO {reader};""",
        needs=("owner", "reader"),
    ),
    Step(
        what="functions that change something are for operator and writer only",
        # A view calls functions with its reader's rights: those of schema store stay open, for who can name them.
        sql="""
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA archive, queue FROM PUBLIC;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA archive TO {operator}, {writer};
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA store, queue TO {writer};"""
        + _on_each_routine(
            "pronamespace = 'archive'::regnamespace AND provolatile <> 'v'", "GRANT EXECUTE ON ROUTINE %s TO {reader}"
        )
        + """
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA archive GRANT EXECUTE ON ROUTINES TO {operator}, {writer};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA store GRANT EXECUTE ON ROUTINES TO {operator}, {writer}, {reader};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA queue GRANT EXECUTE ON ROUTINES TO {writer};""",
    ),
)

_LIMITING = (
    Step(
        what="nobody but owner and writer may take advisory locks: crawls and migrations wait by them",
        # EXECUTE is PUBLIC's on each of them, and a session holds such a lock as long as it likes: a reader would keep
        # every crawl waiting, and the next migration.
        sql=_on_each_routine(
            "pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_(xact_)?lock'",
            "GRANT EXECUTE ON FUNCTION %s TO {owner}, {writer}",
            "REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC",
        ),
        needs=("owner", "writer"),
        proof="SELECT NOT has_function_privilege('public', 'pg_catalog.pg_advisory_lock(bigint)', 'EXECUTE')",
    ),
    Step(
        what="reader: read-only by default, 60 s a statement",
        sql="""
ALTER ROLE {reader} SET default_transaction_read_only = on;
ALTER ROLE {reader} SET statement_timeout = '60s';
ALTER ROLE {reader} SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE {reader} SET search_path = archive;""",
        needs=("reader",),
    ),
    Step(
        what="operator: 60 s a statement",
        sql="""
ALTER ROLE {operator} SET statement_timeout = '60s';
ALTER ROLE {operator} SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE {operator} SET search_path = archive;""",
        needs=("operator",),
    ),
    Step(
        what="reader and operator: at most 1 GB of temporary files",
        sql="""
ALTER ROLE {reader} SET temp_file_limit = '1GB';
ALTER ROLE {operator} SET temp_file_limit = '1GB';""",
        needs=("reader", "operator"),
    ),
)

STEPS = (*_MAKING, *_OWNING, *_GRANTING, *_LIMITING)
