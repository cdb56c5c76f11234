"""Tokens in the forms of their issuers, made by chance from a seed, and everyday words with the same beginnings."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHANCE = random.Random(13)  # noqa: S311 - the same tokens in every run
_HEX, _LOW, _UP = "0123456789abcdef", string.ascii_lowercase + string.digits, string.ascii_uppercase + string.digits
_ANY, _SIGNS = string.ascii_letters + string.digits, string.ascii_letters + string.digits + "-_"


def _word(letters: str, length: int) -> str:
    """Return a word of these letters with both cases and a digit where they have them."""
    while True:
        word = "".join(_CHANCE.choices(letters, k=length))
        kinds = [kind for kind in (str.isdigit, str.isupper, str.islower) if any(map(kind, letters))]
        if all(any(map(kind, word)) for kind in kinds) and word[0].isalnum() and word[-1].isalnum():
            return word


def _x(length: int) -> str:
    return _word(_HEX, length)


def _l(length: int) -> str:
    return _word(_LOW, length)


def _u(length: int) -> str:
    return _word(_UP, length)


def _a(length: int) -> str:
    return _word(_ANY, length)


def _s(length: int) -> str:
    return _word(_SIGNS, length)


def _uuid() -> str:
    return "-".join(_x(length) for length in (8, 4, 4, 4, 12))


# Beginnings and rest stand apart, so that no scanner of the repository takes one for real
ISSUED: Final[dict[str, str]] = {
    **{f"Doppler {kind}": f"dp.{kind}" + "." + _a(43) for kind in ("pt", "ct", "sa", "said", "scim", "audit")},
    "Doppler st of a config": "dp.st" + ".prd_backend." + _a(43),
    "Doppler st": "dp.st" + "." + _a(40),
    "1Password": "A3-" + "-".join((_u(6), _u(11), _u(5), _u(5), _u(5))),
    "1Password service": "ops_" + "eyJ" + _a(260),
    "Adobe": "p8e-" + _l(32),
    "Airtable": "pat" + _a(14) + "." + _x(64),
    "Aiven": "AVNS_" + _s(19),
    "Alibaba": "LTAI" + _a(20),
    "Amazon Bedrock": "ABSK" + _a(120),
    "Amazon STS": "ABIA" + _u(16),
    "Artifactory": "AKCp" + _a(69),
    "Artifactory reference": "cmVmdGtu" + _a(56),
    "Azure AD": _a(3) + "8" + "Q~" + _s(34),
    "Bitbucket": "ATBB" + _a(32),
    "Brevo": "xkeysib-" + _x(64) + "-" + _a(16),
    "Buildkite": "bkua_" + _x(40),
    "CircleCI": "CCIPRJ_" + _a(22) + "_" + _x(40),
    "ClickHouse": "4b1d" + _a(38),
    "Clojars": "CLOJARS_" + _l(60),
    "Cloudflare": "v1.0-" + _x(24) + "-" + _x(146),
    "Confluent": "cflt" + _a(60),
    "Contentful": "CFPAT-" + _s(43),
    "Databricks principal": "dose" + _x(32),
    "DigitalOcean OAuth": "doo_v1_" + _x(64),
    "DigitalOcean refresh": "dor_v1_" + _x(64),
    "Docker organisation": "dckr_oat_" + _a(32),
    "Dropbox": "sl." + "u." + _s(140),
    "Duffel": "duffel_" + "live_" + _s(43),
    "Dynatrace": "dt0c01." + _u(24) + "." + _u(64),
    "EasyPost": "EZAK" + _a(54),
    "Facebook": "EAAM" + _a(100),
    "Figma": "figd_" + _s(40),
    "Flutterwave": "FLWSECK" + "-" + _l(32) + "-X",
    "Fly": "fo1_" + _s(43),
    "Fly macaroon": "fm2_" + _a(300),
    "Frame.io": "fio-u-" + _s(64),
    **{f"GitLab {kind}": f"{kind}-" + _s(20) for kind in ("glffct", "glft", "glimt", "glagent", "gloas")},
    "GitLab runner": "GR1348941" + _s(20),
    "GitLab session": "_gitlab_" + "session=" + _x(32),
    "Grafana legacy": "eyJrIjoi" + _a(80),
    "Grafana Cloud": "glc_" + _a(80),
    "Groq": "gsk_" + _a(52),
    "Harness": "pat." + _s(22) + "." + _x(24) + "." + _a(20),
    "Heroku": "HRKU-" + "AA" + _s(58),
    "Honeycomb": "hcaik_" + _l(58),
    "Hugging Face organisation": "api_org_" + _word(string.ascii_letters, 34),
    "Infracost": "ico-" + _a(32),
    "Intra42": "s-s4t2ud-" + _x(64),
    "JWT in base64": "ZXlK" + _a(160),
    "LangSmith": "lsv2_" + "pt_" + _x(32) + "_" + _x(10),
    "Linear OAuth": "lin_oauth_" + _x(64),
    "Mailchimp": _x(32) + "-us" + "21",
    "MaxMind": _a(6) + "_" + _a(29) + "_mmk",
    "MongoDB Atlas": "mdb_sa_sk_" + _s(40),
    "Neon": "napi_" + _l(64),
    "Netlify": "nfp_" + _a(36),
    "New Relic insert": "NRII-" + _s(32),
    "Notion": "ntn_" + "12345678901" + _a(35),
    "Notion, old": "secret_" + _a(43),
    "NuGet": "oy2" + _l(43),
    "Octopus": "API-" + _u(26),
    "OpenShift": "sha256~" + _s(43),
    "Perplexity": "pplx-" + _a(48),
    "Pinecone": "pcsk_" + _a(70),
    "Plaid": "access-" + "production-" + _uuid(),
    **{f"PlanetScale {kind}": f"pscale_{kind}_" + _s(43) for kind in ("tkn", "oauth", "pw")},
    "PostHog": "phx_" + _a(43),
    "Prefect": "pnu_" + _a(36),
    "Rancher": "token-" + _l(5) + ":" + _l(54),
    "ReadMe": "rdme_" + _l(70),
    "Render": "rnd_" + _a(28),
    "Replicate": "r8_" + _a(37),
    "Resend": "re_" + _a(8) + "_" + _a(24),
    "Scalingo": "tk-us-" + _s(48),
    "Sentry user": "sntryu_" + _x(64),
    "SettleMint": "sm_pat_" + _a(16),
    "Shippo": "shippo_" + "live_" + _x(40),
    **{f"Shopify {kind}": f"{kind}_" + _x(32) for kind in ("shpss", "shpca", "shppa")},
    "Slack workflow": "xwfp-" + "1234567890-" + _a(24),
    "SonarQube": "squ_" + _x(40),
    "Sourcegraph": "sgp_" + _x(16) + "_" + _x(40),
    "Square": "EAAA" + _s(60),
    "Stripe, old": "sk_prod_" + _a(24),
    "Supabase": "sbp_" + _x(40),
    "Supabase secret": "sb_" + "secret_" + _s(31),
    "Tencent": "AKID" + _a(32),
    "Terraform": _a(14) + ".atlasv1." + _s(67),
    "Trello": "ATTA" + _x(64),
    "Twilio": "SK" + _x(32),
    "Typeform": "tfp_" + _s(59),
    "Vault, old": "s." + _a(24),
    "Vault recovery": "hvr." + _s(90),
    "WakaTime": "waka_" + _uuid(),
    "xAI": "xai-" + _a(80),
    "Yandex": "AQVN" + _s(36),
}
# Words and names that begin like one
EVERYDAY: Final = (
    *(
        "dp.st.dev",
        "dp.pt.",
        "ops_eyJ",
        "p8e-release",
        "patch.diff",
        "pat.version",
        "sat.schedule",
        "token-refresh:latest",
        "s.split",
        "s.lower()",
    ),
    *(
        "sm_pat_count",
        "sm_aat_enabled",
        "rnd_seed",
        "re_match_all_the_things_here",
        "r8_dexguard",
        "sl.gz",
        "t1.micro",
        "t1.2xlarge",
        "API-GATEWAY",
    ),
    *(
        "API-REFERENCE-DOCUMENTATION",
        "SK-1234",
        "SKIP_TESTS",
        "ico-32x32",
        "ico-facebook-with-a-long-name-here-x",
        "glc_config",
        "glft-shader",
    ),
    *(
        "v1.0-alpha",
        "v1.0-rc1",
        "sha256~",
        "access-sandbox-env",
        "secret_name",
        "secret_access_policy_for_the_shop",
        "secret_key_base_dummy",
    ),
    *(
        "oy2-unit",
        "cflt_url",
        "dose-response",
        "dapper",
        "phx_server",
        "fm2_radio",
        "fo1_x",
        "napi_build",
        "nfp_report",
        "squ_root",
        "sqa_team",
    ),
    *(
        "essu_base",
        "LTAI",
        "AKIDS",
        "GOOG1E",
        "EAAA",
        "EAAMS",
        "ABSKIP",
        "ATTACHMENT",
        "ATBB",
        "HRKU-",
        "NRAK-",
        "4b1d",
        "4b1d" + "0a" * 18,
    ),
    *(
        "4b1d" + "0a1b2c3d" * 7 + "0a1b",
        "xai-platform",
        "pplx-small",
        "gsk_plc",
        "figd_file",
        "waka_time",
        "lsv2_enabled",
        "hcaik_",
        "xkeysib-",
    ),
    *(
        "eu-central-1",
        "shop-us2",
        "0a1b2c3d" * 4 + "-us-east-1",
        "duffel_bag",
        "shippo_labels",
        "xwfp-",
        "tk-us-",
        "rdme_link",
        "mdb_sa_sk_",
    ),
    *(
        "pscale_tkn_",
        "sb_secret_name",
        "sbp_client",
        "cmVmdGtu",
        "A3-B4-C5",
        "ZXlKIHdlbGNvbWU",
        "dt0",
        "dt0c01.",
        "image@sha256:" + "0a1b2c3d" * 8,
    ),
)


def surroundings(token: str) -> Iterator[tuple[str, str]]:
    """Yield texts with a token beside a name that says nothing, each with the name of its file."""
    yield "", token
    yield "a.yaml", f"spec:\n  value: {token}\n"
    yield "a.json", f'{{"a": ["b", "{token}"]}}'
    yield "a.properties", f"x.y={token}\n"
    yield "a.sh", f"export X='{token}'\ncurl -H 'X-A: {token}' https://example.com\n"
    yield "", f"see {token}, please"
