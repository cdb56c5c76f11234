"""Forms of the credentials that issuers give out, as their documents show them: a beginning, and the whole."""

from __future__ import annotations

import re
from typing import Final

# Letters of both cases and digits, as chance mixes them and no name does.
_MIXED = r"(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_END = r"(?![A-Za-z0-9])"


def _each(beginnings: str, form: str) -> dict[str, str]:
    return dict.fromkeys(beginnings.split(), form)


# Clouds, registries of code and packages, and services of databases and messages
_OF_CLOUDS: Final = {
    **_each("AKIA ASIA ABIA ACCA", rf"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{{16}}{_END}"),
    "ABSK": r"ABSK[A-Za-z0-9+/]{100,300}={0,2}",
    "bedrock-api-key-": r"bedrock-api-key-[A-Za-z0-9+/=]{40,4000}",
    "LTAI": rf"LTAI[A-Za-z0-9]{{16,24}}{_END}",
    "AKID": rf"AKID[A-Za-z0-9]{{32}}{_END}",
    "GOOG1": r"GOOG1[A-Z0-9]{20,60}",
    "Q~": r"(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])",
    "AQVN": r"AQVN[\w-]{35,38}(?![\w-])",
    "t1.": r"t1\.[\w-]{20,400}\.[\w-]{80,90}={0,2}",
    "y0_": r"y0_[\w-]{50,80}",
    **_each("dop_v1_ doo_v1_ dor_v1_", r"do[por]_v1_[0-9a-f]{32,80}"),
    "v1.0-": r"v1\.0-[0-9a-f]{24}-[0-9a-f]{100,160}",
    **_each("fo1_ fm1a_ fm1r_ fm2_", r"f(?:o1|m1[ar]|m2)_[\w+/-]{40,1000}={0,3}"),
    "HRKU-AA": r"HRKU-AA[\w-]{50,70}",
    "tk-us-": r"tk-us-[\w-]{48}",
    "rnd_": rf"rnd_{_MIXED}[A-Za-z0-9]{{28,40}}{_END}",
    "nfp_": r"nfp_[A-Za-z0-9]{36,44}",
    **_each("sbp_ sb_secret_", r"sb(?:p_[0-9a-f]{40}|_secret_[\w-]{20,60})"),
    "napi_": r"napi_[a-z0-9]{60,70}",
    **_each("pscale_tkn_ pscale_oauth_ pscale_pw_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64}"),
    "mdb_sa_sk_": r"mdb_sa_sk_[\w-]{36,44}",
    "4b1d": rf"4b1d(?=[A-Za-z0-9]*[G-Zg-z])[A-Za-z0-9]{{38}}{_END}",
    "AVNS_": r"AVNS_[\w-]{16,40}",
    "cflt": rf"cflt[A-Za-z0-9+/]{{60}}{_END}",
    **_each("dapi dose", r"d(?:api|ose)[0-9a-f]{32}(?![0-9a-f])"),
    **_each("dckr_pat_ dckr_oat_", r"dckr_[po]at_[\w-]{20,60}"),
    "oy2": rf"oy2[a-z0-9]{{43}}{_END}",
    "CLOJARS_": r"CLOJARS_[a-z0-9]{60}",
    "AKCp": r"AKCp[A-Za-z0-9]{50,80}",
    "cmVmdGtu": r"cmVmdGtu[A-Za-z0-9]{40,70}",
    "sha256~": r"sha256~[\w-]{43}(?![\w-])",
    "token-": r"token-[a-z0-9]{5}:[a-z0-9]{54}",
    "pcsk_": r"pcsk_\w{60,90}",
    "essu_": r"essu_[A-Za-z0-9+/=]{40,200}",
}
# Keepers of secrets, and what builds, runs and watches
_OF_TOOLS: Final = {
    **_each(
        "dp.pt. dp.st. dp.ct. dp.sa. dp.said. dp.scim. dp.audit.",
        r"dp\.(?:pt|st|ct|sa|said|scim|audit)\.(?:[\w-]{2,64}\.)?[A-Za-z0-9]{40,44}",
    ),
    "A3-": r"A3-[A-Z0-9]{6}-[A-Z0-9]{6}-?[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3}(?![A-Z0-9])",
    "ops_eyJ": r"ops_eyJ[\w+/-]{100,4000}={0,3}",
    **_each("hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{20,300}"),
    "s.": rf"(?<![\w.])s\.{_MIXED}[A-Za-z0-9]{{24}}(?![\w.(])",
    ".atlasv1.": r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}",
    **_each("glpat- gldt- glrt- glcbt- glptt- glsoat-", r"gl(?:pat|dt|rt|cbt|ptt|soat)-[\w.-]{16,255}"),
    **_each("glffct- glft- glimt- glagent- gloas- glwt-", r"gl(?:ffct|ft|imt|agent|oas|wt)-[\w-]{16,255}"),
    "GR1348941": r"GR1348941[\w-]{16,60}",
    "_gitlab_session=": r"_gitlab_session=[0-9a-z]{32}",
    **_each("ATBB ATTA", r"AT(?:BB[A-Za-z0-9]{28,40}|TA[0-9a-f]{60,80})"),
    "ATCTT3": r"ATCTT3[\w=-]{30,300}",
    **_each("CCIPAT_ CCIPRJ_", r"CCIP(?:AT|RJ)_\w{20,100}"),
    **_each("pat. sat.", r"[ps]at\.[\w-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}"),
    "bkua_": r"bkua_[0-9a-f]{40}",
    **_each("squ_ sqp_ sqa_", r"sq[upa]_[0-9a-f]{40}"),
    **_each("sgp_", r"sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}"),
    **_each("pnu_ pnb_", rf"pn[ub]_[A-Za-z0-9]{{36}}{_END}"),
    "API-": r"API-(?=[A-Z]*\d)[A-Z0-9]{26}(?![A-Z0-9])",
    "ico-": rf"ico-{_MIXED}[A-Za-z0-9]{{32}}{_END}",
    "dt0": r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
    "eyJrIjoi": r"eyJrIjoi[A-Za-z0-9]{60,400}={0,3}",
    "glc_": r"glc_[A-Za-z0-9+/]{32,400}={0,3}",
    "sntryu_": r"sntryu_[0-9a-f]{64}",
    **_each("NRAK- NRII- NRIQ-", r"NR(?:AK|II|IQ)-[\w-]{20,40}"),
    **_each("hcaik_ hcxik_ hcbik_ hcalk_ hcxlk_ hcamk_ hcxmk_", r"hc[abx][ilm]k_[a-z0-9]{26,64}"),
    "phx_": r"phx_[A-Za-z0-9]{40,60}",
    **_each("sm_aat_ sm_pat_ sm_sat_", rf"sm_[aps]at_{_MIXED}[A-Za-z0-9]{{16}}{_END}"),
    "ZXlK": r"ZXlK[\w+/-]{80,8000}={0,2}",
}
# Payment, mail, text models and everything else that people subscribe to
_OF_SERVICES: Final = {
    **_each("sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_", r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,255}"),
    **_each("xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxe. xoxe-", r"xox[bpareso][-.][A-Za-z0-9.-]{10,255}"),
    "xwfp-": r"xwfp-\d{8,15}-[A-Za-z0-9-]{10,255}",
    **_each("shpat_ shpss_ shpca_ shppa_ shpua_", r"shp(?:at|ss|ca|pa|ua)_[0-9a-fA-F]{32}"),
    **_each("EAAC EAAM", r"EAA[CM][A-Za-z0-9]{30,400}"),
    "EAAA": r"EAAA[\w-]{60}(?![\w-])",
    **_each("EZAK EZTK", r"EZ[AT]K[A-Za-z0-9]{54}"),
    "FLWSECK": r"FLWSECK(?:_TEST)?-[0-9A-Za-z]{12,60}(?:-X)?",
    "duffel_": r"duffel_(?:test|live)_[\w=-]{40,60}",
    "shippo_": r"shippo_(?:live|test)_[0-9a-fA-F]{40}",
    "access-": rf"access-(?:sandbox|development|production)-{_UUID}",
    "access_token$": r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",
    **_each("xkeysib- xsmtpsib-", r"x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    "-us": r"(?<![0-9A-Za-z])[0-9a-f]{32}-us\d{1,2}(?![\w-])",
    "re_": rf"re_[A-Za-z0-9]{{8}}_{_MIXED}[A-Za-z0-9]{{24}}{_END}",
    "SK": r"(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![0-9A-Za-z])",
    "gsk_": r"gsk_[A-Za-z0-9]{48,56}",
    "xai-": r"xai-[A-Za-z0-9]{70,90}",
    "pplx-": r"pplx-[A-Za-z0-9]{48}",
    "r8_": rf"r8_{_MIXED}[A-Za-z0-9]{{37}}{_END}",
    "api_org_": rf"api_org_[A-Za-z]{{34}}{_END}",
    **_each("lsv2_pt_ lsv2_sk_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    "ntn_": r"ntn_\d{11}[A-Za-z0-9]{35}",
    "secret_": rf"secret_{_MIXED}[A-Za-z0-9]{{43}}{_END}",
    "figd_": r"figd_[\w-]{38,48}",
    "fio-u-": r"fio-u-[\w=-]{60,70}",
    "pat": r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",
    "CFPAT-": r"CFPAT-[\w-]{43}",
    "tfp_": r"tfp_[\w.=-]{59}",
    "sl.": r"sl\.(?:u\.)?[\w-]{120,2000}",
    "rdme_": r"rdme_[a-z0-9]{70}",
    "p8e-": rf"p8e-[\w-]{{32}}{_END}",
    "s-s4t2": r"s-s4t2(?:ud|af)-[0-9a-f]{64}",
    "_mmk": r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk",
    "waka_": rf"waka_{_UUID}",
    **_each("lin_api_ lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{30,70}"),
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9_]{16,255}"),
    "github_pat_": r"github_pat_\w{20,255}",
    "whsec_": r"whsec_[A-Za-z0-9+/=]{16,255}",
    "xapp-": r"xapp-[A-Za-z0-9-]{10,255}",
    "hooks.slack.com/services/": r"hooks\.slack\.com/services/[\w/]{20,255}",
    "AIza": r"AIza[\w-]{30,60}",
    "ya29.": r"ya29\.[\w-]{20,2000}",
    "GOCSPX-": r"GOCSPX-[\w-]{20,60}",
    "eyJ": r"eyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,8000}){0,3}",
    "SG.": r"SG\.[\w-]{16,40}\.[\w-]{16,80}",
    "npm_": r"npm_[A-Za-z0-9]{30,60}",
    "pypi-": r"pypi-[\w-]{40,400}",
    "sk-": r"sk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,255}",
    "hf_": r"hf_[A-Za-z0-9]{30,60}",
    "glsa_": r"glsa_\w{30,80}",
    "pul-": r"pul-[0-9a-f]{40}",
    "sntrys_": r"sntrys_[\w=+/-]{30,300}",
    "key-": r"key-[0-9a-f]{32}(?![0-9a-f])",
    "AGE-SECRET-KEY-": r"AGE-SECRET-KEY-1[A-Z0-9]{20,80}",
    "ATATT3": r"ATATT3[\w=-]{30,300}",
    "rubygems_": r"rubygems_[0-9a-f]{40,60}",
    "tskey-": r"tskey-[\w-]{20,100}",
    "PMAK-": r"PMAK-[0-9a-f-]{40,80}",
    "sq0": r"sq0(?:atp|csp)-[\w-]{20,60}",
    "AAAA": r"AAAA[\w-]{7}:[\w-]{100,200}",
    "LS0tLS1CRUdJTi": r"LS0tLS1CRUdJTi(?:BSU0EgU|BQUklW|BFQyBQ|BPUEVOU1NI|BFTkNS|BEU0Eg|BQR1AgUFJJ)[\w+/=]{1,20000}",
    "/api/webhooks/": r"/api/webhooks/\d{5,25}/[\w-]{20,200}",
    "/IncomingWebhook/": rf"/IncomingWebhook/[0-9a-f]{{32}}/{_UUID}",
    ".webhook.office.com/": r"\.webhook\.office\.com/webhookb?2?/[\w@/-]{40,400}",
    "PuTTY-User-Key-File-": r"PuTTY-User-Key-File-\d:(?:(?!PuTTY-User-Key-File-)[\s\S]){0,40000}?"
    r"(?:Private-(?:MAC|Hash):[ \t]*[0-9a-fA-F]+|\Z)"
    r"|PuTTY-User-Key-File-.*",
    ":AA": r"\d{8,10}:AA[\w-]{30,40}",
    # Oracle: user/password@//host
    "@//": r"(?<![\w/.:@-])[A-Za-z]\w{0,29}/[^\s@/\"':${}<>]{4,60}@//[\w.-]+",
    ":thin:": r":thin:[\w.]{1,60}/[^\s@/]{1,100}@",
    # hashes of passwords, which can be guessed offline
    "$apr1$": r"\$apr1\$[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{16,40}",
    **dict.fromkeys(("$2a$", "$2b$", "$2y$"), r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{40,60}"),
    **dict.fromkeys(("$1$", "$5$", "$6$", "$y$"), r"\$[156y]\$[^\s$:]{1,40}\$(?:[^\s$:]{1,40}\$)?[./A-Za-z0-9]{20,90}"),
    "$argon2": r"\$argon2(?:id|i|d)\$[\w$=,+/.-]{20,300}",
    "pbkdf2_sha": r"pbkdf2_sha\d+\$\d+\$[\w+/=$.-]{16,200}",
    "SCRAM-SHA-": r"SCRAM-SHA-\d+\$\d+:[\w+/=$:]{20,300}",
    **dict.fromkeys(
        ("{SSHA", "{SHA", "{MD5", "{SMD5", "{CRYPT", "{PBKDF2"), r"\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2\S{0,10})\}[\w+/=.$]{8,300}"
    ),
}
_ISSUED: Final = {**_OF_CLOUDS, **_OF_TOOLS, **_OF_SERVICES}
_BEFORE: Final = r"(?<![A-Za-z0-9])"
# Beginnings that stand anywhere: signs, and what has a condition of its own in front
_ANYWHERE: Final = {"Q~", "s.", "-us", "SK", "_mmk", "hooks.slack.com/services/"}
_LENGTH: Final = 3
# The first characters of every word, from which most beginnings are excluded at once
_HEADS: Final = re.compile(rf"{_BEFORE}(?=([A-Za-z0-9][\w.~-]{{2}}))")


def _is_anywhere(first: str) -> bool:
    return first in _ANYWHERE or not first[0].isalnum()


_FORMS: Final = {first: re.compile(form if _is_anywhere(first) else _BEFORE + form) for first, form in _ISSUED.items()}
_BY_HEAD: Final = {
    head: [first for first in _FORMS if not _is_anywhere(first) and first[:_LENGTH] == head]
    for head in {first[:_LENGTH] for first in _FORMS if not _is_anywhere(first)}
}
_OTHERS: Final = [first for first in _FORMS if _is_anywhere(first)]


def issued(text: str) -> list[tuple[int, int]]:
    """Return the places of issued credentials in a text."""
    heads = _BY_HEAD.keys() & set(_HEADS.findall(text))
    beginnings = [*_OTHERS, *(first for head in heads for first in _BY_HEAD[head])]
    return [found.span() for first in beginnings if first in text for found in _FORMS[first].finditer(text)]
