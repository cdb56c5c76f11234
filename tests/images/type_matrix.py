"""Values of every type that becomes text or bytes in the archive: usual ones, empty ones, extremes, and what needs quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.settings.archived_types import OF_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXTENSIONS: Final = ("citext", "ltree", "cube", "seg", "intarray", "isn", "hstore")
"""Extensions of the types below, which come with the server."""
# PostGIS and pgvector do not come with the server: types of their names, made of a text, stand in
STAND_INS: Final = "".join(
    f"""CREATE TYPE public.{name};
CREATE FUNCTION public.{name}_in(cstring) RETURNS public.{name} LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION public.{name}_out(public.{name}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE public.{name} (INPUT = public.{name}_in, OUTPUT = public.{name}_out, LIKE = text);
"""
    for name in ("geometry", "geography", "vector", "halfvec", "sparsevec")
)
# What the types below need: an enum in a schema that no search path has, a domain on it, and one on each type that Debezium would change
SETUP: Final = f"""{STAND_INS}
CREATE SCHEMA far;
CREATE TYPE far.mpaa_rating AS ENUM ('G', 'PG-13', 'it''s "R", né\\');
CREATE TYPE public.mood AS ENUM ('calm');
CREATE TYPE public.nothing AS ENUM ();
CREATE DOMAIN public.rated AS far.mpaa_rating;
CREATE DOMAIN public.year AS integer CHECK (VALUE > 1900);
CREATE DOMAIN public.ratio AS double precision;
CREATE DOMAIN public.price AS numeric(10,2);
CREATE DOMAIN public.fair_price AS public.price CHECK (VALUE >= 0);
CREATE DOMAIN public.amount AS numeric;
CREATE DOMAIN public.moment AS timestamp;
CREATE DOMAIN public.day AS date;
CREATE DOMAIN public.instant AS timestamptz;
CREATE DOMAIN public.document AS jsonb;
CREATE DOMAIN public.tags AS text[];
CREATE DOMAIN public.digest AS bytea;
CREATE DOMAIN public.attributes AS hstore;
CREATE TYPE public.pair AS (a integer, b text);
CREATE TYPE public.much AS (n numeric, i interval, t timestamptz, p point, h hstore, r tstzrange, b bytea, d bit(3), m macaddr8, l pg_lsn,
  k int4multirange, x xml, v tsvector, a text[]);
CREATE TYPE public.floatrange AS RANGE (subtype = float8);
"""
OWN: Final = frozenset(
    {
        "far.mpaa_rating",
        "public.rated",
        "public.mood",
        "public.nothing",
        "public.attributes",
        "public.pair",
        "public.much",
        "public.floatrange",
        "public.floatmultirange",
    }
    | set(OF_EXTENSIONS)
)
"""Types that only the database knows, so that the model of a column says that it is archived as text."""
LONG: Final = "né\\'\"{},NULL " * 70_000
_TEXTS: Final = ("", " ", "né 🐘", 'a"b', "a'b", "a\\b", "NULL", "a,b", "{x}", "line\nline\t|", LONG)
_INTERVALS: Final = (
    "0",
    "1 microsecond",
    "-1 microsecond",
    "1 year 2 mons 3 days 04:05:06.789",
    "-1 year 2 mons -3 days 04:05:06.000001",
    "-04:05:06.7",
    "-178000000 years",
    "178000000 years 11 mons 2147483647 days",
    "2147483647:59:59.999999",
    "-2147483647:59:59.999999",
    "P1Y-2MT3M",
    "1.5 seconds",
    "10 days",
)
_DAYS: Final = ("2026-01-02", "0044-03-15 BC", "5874897-12-31")
_MOMENTS: Final = ("2026-01-02 03:04:05.123456", "1500-03-01 00:00:00.000001", "0044-03-15 12:00:00 BC", "infinity")
_INSTANTS: Final = ("2026-01-02 03:04:05.123456+05:30", "1500-03-01 00:00:00+00", "infinity")
_MUCH: Final = (
    '(NaN,infinity,"2026-01-02 03:04:05.1+05:30","(1,0.30000000000000004)","""a""=>""né""","[""2026-01-02 03:04:05+05:30"",)",'
    '"\\\\x00ff",101,08:00:2b:01:02:03:04:05,16/B374D848,"{[1,5)}",<a/>,"\'a\':1","{a,NULL}")'
)

TEXT: Final[Mapping[str, Sequence[str]]] = {
    "char(5)": ("", "a", "né", "12345", " a "),
    "char(1)": ("", "x", "é"),
    "name": ("", "né", 'a"b'),
    "json": ('{"b": 1,  "a": [null, 1.10, 1e400]}', "null", '"né\\u0041"', " 1 ", f'["{"é" * 300_000}"]'),
    "jsonb": ('{"b": 1,  "a": [null, 1.10, 1e300]}', "null", '"né\\u0041"', '"a\\"b\\\\"', f'["{"é" * 300_000}"]'),
    "xml": ("<a b='1'>né &amp; <![CDATA[<]]></a>", "text", "", "<?xml version='1.0'?><a/>"),
    "citext": ("", "MiXed né", "NULL"),
    "hstore": (
        *("", "a=>1", '"b"=>NULL, "a"=>"NULL", ""=>""', '"ccc"=>"1", "bb"=>"2", "é"=>"3", "z"=>"4", "🐘"=>"5"'),
        *(r'"a\"b\\c"=>"d\"e\\f", "x, y"=>"a=>b", " "=>"line\\n"', '"it\'s"=>"{}()[],"', f'a=>"{"é, " * 200_000}"'),
    ),
    "public.attributes": ("", '"b"=>"2", "a"=>"1"'),
    "hstore[]": (r'{"\"b\"=>\"2\", \"a\"=>NULL",NULL}',),
    "geometry": ("0101000020E6100000000000000000F03F0000000000000040",),
    "geography": ("0101000020E6100000000000000000F03F0000000000000040",),
    "vector": ("[1,2.5,-3e-05]",),
    "vector[]": ('{"[1,2]",NULL}',),
    "halfvec": ("[1,2]",),
    "sparsevec": ("{1:1,3:-2.5}/5",),
    "far.mpaa_rating": ("G", "PG-13", 'it\'s "R", né\\'),
    "public.rated": ("G", 'it\'s "R", né\\'),
    "public.mood": ("calm",),
    "public.nothing": (),
    "inet": ("10.0.0.1", "10.0.0.1/8", "::1", "fe80::1/64", "0.0.0.0/0"),
    "cidr": ("10.0.0.0/8", "::/0", "2001:db8::/32"),
    "macaddr": ("08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"),
    "macaddr8": ("08:00:2b:01:02:03:04:05", "08002b:010203"),
    "int4range": ("empty", "[1,5)", "(,)", "[-2147483648,2147483647)"),
    "int8range": ("[-9223372036854775808,)", "[1,2]"),
    "numrange": ("[1.10,2.200)", "(,-1e30]"),
    "daterange": ("[2026-01-01,2026-02-01)", "(-infinity,infinity)", "[0044-03-15 BC,)"),
    "tsrange": ('["2026-01-02 03:04:05.123456",)', "(,infinity)", '["0044-03-15 12:00:00 BC",)'),
    "tstzrange": ('["2026-01-02 03:04:05.123456+05:30",)', "(-infinity,)", '["0044-03-15 12:00:00+00 BC",)'),
    "int4multirange": ("{}", "{[1,3),[5,7)}", "{(,)}"),
    "int8multirange": ("{[1,3)}",),
    "nummultirange": ("{[1.10,2.2],[3,4]}",),
    "datemultirange": ("{[2026-01-01,2026-02-01),[2027-01-01,)}",),
    "tsmultirange": ('{["2026-01-02 03:04:05.1",)}',),
    "tstzmultirange": ('{["2026-01-02 03:04:05.1+05:30",)}',),
    "tsvector": ("", "'né':1A,2 'it''s':3 'a\\\\b'", "a b"),
    "tsquery": ("", "'né' & !'it''s':*A", "a <-> b"),
    "time": ("00:00:00", "24:00:00", "23:59:59.999999", "03:04:05.1"),
    "time(3)": ("03:04:05.1239",),
    "timetz": ("00:00:00+00", "24:00:00-15:59", "23:59:59.999999+05:30", "12:00:00.5+15:59:59"),
    "interval": _INTERVALS,
    "interval year to month": ("1 year 2 mons",),
    "numeric": ("0", "0.000", "1.10", "-1e-30", "1e30", "NaN", "Infinity", "-Infinity", "9" * 500 + "." + "1" * 300, "1e131071"),
    "numeric(39,2)": ("0", "9" * 37 + ".99", "NaN", "-1.5"),
    "numeric(1000,500)": ("9" * 500 + "." + "9" * 500,),
    "numeric(5,-2)": ("12345", "-100", "0", "NaN"),
    "numeric(3,5)": ("0.00123", "-0.00999"),
    "bit(1)": ("0", "1"),
    "bit(9)": ("101010101", "000000000"),
    "varbit": ("", "0", "0110", "1" * 200),
    "varbit(5)": ("", "01"),
    "pg_lsn": ("0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"),
    "xid8": ("0", "18446744073709551615"),
    "txid_snapshot": ("10:20:10,14,15",),
    "pg_snapshot": ("10:20:10,14,15",),
    "ltree": ("", "Top.Science_1.x"),
    "lquery": ("Top.*{1,2}.!a@|b*%",),
    "ltxtquery": ("Europe & Russia*@ & !Transportation",),
    "cube": ("(1)", "(1,0.30000000000000004),(1e+300,-4)", "(0,0)"),
    "seg": ("1.50", "1.0 .. 2.50", "~ 3.0", "1e-05 .."),
    "query_int": ("1&(2|!3)",),
    "ean13": ("9780393040029", "977-1436-452-00-8"),
    "isbn": ("0-393-04002-X", "979-10-90636-07-1"),
    "isbn13": ("978-0-393-04002-9",),
    "ismn": ("979-0-060-11561-5",),
    "ismn13": ("979-0-060-11561-5",),
    "issn": ("1436-4522",),
    "issn13": ("977-1436-452-00-8",),
    "upc": ("220356483481",),
    '"char"': ("", "x"),
    "public.amount": ("1.10", "NaN", "1e40"),
    "public.document": ('{"b": 1,  "a": 2}',),
    "public.tags": ('{a,NULL,"NULL"}',),
    "public.floatrange": ("[0.1,0.30000000000000004)", "empty"),
    "public.floatmultirange": ("{[0.1,0.30000000000000004)}",),
    "public.much": (_MUCH, "(,,,,,,,,,,,,,)"),
    "public.much[]": ("{" + '"' + _MUCH.replace("\\", "\\\\").replace('"', '\\"') + '",NULL}',),
    "public.pair": ('(1,"né, ""x""")', "(,)"),
    "text[]": ("{}", '{a,"b,c","d\\"e","f\\\\g",NULL,"NULL","","né ","{x}"}', "{{a,b},{c,d}}", "[2:3]={x,y}", "{" + "né," * 200_000 + "x}"),
    "varchar(9)[]": ('{"NULL",NULL}',),
    "char(3)[]": ("{a,NULL}",),
    "smallint[]": ("{1,NULL,-32768}",),
    "integer[]": ("{}", "{1,NULL,-2147483648}", "{{1},{2}}"),
    "bigint[]": ("{9223372036854775807}",),
    "boolean[]": ("{t,f,NULL}",),
    "real[]": ("{0.1,1e30,-0,NaN,Infinity,3.4028235e38,1e-45,16777217}",),
    "double precision[]": ("{0.1,1e300,-0,NaN,-Infinity,5e-324,0.30000000000000004}",),
    "numeric[]": ("{1.10,NaN,1e40,Infinity}",),
    "numeric(10,2)[]": ("{1.1,NULL}",),
    "uuid[]": ("{76019d1a-ad2e-4b22-96e9-1a6d6543c818}",),
    "bytea[]": ('{"\\\\x00ff",NULL,""}',),
    "date[]": ("{2026-01-02,infinity,0044-03-15 BC}",),
    "time[]": ("{24:00:00,03:04:05.123456}",),
    "timetz[]": ("{03:04:05.1+05:30}",),
    "timestamp[]": ('{"2026-01-02 03:04:05.123456",infinity,"0044-03-15 12:00:00 BC"}',),
    "timestamptz[]": ('{"2026-01-02 03:04:05.123456+05:30",-infinity}',),
    "interval[]": ('{"1 year 2 mons -04:05:06.7",0,infinity}',),
    "json[]": ('{"{\\"a\\":  1}",NULL}',),
    "jsonb[]": ('{"{\\"a\\":  1}",NULL}',),
    "xml[]": ('{"<a b=\\"1\\"/>"}',),
    "citext[]": ("{A,b}",),
    "inet[]": ("{10.0.0.1/8,::1}",),
    "cidr[]": ("{10.0.0.0/8}",),
    "macaddr[]": ("{08:00:2b:01:02:03}",),
    "macaddr8[]": ("{08:00:2b:01:02:03:04:05}",),
    "int4range[]": ('{"[1,5)",empty}',),
    "tstzrange[]": ('{"[\\"2026-01-02 03:04:05+05:30\\",)"}',),
    "int4multirange[]": ('{"{[1,5)}"}',),
    "bit(3)[]": ("{101,NULL}",),
    "varbit[]": ("{0,0110}",),
    "oid[]": ("{0,4294967295}",),
    "name[]": ("{a,né}",),
    "tsvector[]": ("{\"'a':1\"}",),
    "tsquery[]": ("{\"'a' & 'b'\"}",),
    "pg_lsn[]": ("{16/B374D848}",),
    "xid8[]": ("{18446744073709551615}",),
    "ltree[]": ("{Top.x}",),
    "cube[]": ('{"(1,2)",NULL}',),
    "isbn13[]": ("{978-0-393-04002-9}",),
    "far.mpaa_rating[]": ('{G,"it\'s \\"R\\", né\\\\",NULL}',),
    "public.price[]": ("{1.10,NULL}",),
    "public.moment[]": ('{"2026-01-02 03:04:05.123456"}',),
}
"""Literals of each type whose values become text."""

