-- Functions of PostgreSQL for defaults and checks: immutable or stable, one row and one value, of types that columns have.
-- Run by a server of each version: psql -AtX -f pipeline/documents/sql_functions.sql; stack/settings/sql_functions.txt has the lines that all versions share.
WITH families(family, type) AS (
  VALUES ('int', 'smallint'), ('int', 'integer'), ('int', 'bigint'), ('float', 'real'), ('float', 'double precision'),
         ('numeric', 'numeric'), ('bool', 'boolean'), ('text', 'text'), ('text', 'character varying'), ('text', 'name'), ('uuid', 'uuid'),
         ('date', 'date'), ('timestamp', 'timestamp without time zone'), ('timestamptz', 'timestamp with time zone'),
         ('interval', 'interval')
), functions AS (
  SELECT p.*, shown AS arguments
  FROM pg_proc AS p, generate_series(p.pronargs::int - p.pronargdefaults, p.pronargs) AS shown
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
    AND p.provolatile IN ('i', 's')
    -- those that implement an operator, a cast or an index, that read the catalogue, or that fail where a name does not exist
    AND coalesce(obj_description(p.oid, 'pg_proc'), '') !~ '^(implementation of|convert |I/O|less-equal-greater|window|sort support|hash$|internal)'
    AND p.proname !~ '^(pg_|has_|txid_|lo_|hash|inet_|interval_|float[48]|int[248]|text|name|bpchar|varchar|date_|timestamp|uuid_|numeric|network|bool|xml_|d(exp|log|round|trunc)|.*_subdiff)'
    AND p.proname NOT IN ('current_setting', 'current_query', 'row_security_active', 'to_regtype', 'getdatabaseencoding', 'getpgusername', 'like',
      'notlike', 'overlaps', 'to_ascii', 'version')
    AND NOT EXISTS (SELECT FROM pg_amproc AS a WHERE a.amproc = p.oid)
    AND (p.proname = 'substring' OR NOT EXISTS (SELECT FROM pg_get_keywords() AS k WHERE k.word = p.proname AND k.catcode IN ('C', 'R')))
  UNION ALL
  SELECT p.*, p.pronargs::int FROM pg_proc AS p
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN (
    'ascii', 'chr', 'date', 'date_bin', 'date_part', 'date_trunc', 'starts_with', 'to_date', 'to_hex', 'to_number', 'to_timestamp') AND NOT p.proretset
)
SELECT DISTINCT f.proname || '(' || array_to_string(ARRAY(
         SELECT coalesce((SELECT family FROM families WHERE type = format_type(t.type, NULL)), '?')
         FROM unnest(f.proargtypes[0 : f.arguments - 1]) WITH ORDINALITY AS t(type, place) ORDER BY place), ', ') || '): ' ||
       coalesce((SELECT family FROM families WHERE type = format_type(f.prorettype, NULL)), '?')
FROM functions AS f
ORDER BY 1;
