"""Captions of forms in many languages: ``Passwort: bitte eingeben`` tells people what to do, and is no credential.

A caption is recognised by its words. So a value counts as one only if each of its words is plain and one of them belongs to captions;
a passphrase, or a word with digits or signs in it, stays a credential.
"""

from __future__ import annotations

import functools
import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What a form says about a password: enter it, it is required, wrong or too short, repeat it
_SAID: Final = _set(
    "enter type choose invalid wrong incorrect required missing forgot forgotten characters minimum least confirm repeat "
    "bitte eingeben eingabe mindestens zeichen falsch ungültig ungültiges erforderlich wiederholen vergessen bestätigen pflichtfeld "
    "saisissez saisir entrez caractères obligatoire requis requise invalide oublié confirmez répétez "
    "escriba introduzca ingrese caracteres mínimo incorrecta obligatoria obligatorio inválida olvidada olvidado repita "
    "digite insira obrigatória obrigatório incorreta esqueceu inserisci inserire caratteri almeno obbligatoria obbligatorio errata "
    "conferma ripeti dimenticata voer tekens minstens vereist verplicht onjuist ongeldig vergeten bevestig herhaal "
    "wpisz podaj wprowadź znaków wymagane nieprawidłowe powtórz zadejte zadajte znaků znakov nejméně najmenej povinné chybné neplatné "
    "unesite znakova najmanje obavezno netočna vnesite syötä merkkiä vähintään pakollinen väärä ange tecken krävs obligatoriskt "
    "felaktigt indtast tegn mindst påkrævet påkrevd forkert karakter legalább kötelező hibás girin giriniz gerekli zorunlu "
    "yanl\u0131\u015f hatal\u0131 introduceți minim caractere obligatoriu greșită "
    "введите введіть въведете символов символів символа обязателен обязательно неверный неверен неправильный неправильний необхідний "
    "εισάγετε χαρακτήρες τουλάχιστον υποχρεωτικός"
)
# The same in languages without blanks between words, or whose words change at both ends
_CONTAINED: Final = re.compile(
    "至少|必填|输入|輸入|字符|字元|错误|錯誤|无效|無效|确认|確認|必須|入力|文字以上|正しく|違い|필수|입력|이상|올바르|확인|לפחות|חובה|תווים|הזן|הקלד"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d{1,3}|%\d?\$?[sd]|\{\w{0,20}\}|[-\u2013\u2014]")
# Letters and numbers of other scripts, in one word
_FOREIGN: Final = re.compile(r"(?:[^\W\d_A-Za-z]|(?<!\d)\d{1,3}(?!\d))+")
_AROUND: Final = ".,;:!?()[]…\"'“”„«»。、\uff01\uff1f…*"
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_MOST_WORDS: Final = 20
_LONGEST: Final = 200
# A word for people: with a capital, of another script, or the end of mot de passe
_NAME: Final = re.compile(r"[A-Z][a-z]+(?:-[a-z]+)?|passe")


@functools.lru_cache(maxsize=4096)
def is_caption(name: str, text: str) -> bool:
    """Return whether a text behind a word for a password is what a form says about it.

    Args:
        name: The word.
        text: What stands behind its colon.
    """
    if len(text) > _LONGEST or (name.isascii() and not _NAME.fullmatch(name)):
        return False
    words = [word.strip(_AROUND) for word in _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).split()]
    words = [word for word in words if word]
    if not words or len(words) > _MOST_WORDS or not all(_WORD.fullmatch(word) or _FOREIGN.fullmatch(word) for word in words):
        return False
    return any(word.lower() in _SAID or _CONTAINED.search(word) for word in words)
