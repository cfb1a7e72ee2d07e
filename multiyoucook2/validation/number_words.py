"""Number words: what a value's words begin with, by language; where words are not spaced, what they hold.

A star stands for any beginning: ``*hälfte`` is in "Brötchenhälfte".

``"30"`` counts half an hour, ``"1/2"`` the two that a thing cut in half becomes.
"""

STEMS: dict[str, dict[str, str]] = {
    "de": {
        "1": "ein erst", "2": "zwei zwo beid zweit paar doppel", "3": "drei dritt", "4": "vier", "5": "fünf",
        "6": "sechs", "7": "sieben siebt", "8": "acht", "9": "neun", "10": "zehn", "11": "elf",
        "12": "zwölf dutzend", "13": "dreizehn", "14": "vierzehn", "15": "fünfzehn", "16": "sechzehn",
        "17": "siebzehn", "18": "achtzehn", "19": "neunzehn", "20": "zwanzig", "30": "dreißig dreissig halbe",
        "40": "vierzig", "50": "fünfzig", "60": "sechzig", "100": "hundert einhundert",
        "1/4": "viertel vierteln geviertel vier", "1/2": "halb *hälfte zwei mitte anderthalb",
    },
    "fr": {
        "1": "un premi", "2": "deux paire double", "3": "trois", "4": "quatre", "5": "cinq", "6": "six",
        "7": "sept", "8": "huit", "9": "neuf", "10": "dix dizaine", "11": "onze", "12": "douze douzaine",
        "13": "treize", "14": "quatorze", "15": "quinze quinzaine", "16": "seize", "17": "dix", "18": "dix",
        "19": "dix", "20": "vingt", "30": "trente", "40": "quarante", "50": "cinquante", "60": "soixante",
        "100": "cent", "1/4": "quart quatre", "1/2": "demi moitié deux",
    },
    "cs": {
        "1": "jed prvn", "2": "dva dvě dvou dvěma dvoj oba obě obou pár druh",
        "3": "tři tří třem třemi třet troj třech", "4": "čtyř čtver", "5": "pět pěti pát", "6": "šest", "7": "sedm",
        "8": "osm", "9": "devět devíti", "10": "deset desíti deseti", "11": "jedenáct", "12": "dvanáct tucet",
        "13": "třinác", "14": "čtrnác", "15": "patnáct", "16": "šestnác", "17": "sedmnác", "18": "osmnác",
        "19": "devatenác", "20": "dvacet dvaceti", "30": "třicet třiceti půl", "40": "čtyřicet",
        "50": "padesát", "60": "šedesát", "100": "sto sta", "1/4": "čtvr čtyř rozčtvr",
        "1/2": "půl napůl pol dvě rozpul přepul",
    },
    "zh": {
        "1": "一 壹", "2": "二 两 双 对", "3": "三", "4": "四", "5": "五", "6": "六", "7": "七", "8": "八",
        "9": "九", "10": "十", "11": "十一", "12": "十二 一打", "13": "十三", "14": "十四", "15": "十五 一刻",
        "16": "十六", "17": "十七", "18": "十八", "19": "十九", "20": "二十", "30": "三十 半", "40": "四十",
        "50": "五十", "60": "六十", "100": "百", "1/4": "四分之一 一刻 四", "1/2": "半 二分之一 两 对切 对开 对折",
    },
    "ru": {
        "1": "од перв", "2": "дв обе оба обо пар втор", "3": "тр", "4": "чет", "5": "пят", "6": "шест",
        "7": "сем", "8": "вос", "9": "девят", "10": "десят", "11": "одиннадцат", "12": "двенадцат дюжин",
        "13": "тринадцат", "14": "четырнадцат", "15": "пятнадцат", "16": "шестнадцат", "17": "семнадцат",
        "18": "восемнадцат", "19": "девятнадцат", "20": "двадцат", "30": "тридцат полчаса", "40": "сорок",
        "50": "пятьдесят пятидесят", "60": "шестьдесят шестидесят", "100": "сто ста", "1/4": "четверт четыр",
        "1/2": "пол попол две наполовин",
    },
    "vi": {
        "1": "một đầu", "2": "hai đôi cặp", "3": "ba", "4": "bốn tư", "5": "năm lăm ngũ", "6": "sáu", "7": "bảy",
        "8": "tám", "9": "chín", "10": "mười", "11": "mười", "12": "mười tá", "13": "mười", "14": "mười",
        "15": "mười", "16": "mười", "17": "mười", "18": "mười", "19": "mười", "20": "hai", "30": "ba nửa",
        "40": "bốn", "50": "năm", "60": "sáu", "100": "trăm", "1/4": "tư bốn", "1/2": "nửa bán rưỡi đôi hai",
    },
    "es": {
        "1": "un prim", "2": "dos par ambos ambas doble", "3": "tres terc", "4": "cuatro", "5": "cinco",
        "6": "seis", "7": "siete", "8": "ocho", "9": "nueve", "10": "diez", "11": "once", "12": "doce docena",
        "13": "trece", "14": "catorce", "15": "quince", "16": "dieci", "17": "dieci", "18": "dieci",
        "19": "dieci", "20": "veinte", "30": "treinta", "40": "cuarenta", "50": "cincuenta", "60": "sesenta",
        "100": "cien", "1/4": "cuart cuatro", "1/2": "medi mitad mitades dos",
    },
    "ja": {
        "1": "一 ひと", "2": "二 両 ふた 双 もう一", "3": "三 みっ", "4": "四 よっ", "5": "五 いつ",
        "6": "六 むっ", "7": "七 なな", "8": "八 やっ", "9": "九 ここの", "10": "十", "11": "十一",
        "12": "十二 ダース", "13": "十三", "14": "十四", "15": "十五", "16": "十六", "17": "十七", "18": "十八",
        "19": "十九", "20": "二十", "30": "三十 半", "40": "四十", "50": "五十", "60": "六十", "100": "百",
        "1/4": "四分の一 四", "1/2": "半 二分の一 二 両",
    },
}  # fmt: skip
