"""The names of months and weekdays in many languages, folded: lower case, without accents and dots.

Source: Unicode CLDR 47, as babel 2.18 gives it (wide and abbreviated, as part of a date and alone). A copy of these few
names, because the library weighs 33 MB and takes 70 ms to import; a test holds both equal.
"""

from __future__ import annotations

import unicodedata

# A language a line; twelve months, all the names of each.
_MONTHS = {
    "en": (
        "january jan | february feb | march mar | april apr | may | june jun | july jul | august aug | "
        "september sep | october oct | november nov | december dec"
    ),
    "de": (
        "januar jan | februar feb | marz mar | april apr | mai | juni jun | juli jul | august aug | september "
        "sept sep | oktober okt | november nov | dezember dez"
    ),
    "fr": (
        "janvier janv | fevrier fevr | mars | avril avr | mai | juin | juillet juil | aout | septembre sept | "
        "octobre oct | novembre nov | decembre dec"
    ),
    "es": (
        "enero ene | febrero feb | marzo mar | abril abr | mayo may | junio jun | julio jul | agosto ago | "
        "septiembre sept | octubre oct | noviembre nov | diciembre dic"
    ),
    "it": (
        "gennaio gen | febbraio feb | marzo mar | aprile apr | maggio mag | giugno giu | luglio lug | agosto "
        "ago | settembre set | ottobre ott | novembre nov | dicembre dic"
    ),
    "pt": (
        "janeiro jan | fevereiro fev | marco mar | abril abr | maio mai | junho jun | julho jul | agosto ago "
        "| setembro set | outubro out | novembro nov | dezembro dez"
    ),
    "nl": (
        "januari jan | februari feb | maart mrt | april apr | mei | juni jun | juli jul | augustus aug | "
        "september sep | oktober okt | november nov | december dec"
    ),
    "sv": (
        "januari jan | februari feb | mars | april apr | maj | juni | juli | augusti aug | september sep | "
        "oktober okt | november nov | december dec"
    ),
    "da": (
        "januar jan | februar feb | marts mar | april apr | maj | juni jun | juli jul | august aug | "
        "september sep | oktober okt | november nov | december dec"
    ),
    "nb": (
        "januar jan | februar feb | mars mar | april apr | mai | juni jun | juli jul | august aug | september "
        "sep | oktober okt | november nov | desember des"
    ),
    "fi": (
        "tammikuuta tammi tammikuu | helmikuuta helmi helmikuu | maaliskuuta maalis maaliskuu | huhtikuuta "
        "huhti huhtikuu | toukokuuta touko toukokuu | kesakuuta kesa kesakuu | heinakuuta heina heinakuu | "
        "elokuuta elo elokuu | syyskuuta syys syyskuu | lokakuuta loka lokakuu | marraskuuta marras marraskuu "
        "| joulukuuta joulu joulukuu"
    ),
    "pl": (
        "stycznia sty styczen | lutego lut luty | marca mar marzec | kwietnia kwi kwiecien | maja maj | "
        "czerwca cze czerwiec | lipca lip lipiec | sierpnia sie sierpien | wrzesnia wrz wrzesien | "
        "pazdziernika paz pazdziernik | listopada lis listopad | grudnia gru grudzien"
    ),
    "cs": (
        "ledna led leden | unora uno unor | brezna bre brezen | dubna dub duben | kvetna kve kveten | cervna "
        "cvn cerven | cervence cvc cervenec | srpna srp srpen | zari zar | rijna rij rijen | listopadu lis "
        "listopad | prosince pro prosinec"
    ),
    "ru": (
        "января янв январь | февраля февр февраль | марта мар март | апреля апр апрель | мая маи | июня июн "
        "июнь | июля июл июль | августа авг август | сентября сент сентябрь | октября окт октябрь | ноября "
        "нояб ноябрь | декабря дек декабрь"
    ),
    "uk": (
        "січня січ січень | лютого лют лютии | березня бер березень | квітня квіт квітень | травня трав "
        "травень | червня черв червень | липня лип липень | серпня серп серпень | вересня вер вересень | "
        "жовтня жовт жовтень | листопада лист листопад | грудня груд грудень"
    ),
    "tr": (
        "ocak oca | subat sub | mart mar | nisan nis | mayis may | haziran haz | temmuz tem | agustos agu | "
        "eylul eyl | ekim eki | kasim kas | aralik ara"
    ),
}
# Spreadsheets and statistical offices write some otherwise.
_MORE = {
    "en": {"sept": 9},
    "de": {"janner": 1, "jan": 1, "feber": 2, "mrz": 3, "maerz": 3, "sept": 9},
    "fr": {"jan": 1, "fev": 2, "jul": 7, "juill": 7, "sep": 9},
    "es": {"sep": 9, "set": 9, "setiembre": 9},
    "it": {"sett": 9},
    "nl": {"maa": 3},
    "sv": {"mar": 3, "jun": 6, "jul": 7},
    "ru": {"фев": 2, "июнь": 6, "сен": 9, "ноя": 11},
}
_WEEKDAYS = {
    "en": "monday mon tuesday tue wednesday wed thursday thu friday fri saturday sat sunday sun",
    "de": "montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sa sonntag so",
    "fr": "lundi lun mardi mar mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim",
    "es": "lunes lun martes mar miercoles mie jueves jue viernes vie sabado sab domingo dom",
    "it": "lunedi lun martedi mar mercoledi mer giovedi gio venerdi ven sabato sab domenica dom",
    "pt": (
        "segunda-feira seg terca-feira ter quarta-feira qua quinta-feira qui sexta-feira sex sabado sab domingo dom"
    ),
    "nl": "maandag ma dinsdag di woensdag wo donderdag do vrijdag vr zaterdag za zondag zo",
    "sv": "mandag man tisdag tis onsdag ons torsdag tors fredag fre lordag lor sondag son",
    "da": "mandag man tirsdag tirs onsdag ons torsdag tors fredag fre lordag lor sondag son",
    "nb": "mandag man tirsdag tir onsdag ons torsdag tor fredag fre lordag lor sondag son",
    "fi": (
        "maanantaina ma maanantai tiistaina ti tiistai keskiviikkona ke keskiviikko torstaina to torstai "
        "perjantaina pe perjantai lauantaina la lauantai sunnuntai su"
    ),
    "pl": "poniedzialek pon wtorek wt sroda sr czwartek czw piatek pt sobota sob niedziela niedz",
    "cs": "pondeli po utery ut streda st ctvrtek ct patek pa sobota so nedele ne",
    "ru": "понедельник пн вторник вт среда ср четверг чт пятница пт суббота сб воскресенье вс",
    "uk": "понеділок пн вівторок вт середа ср четвер чт пʼятниця пт субота сб неділя нд",
    "tr": "pazartesi pzt sali sal carsamba car persembe per cuma cum cumartesi cmt pazar paz",
}
LANGUAGES = tuple(_MONTHS)


def folded(word: str) -> str:
    """A word in lower case, without accents and dots at its ends.

    >>> folded("Févr."), folded("MÄR"), folded("Kasım")
    ('fevr', 'mar', 'kasim')
    """
    plain = word.casefold().translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c)).strip(". ")


def month_names(language: str) -> dict[str, int]:
    """Folded name -> number of the month (1 to 12)."""
    names = {name: k + 1 for k, names in enumerate(_MONTHS[language].split(" | ")) for name in names.split()}
    return names | _MORE.get(language, {})


def weekday_names(language: str) -> frozenset[str]:
    """The folded names of the weekdays."""
    return frozenset(_WEEKDAYS[language].split())


_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o"})  # these have no accent to lose
