"""What is in a database of PostgreSQL, and how it is made clean again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from crossnotes.targets import TargetError

#: What is not of a page: PostgreSQL's own, and what it keeps for long values and for sessions.
_OURS = """
WITH mine AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
)
"""

#: Each asks for a kind of thing that may be defined: its name, then all that defines it.
_SCHEMA = (
    "SELECT 'schema', nspname, nspowner::regrole, nspacl FROM pg_namespace "
    "WHERE oid IN (SELECT oid FROM mine)",
    "SELECT 'relation', oid::regclass, relkind, relpersistence, relowner::regrole, relacl, "
    "reloptions, relrowsecurity, relreplident, relispartition, "
    "CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END "
    "FROM pg_class WHERE relnamespace IN (SELECT oid FROM mine)",
    "SELECT 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), "
    "attnotnull, attidentity, attgenerated, attcollation::regcollation, attstattarget, "
    "(SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef "
    " WHERE adrelid = attrelid AND adnum = attnum) "
    "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
    "WHERE relnamespace IN (SELECT oid FROM mine) AND relkind NOT IN ('i', 'I') AND attnum > 0 "
    "AND NOT attisdropped",
    "SELECT 'index', indexrelid::regclass, indisvalid, pg_get_indexdef(indexrelid) FROM pg_index "
    "JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace IN (SELECT oid FROM mine)",
    "SELECT 'constraint', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid) "
    "FROM pg_constraint WHERE connamespace IN (SELECT oid FROM mine)",
    "SELECT 'routine', oid::regprocedure, prokind, prosrc, proconfig, proacl FROM pg_proc "
    "WHERE pronamespace IN (SELECT oid FROM mine)",
    "SELECT 'trigger', tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid) "
    "FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT 'type', oid::regtype, typtype, typdefault, "
    "(SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum "
    " WHERE enumtypid = pg_type.oid) "
    "FROM pg_type WHERE typnamespace IN (SELECT oid FROM mine)",
    "SELECT 'sequence', seqrelid::regclass, seqstart, seqincrement, seqmax, seqmin, seqcache, "
    "seqcycle FROM pg_sequence",
    "SELECT 'extension', extname, extversion FROM pg_extension",
    "SELECT 'policy', polrelid::regclass, polname, polcmd, pg_get_expr(polqual, polrelid) "
    "FROM pg_policy",
    "SELECT 'rule', ev_class::regclass, rulename, pg_get_ruledef(pg_rewrite.oid) FROM pg_rewrite "
    "JOIN pg_class c ON c.oid = ev_class WHERE relnamespace IN (SELECT oid FROM mine)",
    "SELECT 'collation', collname, collcollate FROM pg_collation "
    "WHERE collnamespace IN (SELECT oid FROM mine)",
    "SELECT 'event trigger', evtname, evtenabled FROM pg_event_trigger",
    "SELECT 'publication', pubname, puballtables FROM pg_publication",
    "SELECT 'foreign server', srvname, srvoptions FROM pg_foreign_server",
    "SELECT 'comment', classoid::regclass, objoid, objsubid, description FROM pg_description "
    "WHERE objoid >= 16384",
    "SELECT 'default right', defaclnamespace::regnamespace, defaclobjtype, defaclacl "
    "FROM pg_default_acl",
    "SELECT 'database setting', setrole::regrole, setconfig, 1 FROM pg_db_role_setting "
    "WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
)

#: Extensions first, then schemas, then what is in the schema public: with it goes what needs it.
CONTENTS = """
WITH kinds(relkind, kind) AS (
  VALUES ('r'::"char", 'TABLE'), ('p', 'TABLE'), ('v', 'VIEW'), ('m', 'MATERIALIZED VIEW'),
         ('S', 'SEQUENCE'), ('f', 'FOREIGN TABLE')
), things AS (
  SELECT 1 AS place, 'EXTENSION' AS kind, quote_ident(extname) AS name
  FROM pg_extension WHERE extname <> 'plpgsql'
  UNION ALL
  SELECT 2, 'SCHEMA', quote_ident(nspname) FROM pg_namespace
  WHERE nspname NOT IN ('public', 'information_schema') AND nspname !~ '^pg_'
  UNION ALL
  SELECT 3, kind, oid::regclass::text FROM pg_class JOIN kinds USING (relkind)
  WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 4, 'ROUTINE', oid::regprocedure::text FROM pg_proc
  WHERE pronamespace = 'public'::regnamespace
  UNION ALL
  SELECT 5, 'TYPE', oid::regtype::text FROM pg_type
  WHERE typnamespace = 'public'::regnamespace AND typtype IN ('c', 'd', 'e', 'm', 'r')
    AND typrelid NOT IN (SELECT oid FROM pg_class WHERE relkind <> 'c')
)
SELECT lower(kind) || ' ' || name, 'DROP ' || kind || ' IF EXISTS ' || name || ' CASCADE'
FROM things ORDER BY place, name
"""

_TABLES = _OURS + (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') "
    "AND relnamespace IN (SELECT oid FROM mine) ORDER BY 1"
)

#: How many there were; it does not wait for their end, which the server does in steps of 100 ms.
_END_SESSIONS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

#: Seconds that a statement may wait for somebody's lock, and that sessions have to end.
_PATIENCE = 10


class PostgreSQLCaretaker:
    """Looks after one database, over a connection of its own."""

    def __init__(self, connection: AbstractContextManager[Any]) -> None:
        self._stack = contextlib.ExitStack()
        self._cursor = self._stack.enter_context(connection)
        self._do(f"SET lock_timeout = '{_PATIENCE}s'")
        self._fingerprint = _OURS + " UNION ALL ".join(
            f"SELECT '{place:02}' || t::text AS line FROM ({query}) AS t"
            for place, query in enumerate(_SCHEMA)
        )
        self._fingerprint = (
            "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) "
            f"FROM ({self._fingerprint}) AS everything"
        )
        self._tables: list[str] = []

    def _do(self, statement: str) -> list[Any]:
        import psycopg

        try:
            self._cursor.execute(statement)
            return list(self._cursor.fetchall()) if self._cursor.description else []
        except psycopg.Error as error:
            words = " ".join(str(error).split())
            raise TargetError(f"cleaning a database failed: {words}") from error

    def end_sessions(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self._do(_END_SESSIONS) != [(0,)] and time.monotonic() < deadline:
            time.sleep(0.002)
        for (name,) in self._do(
            "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
        ):
            quoted = name.replace("'", "''")
            self._do(f"ROLLBACK PREPARED '{quoted}'")

    def schema(self) -> str:
        ((found,),) = self._do(self._fingerprint)
        self._tables = [name for (name,) in self._do(_TABLES)]
        return str(found)

    def things(self) -> Mapping[str, str]:
        return dict(self._do(CONTENTS))

    def drop(self, statements: Collection[str]) -> None:
        for statement in statements:
            self._do(statement)

    def rows(self) -> Mapping[str, str]:
        parts = [
            f"SELECT {_quoted(name)}, md5(string_agg(row, E'\\n' ORDER BY row)) "
            f"FROM (SELECT t::text AS row FROM {name} AS t ORDER BY 1 LIMIT 2000) AS rows"
            for name in self._tables
        ]
        parts += [
            "SELECT 'sequence ' || schemaname || '.' || sequencename, last_value::text "
            "FROM pg_sequences",
            "SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata",
        ]
        return {name: str(said) for name, said in self._do(" UNION ALL ".join(parts))}

    def empty(self, tables: Collection[str]) -> None:
        names = [name for name in tables if name in self._tables]
        if names:
            self._do(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
        for name in tables:
            if name.startswith("sequence "):
                self._do(f"ALTER SEQUENCE {name.removeprefix('sequence ')} RESTART")

    def close(self) -> None:
        self._stack.close()


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


#: Roles, databases, what replicates, and settings of the server: these change with files that it
#: reads when told.
SETTINGS = """
SELECT 'role ' || rolname, t::text FROM pg_authid AS t
UNION ALL SELECT 'membership ' || roleid || ' ' || member, t::text FROM pg_auth_members AS t
UNION ALL SELECT 'database ' || datname, t::text FROM
  (SELECT datname, datdba, datistemplate, datallowconn, datconnlimit, datacl FROM pg_database) AS t
UNION ALL SELECT 'settings', pg_conf_load_time()::text
UNION ALL SELECT 'ALTER SYSTEM', pg_stat_file('postgresql.auto.conf')::text
UNION ALL SELECT 'setting of ' || setrole || ' ' || setdatabase, setconfig::text
  FROM pg_db_role_setting
UNION ALL SELECT 'tablespace ' || spcname, t::text FROM pg_tablespace AS t
UNION ALL SELECT 'prepared transaction ' || gid, database FROM pg_prepared_xacts
UNION ALL SELECT 'replication slot ' || slot_name, slot_type FROM pg_replication_slots
UNION ALL SELECT 'replication origin ' || roname, roident::text FROM pg_replication_origin
UNION ALL SELECT 'subscription ' || subname, subdbid::text FROM pg_subscription
UNION ALL SELECT 'comment ' || classoid::regclass || ' ' || objoid, description
  FROM pg_shdescription
"""
