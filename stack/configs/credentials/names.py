"""Sense of a name: whether the value under it is a credential, only concerns one, or has nothing to do with one.

English compounds end in the noun that counts: ``API_KEY`` is a key, ``API_KEY_HEADER`` a header, and ``TOKENIZER`` no token.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from enum import Enum


class Sense(Enum):
    """Meaning of a name for its value.

    Attributes:
        NONE: Nothing.
        ABOUT: It concerns a credential and is none: a file, a header, an algorithm.
        OBJECT: It names the Kubernetes Secret of a credential.
        EITHER: A credential if it looks like one: the last word of the name is unknown, or says little by itself.
        TOKEN: A credential, unless it is a number or a switch.
        PASSWORD: A credential, whatever it looks like.
        LOGIN: A user and a password with a colon between them.
        HEADER: A header of HTTP with a scheme and a credential.
        JAAS: The text of a login module.
        ADDRESS: An address of a server, which may contain a login.
        PHRASE: A dozen words or more from which a key is made.
        ALONE: A credential if it looks like one and no section stands under the name: ``jwt`` is more often a section than a token.
    """

    NONE = 0
    ABOUT = 1
    OBJECT = 2
    EITHER = 3
    TOKEN = 4
    PASSWORD = 5
    LOGIN = 6
    HEADER = 7
    JAAS = 8
    ADDRESS = 9
    PHRASE = 10
    ALONE = 11


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_PASSWORD = re.compile(
    r"(pas+w(or)?ds?|pas+ord|(?<!\w)passe|motdepasse|(?<!\w)mdp|pas+phrases?|passcodes?|passkeys?|pwd|pswd|psw|passwort|kennwort|(?<!de)senha|wachtwoord|contrasena|has[lł]o|heslo|lozinka|salasana|losenord|jelszo|adgangskode|(?<!de)sifre|"
    r"парол[ья]?|密[码碼]|口令|パスワード|비밀번호|암호|סיסמה|(?<!com)(?<!by)(?<!sur)(?<!tres)"
    r"(?<!over)(?<!under)(?<!multi)(?<!mini)(?<!ask)pass|pw|psk)$"
)
_TOKEN = re.compile(
    r"(secrets?|tokens?|credentials?|creds?|(api|access|secret|private|account|auth|encrypt|encryption|signing|master|shared|license|"
    r"service|session|security|app|admin|preshared|webhook|deploy)keys?)$"
)
_QUALIFIERS = _set(
    "api access secret private account auth encrypt encryption decryption signing master shared license licence service session security "
    "app application admin preshared webhook deploy client customer consumer subscription hmac jwt cookie ssh ssl tls keystore signature "
    "storage function write read ingest ingestion integration routing data gpg pgp host stripe sendgrid datadog root user fernet aes rsa "
    "symmetric crypto cipher wrapping hash site bot"
)
# Qualifiers of a key that make it a credential only where it looks like one
_WEAK = _set("client host user data routing read write hash site service storage ssl tls app application function account")
# Last words of names that only concern a credential
_ABOUT = _set(
    "file files filename path paths dir dirs directory folder name names location locations arn source sources class classes provider "
    "providers enabled enable disabled disable timeout timeouts expiry expiration expires expire expired lifetime duration length len "
    "type types ttl url urls uri uris endpoint endpoints host hosts hostname port backend backends parallelism limit limits count max "
    "min size version id ids issuer issuers audience region header headers algorithm algorithms alg algo hash hasher hashers hashing "
    "encoder encoding encryption format formats policy policies rotation rotate interval period age mode method methods ref refs "
    "reference references manager vault mount prefix suffix field fields column columns param params parameter parameters attribute "
    "attributes env environment var variable variables label labels title placeholder hint prompt pattern regex regexp rule rules "
    "validator validation required strength complexity history reset changed updated created at on by for from to in service services "
    "server servers client clients user users username usernames authentication authenticator authenticate grant grants scope scopes "
    "claim claims bucket table topic queue group groups namespace schema schemas registry role roles owner template templates filter "
    "handler helper cache generator store stores reader loader resolver callback cookie domain alphabet charset characters chars budget "
    "usage usages price cost per window rate bytes seconds second minutes hours days ms sec secs total index offset position delimiter "
    "separator splitter ring replicator operator controller injector agent sidecar image tag driver plugin module engine protocol "
    "scheme schemes sync refresh renewal renew revocation verify verification verifier check checker change signer public fingerprint "
    "thumbprint checksum digest sha status state phase event error message link page view form input screen email subject sender grace "
    "warn warning attempts retries tries lockout log logging level metrics docs doc description comment note optional allowed denied "
    "mapping cli stdin creation review request projection volume volumes exchange bits iterations rounds memory cpu replicas stdout "
    "management mgmt minlength maxlength kind selector annotations resource auth based signed aware strategy cert certificate alias "
    "aliases binding list sealing kms lookup kid identifier identifiers operation operations action actions constraint constraints mgr "
    "color colour"
)
_LEADING = _set(
    "condition "
    "no max min num number enable use disable has is allow allows require requires skip pad eos bos unk cls sep mask stop special "
    "forgot show count total available load import"
)
_OBJECTS = _set("tls pull image cert certificate existing kubernetes k8s ca ingress mounted kube")
# What stands beside a credential below its name: ``password: {type: string}``, ``credentials: {user: me}``
_BESIDE = _ABOUT | _set(
    "user username login account realm database db external default example key items region kind metadata default_mode inherit "
    "description version optional login_hint uid address tenant subscription project profile helper shape "
    "operation target request collection goal phase"
)
_ALWAYS_ABOUT = re.compile(
    r"(?i)^(password_encryption|.*key[._-]?id|max\.token|tokens\.max|.*credentials\.source|sasl\.oauthbearer\.token\.endpoint\.url|"
    r".*(result|limit|gpg|pgp|publishable|recaptcha[._-]?site|public|primary|foreign|meta|alt|ctrl|shift|release[._-]?manager|partition|sort|cache|unique|row|object|host)[._-]?keys?|.*(next|page|input|output|continuation|initial[._-]?cluster)[._-]?token|known_hosts|basic_auth_credentials_source)$"
)


# Letters that Unicode does not take apart
_LETTERS = str.maketrans("łøı", "loi")


@functools.lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """Split a name into its words, in lower case and without numbers: ``apiKey2``, ``API_KEY`` and ``api-key`` are alike."""
    if not name.isascii():  # contraseña is contrasena
        name = "".join(sign for sign in unicodedata.normalize("NFD", name.translate(_LETTERS)) if not "\u0300" <= sign <= "\u036f")
        name = unicodedata.normalize("NFC", name)
    return tuple(word.lower() for word in _WORD.findall(name))


@functools.lru_cache(maxsize=8192)
def sense(name: str) -> Sense:  # noqa: PLR0911 - one line for each case
    """Return the meaning of a name for its value."""
    if len(name) > _LONGEST or _ALWAYS_ABOUT.match(name):
        return Sense.ABOUT if len(name) <= _LONGEST else Sense.NONE
    parts = words(name.removeprefix("-D"))
    places = [(at, found) for at in range(len(parts)) if (found := _of_word(parts, at)) is not Sense.NONE]
    if not places:
        return Sense.NONE
    at, found = places[-1]
    behind = parts[at + 1 :]
    if parts[at] == "bearer" and name.isupper():
        return Sense.TOKEN  # a variable; bearer: http is a scheme
    if behind == ("header",) and (found is Sense.HEADER or parts[at] == "auth"):
        return Sense.EITHER  # the value of the header, or its name
    if found is Sense.TOKEN and parts[at].startswith("secret") and at and (parts[at - 1] in _OBJECTS or len(places) > 1) and not behind:
        joined = at == places[0][0] + 1 and parts[at - 1] in _QUALIFIERS
        return Sense.OBJECT if not joined or parts[at - 1] in _OBJECTS else found
    if behind and (behind[-1] in _ABOUT or (behind[0] == "key" and behind[-1] == "key" and found is Sense.PASSWORD)):
        return Sense.ABOUT
    if parts[0] in _LEADING and at:
        return Sense.ABOUT
    if found is Sense.HEADER or not behind or behind[-1] in _STILL:
        return found
    return Sense.EITHER


_LONGEST = 200
# Words that say credential, or an address with one, where they end a name: jwt, and not jwt_algorithms
_AT_THE_END = {
    **dict.fromkeys(("bearer", "jwt", "jwe", "pepper", "totp"), Sense.ALONE),
    "dsn": Sense.ADDRESS,
    "connstr": Sense.ADDRESS,
    "mnemonic": Sense.PHRASE,
}
_OF_ONE = {"authorization": Sense.HEADER, "authorisation": Sense.HEADER, "userinfo": Sense.LOGIN}
_OF_TWO = {
    **dict.fromkeys((("user", "info"), ("user", "infos")), Sense.LOGIN),
    **dict.fromkeys((("jaas", "config"), ("jaas", "conf")), Sense.JAAS),
    **{("pass", word): Sense.PASSWORD for word in ("phrase", "word", "code")},
    **{(word, end): Sense.ADDRESS for word in ("connection", "conn") for end in ("string", "str")},
    **{(word, "phrase"): Sense.PHRASE for word in ("seed", "recovery", "mnemonic", "backup")},
}
_SAYING_LITTLE = _set("pat sas signature auth salt seed cookie jaas pin otp passwd key clave parola")
# Words behind a credential's that leave it one
_STILL = _set("value plain text plaintext string data base b literal raw clear old new current previous prod dev test stage staging")


def _of_word(parts: tuple[str, ...], at: int) -> Sense:  # noqa: PLR0911 - one line for each kind of word
    word, before = parts[at], parts[at - 1] if at else ""
    if at == len(parts) - 1 and word in _AT_THE_END:
        return _AT_THE_END[word]
    if word in _OF_ONE or (before, word) in _OF_TWO:
        return _OF_ONE.get(word) or _OF_TWO[before, word]
    if _PASSWORD.search(word):
        return Sense.PASSWORD
    if _TOKEN.search(word):
        return Sense.TOKEN
    if word in {"key", "keys"} and before in _QUALIFIERS:
        if before == "client" and "data" in parts[at + 1 :]:
            return Sense.TOKEN
        return Sense.EITHER if before in _WEAK else Sense.TOKEN
    return Sense.EITHER if word in _SAYING_LITTLE else Sense.NONE


_IDENTITIES = _set(
    "id ids hash digest checksum sha fingerprint etag revision commit uuid uid guid integrity cert certificate ca crt public image tag version "  # noqa: E501 - one form
    "thumbprint nonce trace span class name names url uri path file arn bundle cursor offset topic impl query regex pattern secure"
)


@functools.lru_cache(maxsize=8192)
def identifies(name: str) -> bool:
    """Return whether a name says that its value identifies something, as a digest or a class does, however random it looks."""
    parts = words(name)
    return not parts or any(part in _IDENTITIES for part in parts)


_STRICT = re.compile(
    r"pas+w|passphrase|pwd|(^|[._-])p(ass|w)($|[._-])|secret|token|jaas|user[._-]?info|credential(?!s?[._-](provider|source))|"
    r"private[._-]?key|sslkey|api[._-]?key|(access|account|customer|keystore)[._-]key|ssl[._-]key$|certificate[._-]chain",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"password_encryption$|credentials\.source$|key[._-]id$|max\.token|tokens\.max$|sasl\.oauthbearer\.token\.endpoint\.url$"
)


@functools.lru_cache(maxsize=8192)
def may_be_secret(name: str) -> bool:
    """Return whether the value under a name may be a credential, in doubt True: for what is printed, and for connectors."""
    return bool(_STRICT.search(name)) and not _NO_SECRET.search(name)


@functools.lru_cache(maxsize=8192)
def opens_credentials(name: str) -> bool:
    """Return whether a name is that of a credential, so that every literal below it may be one."""
    kind = sense(name)
    return kind in {Sense.PASSWORD, Sense.TOKEN} or (may_be_secret(name) and kind is not Sense.ABOUT)


@functools.lru_cache(maxsize=8192)
def stands_beside(name: str) -> bool:
    """Return whether a name below the name of a credential says who, what or where, and not the credential itself."""
    parts = words(name)
    return bool(parts) and parts[-1] in _BESIDE and _of_word(parts, len(parts) - 1) in {Sense.NONE, Sense.EITHER}
