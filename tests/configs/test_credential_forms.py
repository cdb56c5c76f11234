"""Credentials in statements of many languages: each form is refused and hidden with any value, and its harmless twin is accepted."""

from __future__ import annotations

import base64
import json

import pytest

from stack.configs.credentials.detector import hidden, shows_credential

VALUES = ("hunter2xQ9", "Tr0ub4dor&3", "q7Zt2mXv9LrB4kNs8HwD3jPyq7Zt2mXv9LrB4kN5")

# File, text with a V in the place of the value, and the same text as people write it every day
FORMS = {
    "YAML: a key of its own": ("", "? password\n: V\n", "? password\n: ${PASSWORD}\n"),
    "YAML: an anchor": ("", "x: &password V\n", "x: &password ${PASSWORD}\ny: *password\n"),
    "YAML: an anchor of a block": ("a.yaml", "x: &db_password V\ny: 1\n", "x: &password_rules {min: 8}\ny: *password_rules\n"),
    "pairs of other names": ("", '{"k": "password", "v": "V"}', '{"k": "color", "v": "blue-42"}'),
    "pairs of field and data": ("", '{"field": "password", "data": "V"}', '{"field": "password", "data": "required"}'),
    "pairs of other names in YAML": ("a.yaml", "- k: DB_PASSWORD\n  v: V\n", "- k: DB_HOST\n  v: db-1.example.com\n"),
    "TOML: several lines": ("", 'password = """\nV"""\n', 'password = """\n${PASSWORD}"""\n'),
    "TOML: several lines in single quotes": ("", "password = '''\nV'''\n", "password = '''\n${PASSWORD}'''\n"),
    "a section": ("", "[password]\nvalue = V\n", "[password]\nmin_length = 12\n"),
    "a section of a database": ("a.ini", "[db.password]\nvalue = V\n", "[db.password]\nfile = /run/secrets/db\n"),
    "Dockerfile": ("", "FROM scratch\nENV PGPASSWORD V\n", "FROM scratch\nENV PGPASSFILE /run/secrets/pgpass\n"),
    "Dockerfile: an argument": ("", "ENV DB_PASSWORD V\n", "ENV DB_PASSWORD $DB_PASSWORD\n"),
    "Apache": ("", "SetEnv DB_PASSWORD V\n", "SetEnv DB_PASSWORD_FILE /run/secrets/db\n"),
    "a template of Ruby": ("a.yml", "password: <%= 'V' %>\n", "password: <%= ENV['PASSWORD'] %>\n"),
    "Oracle": ("", "sqlplus shop/V@//db-1.example.com:1521/shop\n", "see https://example.com/shop/docs@//x\n"),
    "a schema of GraphQL": ("", "password: V\n", "type User {\n  password: String!\n  token: ID!\n}\n"),
    "csh": ("", "setenv PGPASSWORD V\n", "setenv PGPASSWORD $PW\n"),
    "fish": ("", "set -gx PGPASSWORD V\n", "set -gx PGPASSWORD (cat /run/secrets/pw)\n"),
    "SQL over lines": ("", "ALTER ROLE a PASSWORD\n  'V';\n", "ALTER ROLE a PASSWORD\n  NULL;\n"),
    "SQL with Unicode": ("", "ALTER ROLE a PASSWORD U&'V';\n", "SELECT U&'d\\0061t';\n"),
    "SQL of MySQL": ("", "SET PASSWORD FOR a = 'V';\n", "SET PASSWORD FOR a = @password;\n"),
    "SQL of MySQL with a host": ("", "SET PASSWORD FOR 'a'@'%' = PASSWORD('V');\n", "SHOW GRANTS FOR 'a'@'%';\n"),
    "psql": ("", "\\set pw 'V'\n", "\\set pw `cat /run/secrets/pw`\n"),
    "Terraform": ("", 'variable "db_password" {default = "V"}\n', 'variable "db_password" {type = string}\n'),
    "Terraform over lines": (
        "a.tf",
        'variable "db_password" {\n  type = string\n  default = "V"\n}\n',
        'variable "db_password" {\n  type = string\n  sensitive = true\n}\nvariable "size" {\n  default = "t3.large"\n}\n',
    ),
    "a file of curl": ("", 'silent\nuser = "ann:V"\n', 'user = "1000:1000"\nuser = "www-data:www-data"\n'),
    "a proxy's login in a file of curl": ("", "proxy-user = ann:V\n", 'user = "ann:${PASSWORD}"\n'),
    "a peer of Squid": ("", "cache_peer p parent 3128 0 login=ann:V\n", "cache_peer p parent 3128 0 login=PASSTHRU\n"),
    "lftp": ("", "lftp -u ann,V sftp://files.example.com\n", 'lftp -u "ann,$PW" sftp://files.example.com\n'),
    "sudo": ("", "echo V | sudo -S apt-get update\n", "echo y | sudo apt-get install x\n"),
    "sudo with quotes": ("", "echo 'V' | sudo -S id\n", 'echo "$PW" | sudo -S id\n'),
    "a login from a pipe": (
        "",
        "printf '%s' 'V' | docker login -u a --password-stdin r.example\n",
        "printf '%s' \"$PW\" | docker login -u a --password-stdin r.example\n",
    ),
    "a login from a pipe of echo": ("", "echo V | helm registry login --password-stdin r\n", "echo done | tee log-1.txt\n"),
    "a line read": ("", "read PASSWORD <<< 'V'\n", 'read PASSWORD <<< "$PW"\n'),
    "a line read with flags": ("", "read -r DB_PASSWORD <<< V\n", "read -r NAME <<< 'shop-1a'\n"),
    "a login of a client": ("", "r = requests.get(u, auth=('a', 'V'))\n", "r = requests.get(u, auth=(user, password))\n"),
    "a login of a client by name": ("", "auth=HTTPBasicAuth('a', 'V')\n", "auth=HTTPBasicAuth(user, os.environ['PASSWORD'])\n"),
    "PowerShell": (
        "",
        "$p = ConvertTo-SecureString 'V' -AsPlainText -Force\n",
        "$p = ConvertTo-SecureString $env:PW -AsPlainText -Force\n",
    ),
    "PowerShell by name": ("", 'ConvertTo-SecureString -String "V" -AsPlainText\n', "ConvertTo-SecureString -String $text\n"),
    "a Secret": (
        "",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a-1x}\nstringData: {a: V}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b1c2-d3}\n",
    ),
    "a Secret over lines": (
        "a.yaml",
        "kind: Secret\nstringData:\n  a: V\n",
        "kind: Secret\nmetadata:\n  name: shop-2x\ntype: Opaque\nstringData:\n  a: ${A}\n",
    ),
    "a Secret in JSON": ("", '{"kind": "Secret", "stringData": {"a": "V"}}', '{"kind": "Secret", "metadata": {"name": "shop"}}'),
    "HAProxy": ("", "listen stats\n  stats auth a:V\n", "listen stats\n  stats enable\n  stats uri /s\n"),
    "HAProxy: a user": ("", "userlist u\n  user a insecure-password V\n", "userlist u\n  group g users a,b\n"),
    "Redis": ("", "requirepass V\n", "requirepass ${REDIS_PASSWORD}\n"),
    "Redis: sentinel": ("", "sentinel auth-pass m V\n", "sentinel auth-user m u\n"),
    "Redis: a user": ("", "user a on >V ~* +@all\n", "user default off resetpass\n"),
    "Redis: a command": ("", "ACL SETUSER a on >V allkeys\n", "ACL SETUSER a on nopass ~cache:* +get\n"),
    "JWK": ("", '{"k": "V", "kty": "oct"}', '{"kty": "RSA", "n": "0vx7agoebGcQ", "e": "AQAB"}'),
    "JWK in another order": ("", '{"kty": "oct", "alg": "HS256", "k": "V"}', '{"kty": "oct", "alg": "HS256", "k": "${JWK}"}'),
    "Redis: a replica": ("", "masterauth V\n", "masterauth ${REDIS_PASSWORD}\n"),
    "a line for sudo": ("", "sudo -S id <<< 'V'\n", 'sudo -S id <<< "$PW"\n'),
    "a line for a login": ("", "docker login --password-stdin <<< V\n", "docker login --password-stdin < pw-1a.txt\n"),
    "YAML: an anchor with a type": ("", "x: &password !!str V\n", "x: &password !Ref Pw1a\n"),
    "SQL identified over lines": ("", "ALTER USER a IDENTIFIED BY\n  'V';\n", "ALTER USER a IDENTIFIED BY\n  RANDOM PASSWORD;\n"),
    "SNMP: a user": ("", 'createUser a SHA "V" AES\n', "createUser a\n"),
    "a list of Secrets": (
        "",
        "kind: List\nitems:\n- kind: Secret\n  stringData: {a: V}\n",
        "kind: List\nitems:\n- kind: Secret\n  stringData: {username: app-1x}\n",
    ),
    "Spanish: a longer name": ("", "DB_CONTRASEÑA=V\n", "contraseña: requerida por el usuario al entrar\n"),
    "Russian in JSON": ("", '{"пароль_бд": "V"}', '{"пароль_мин": "8"}'),
    "Portuguese: a capital": ("", "SENHA=V\n", "senha: obrigatória\n"),
    "German: a capital": ("", "Passwort=V\n", "Passwort: muss gesetzt sein\n"),
    "a section of credentials": ("", "[credentials]\nplain = V\n", "[credentials]\nprofile = dev-1a\nregion = eu-central-1\n"),
    "Redis: a setting": ("", "CONFIG SET requirepass V\n", "CONFIG SET maxmemory 64mb\n"),
    "SNMP: a community": ("", "com2sec readonly default V\n", "com2sec readonly default public\n"),
    "a network's device": ("", "snmp-server community V RO\n", "snmp-server location rack-7a\n"),
    "a password from a pipe": ("", "echo V | passwd --stdin a\n", "echo a-1b | passwd-generator --words\n"),
    "a login of a client in another name": ("", "basic_auth=('a', 'V')\n", "basic_auth=(user, password)\n"),
    "a section with a blank": ("", "[db password]\nvalue = V\n", "[db password]\nmin_length = 12\n"),
    "SQL over more lines": ("", "CREATE ROLE a PASSWORD\n\n\t'V'\n", "INSERT INTO labels VALUES ('password',\n'Kennwort-1a');\n"),
    "Polish": ("", "hasło: V\n", "hasło: ${PW}\n"),
    "Chinese with its own colon": ("", "密码\uff1aV\n", "密码\uff1a${PW}\n"),
    "pairs of an attribute": ("", '{"attr": "db_password", "val": "V"}', '{"attr": "color", "val": "blue-42"}'),
    "SNMP": ("", "rocommunity V\n", "syslocation rack-7a\n"),
    "SNMP: writing": ("", "rwcommunity V 10.0.0.0/8\n", "rocommunity ${COMMUNITY}\n"),
    "French": ("", "mot_de_passe: V\n", "mot_de_passe: ${MDP}\n"),
    "Spanish": ("", "contraseña: V\n", "contraseña: ${CLAVE}\n"),
    "Russian": ("", "пароль: V\n", "пароль: ${PW}\n"),
    "Chinese": ("", "密码: V\n", "密码: ${PW}\n"),
    "German": ("", "passwort = V\n", "passwort = ${PW}\n"),
    "German: another word": ("", "kennwort: V\n", "stichwort: sommer-24x\n"),
    "Portuguese": ("", "senha: V\n", "desenhar: canto-24x\n"),
    "Japanese": ("", "パスワード: V\n", "パスワード: ${PW}\n"),
    "an escaped name": ("", '{"pass\\u0077ord": "V"}', '{"pass\\u0077ord": "${PW}"}'),
    "an escaped name of properties": ("", "pass\\u0077ord=V\n", "caf\\u00e9=bl4nc-9\n"),
    "an escaped name among others": ("a.properties", "a=b\ndb.pass\\u0077ord=V\nc=d\n", "db.pass\\u0077ord=${PW}\n"),
    "keytool": ("", "keytool -genkey -storepass V\n", "keytool -genkey -storepass:env PW\n"),
    "keytool: a key": ("", "keytool -genkey -keypass V -alias a\n", "keytool -genkey -alias a-1b\n"),
    "useradd": ("", "useradd -p V a\n", "useradd -m -s /bin/bash a\n"),
    "usermod": ("", "usermod -p 'V' a\n", "usermod -aG docker a\n"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.adversary("secrets")
def test_a_form_is_refused_and_hidden(name: str, value: str) -> None:
    file, form, _ = FORMS[name]
    text = form.replace("V", "\0").replace("\0", value) if form.count("V") == 1 else value.join(form.rsplit("V", 1))
    assert shows_credential(text, file), text
    assert value not in hidden(text, file), hidden(text, file)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.adversary("harmless")
def test_its_twin_is_accepted(name: str) -> None:
    file, _, twin = FORMS[name]
    assert not shows_credential(twin, file), twin


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.adversary("secrets")
def test_what_a_secret_has_in_base64_is_refused_and_hidden(value: str) -> None:
    written = base64.b64encode(value.encode()).decode()
    for text in (f"kind: Secret\ndata:\n  a: {written}\n", json.dumps({"kind": "Secret", "data": {"a": written}})):
        assert shows_credential(text)
        assert written not in hidden(text)


WEBHOOKS = (
    "https://discord.com/api/webhooks/123456789012345678/" + "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0" * 2,
    "https://discordapp.com/api/webhooks/123456789012345678/" + "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0" * 2,
    "https://shop.webhook.office.com/webhookb2/1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f@1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f/IncomingWebhook/"
    + "0a1b2c3d" * 4
    + "/1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f",
)


@pytest.mark.parametrize("url", WEBHOOKS, ids=lambda url: url[8:24])
@pytest.mark.adversary("secrets")
def test_the_address_of_a_webhook_is_a_credential(url: str) -> None:
    assert shows_credential(f"notify: {url}\n")
    assert url.rpartition("/")[2] not in hidden(f"notify: {url}\n")


@pytest.mark.parametrize("url", ["https://discord.com/developers/docs/webhooks", "https://learn.microsoft.com/webhooks-and-connectors"])
@pytest.mark.adversary("harmless")
def test_a_page_about_webhooks_is_none(url: str) -> None:
    assert not shows_credential(f"see: {url}\n")


@pytest.mark.adversary("secrets")
def test_the_body_of_a_key_of_putty_is_hidden() -> None:
    lines = ["q7Zt2mXv9LrB4kNs8HwD3jPyq7Zt2mXv9LrB4kN5" + str(at) for at in range(6)]
    text = "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: me\nPublic-Lines: 2\n" + "\n".join(lines[:2])
    text += "\nPrivate-Lines: 3\n" + "\n".join(lines[2:5]) + "\nPrivate-MAC: 0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d\n"
    assert shows_credential(text)
    assert not any(line in hidden(text) for line in lines[2:5])
    assert "0a1b2c3d4e5f" not in hidden(text)