PLAINLY: Final[Mapping[str, Sequence[str]]] = {
    "smallint": ("-32768", "32767"),
    "integer": ("-2147483648", "2147483647"),
    "bigint": ("-9223372036854775808", "9223372036854775807"),
    "oid": ("0", "4294967295"),
    "boolean": ("t", "f"),
    "real": ("0.1", "-0", "NaN", "Infinity", "3.4028235e38", "1e-45", "16777217"),
    "double precision": ("0.1", "-0", "NaN", "-Infinity", "1.7976931348623157e308", "5e-324", "0.30000000000000004"),
    "text": _TEXTS,
    "varchar(20)": ("", "né 🐘"),
    "uuid": ("76019d1a-ad2e-4b22-96e9-1a6d6543c818",),
}
"""Literals of types that Debezium itself gives exactly."""

BYTES: Final[Mapping[str, Sequence[str]]] = {
    "bytea": ("\\x", "\\x00", "\\x00ff5c27", "\\x" + "c3a9" * 300_000),
    "public.digest": ("\\xdeadbeef",),
}
"""Literals of each type whose values become bytes."""

ALIKE: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "public.year": ("integer", ("2026",)),
    "public.ratio": ("double precision", ("0.1", "5e-324", "0.30000000000000004", "NaN")),
    "public.price": ("numeric(10,2)", ("7.10", "-99999999.99", "NaN")),
    "public.fair_price": ("numeric(10,2)", ("7.10", "99999999.99")),
    "public.moment": ("timestamp", _MOMENTS),
    "public.day": ("date", (*_DAYS, "-infinity")),
    "public.instant": ("timestamptz", _INSTANTS),
}
"""Base type of each domain whose values are no text, and literals: they must arrive as those of a column of the base type."""

DEFAULTS: Final[Mapping[str, str]] = {
    "jsonb": """'{"a": 1}'""",
    "hstore": """'"a"=>NULL'""",
    "json": "'[]'",
    "xml": "'<a/>'",
    "char(5)": "'ab'",
    "name": "'né'",
    "bit(3)": "B'101'",
    "varbit": "B'01'",
    "time": "'03:04:05.123456'",
    "timetz": "'03:04:05+05:30'",
    "interval": "'1 day 02:03:04.5'",
    "numeric": "1.50",
    "numeric(40,2)": "1.50",
    "far.mpaa_rating": "'PG-13'",
    "public.rated": "'G'",
    "text[]": "'{}'",
    "integer[]": "ARRAY[1, 2]",
    "bytea": "'\\x00ff'",
    "inet": "'10.0.0.1'",
    "tstzrange": "'empty'",
    "tsvector": "''",
    "citext": "'x'",
    "public.price": "1.50",
    "public.moment": "'2026-01-02 03:04:05.123456'",
    "public.digest": "'\\x00'",
    "pg_lsn": "'0/1'",
}
"""A default of each of some types, which Debezium parses in its own way or not at all."""
