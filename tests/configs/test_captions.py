"""Captions about passwords in many languages are accepted wherever files of captions have them; a password in their place is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from stack.configs.credentials.detector import hidden, shows_credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Words for a password, and what forms say behind it, by language
CAPTIONS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "en": (("Password",), ("at least 12 characters", "required", "wrong")),
    "de": (
        ("Passwort", "Kennwort"),
        ("bitte eingeben", "mindestens 12 Zeichen", "%s", "falsch", "erforderlich", "Bitte {0} Zeichen eingeben!"),
    ),
    "fr": (("Mot de passe", "mot de passe"), ("saisissez le vôtre", "12 caractères au moins", "obligatoire")),
    "es": (("Contraseña", "Clave"), ("escriba la suya", "mínimo 12 caracteres", "incorrecta", "obligatoria")),
    "pt": (("Senha", "Palavra-passe"), ("digite a sua", "no mínimo 12 caracteres", "obrigatória")),
    "it": (("Password",), ("almeno 12 caratteri", "obbligatoria", "inserisci la tua")),
    "nl": (("Wachtwoord",), ("minstens 12 tekens", "vereist")),
    "pl": (("Hasło",), ("co najmniej 12 znaków", "wymagane")),
    "cs": (("Heslo",), ("nejméně 12 znaků", "povinné")),
    "hr": (("Lozinka",), ("najmanje 12 znakova", "obavezno")),
    "fi": (("Salasana",), ("vähintään 12 merkkiä", "pakollinen")),
    "sv": (("Lösenord",), ("minst 12 tecken", "krävs")),
    "hu": (("Jelszó",), ("legalább 12 karakter", "kötelező")),
    "da": (("Adgangskode",), ("mindst 12 tegn", "påkrævet")),
    "tr": (("Şifre", "Parola"), ("en az 12 karakter", "gerekli")),
    "ru": (("Пароль",), ("не менее 12 символов", "обязателен", "введите пароль")),
    "zh": (("密码", "密碼"), ("至少12个字符", "必填", "请输入密码")),
    "ja": (("パスワード",), ("12文字以上", "必須", "入力してください")),
    "ko": (("비밀번호", "암호"), ("12자 이상", "필수", "입력하세요")),
    "he": (("סיסמה",), ("לפחות 12 תווים", "חובה")),
}
PASSWORDS: Final = ("letmein9", "sommer", "Zq8#mL2$vX", "hunter2", "falsch99", "correct-horse-9-battery")


def places(language: str, caption: str) -> Iterator[tuple[str, str]]:
    """Yield file and text for a caption, as files of captions, pages, scripts and letters have it."""
    yield f"{language}.json", json.dumps({"login": {"label": caption, "user": "x"}}, ensure_ascii=False, indent=1)
    yield f"{language}.json", json.dumps({"login.label": caption})
    yield f"messages_{language}.properties", f"login.prompt={caption}\n"
    yield f"messages_{language}.properties", f"login.prompt={_escaped(caption)}\n"
    yield f"{language}.yml", f'{language}:\n  login:\n    prompt: "{caption}"\n'
    yield f"{language}.po", f'msgid "Password: "\nmsgstr "{caption}"\n'
    yield f"{language}.xlf", f'<trans-unit id="a"><source>Password: </source><target>{caption}</target></trans-unit>'
    yield f"{language}.strings", f'"login.label" = "{caption}";\n'
    yield "page.html", f'<label for="p">{caption}</label><input type="password" name="p">'
    yield "run.sh", f"echo '{caption}'\n"
    yield "letter.txt", f"Shop\n\n{caption}\n"
    yield "page.md", f"- {caption}\n"


def _escaped(text: str) -> str:
    return "".join(sign if sign.isascii() else f"\\u{ord(sign):04x}" for sign in text)


@pytest.mark.parametrize("language", CAPTIONS)
def test_a_caption_is_accepted_in_every_language(language: str, tally: Callable[[str, str, int, int], None]) -> None:
    words, said = CAPTIONS[language]
    texts = [place for word in words for text in ("", *said) for place in places(language, f"{word}: {text}".strip())]
    refused = [text for file, text in texts if shows_credential(text, file)]
    tally("credentials in every format", "harmless", len(texts), len(refused))
    assert refused == []


@pytest.mark.parametrize("language", CAPTIONS)
@pytest.mark.adversary("secrets")
def test_a_password_in_the_place_of_a_caption_is_found_and_hidden(language: str) -> None:
    for word in CAPTIONS[language][0]:
        # these two words mean a key as well, and say little by themselves
        for password in PASSWORDS if word not in {"Clave", "Parola"} else ("Zq8#mL2$vX",):
            for file, text in places(language, f"{word}: {password}"):
                if "\\u" not in text:
                    assert shows_credential(text, file), text
                    assert password not in hidden(text, file), text


@pytest.mark.parametrize("language", CAPTIONS)
@pytest.mark.adversary("harmless")
def test_a_field_whose_caption_is_its_name_is_accepted_beside_another_such_field(language: str) -> None:
    for word in CAPTIONS[language][0]:
        assert not shows_credential(json.dumps({"e-mail": "E-Mail", "password": word[0].upper() + word[1:]}, ensure_ascii=False), "a.json")
        assert not shows_credential(json.dumps({"Cancel": "x", "Password": word[0].upper() + word[1:]}, ensure_ascii=False), "a.json")


@pytest.mark.adversary("secrets")
def test_a_key_of_a_file_is_no_caption() -> None:
    for text in (
        "password: wrong\n",
        "passwort: falsch\n",
        "db.password=incorrect\n",
        '{"senha": "digite"}',
        "user: me\npassword: Sommer\n",
    ):
        assert shows_credential(text, "a.yaml" if ": " in text else "a.properties"), text
