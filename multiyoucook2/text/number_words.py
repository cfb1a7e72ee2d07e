"""Number words of a language: what a value's words begin with, or where words are not spaced, what a text holds.

``drei$`` is the whole word only, as "dreißig" begins so too; ``*hälfte`` has any beginning, as in "Brötchenhälfte".
``"30"`` counts half an hour. That half a thing is one of two, and a quarter one of four, is said in ``numbers``.
"""

STEMS: dict[str, dict[str, str]] = {
    "de": {
        "1": "ein$ eine$ einen$ einem$ einer$ eines$ erst", "2": "zwei zwo$ beid paar$ doppel",
        "3": "drei$ dreimal$ dreifach dritt", "4": "vier$ viermal$ viert vierer", "5": "fünf$ fünfmal$ fünft",
        "6": "sechs$ sechst", "7": "sieben$ siebt", "8": "acht$ achtel", "9": "neun$ neunt", "10": "zehn$ zehnt",
        "11": "elf$ elft", "12": "zwölf dutzend", "13": "dreizehn", "14": "vierzehn", "15": "fünfzehn",
        "16": "sechzehn",
        "17": "siebzehn", "18": "achtzehn", "19": "neunzehn", "20": "zwanzig", "30": "dreißig dreissig halbe$",
        "40": "vierzig", "50": "fünfzig", "60": "sechzig", "70": "siebzig", "80": "achtzig", "90": "neunzig",
        "100": "hundert einhundert", "1/4": "viertel vierteln geviertel", "1/2": "halb *hälfte mitte$ anderthalb",
    },
    "fr": {
        "1": "un$ une$ premi", "2": "deux$ deuxi paire$ double", "3": "trois$ troisi", "4": "quatre$ quatri",
        "5": "cinq$ cinqui", "6": "six$ sixi", "7": "sept$ septi", "8": "huit$ huiti", "9": "neuf$ neuvi",
        "10": "dix$ dizaine dixi", "11": "onze", "12": "douze douzaine", "13": "treize", "14": "quatorze",
        "15": "quinze quinzaine", "16": "seize", "17": "dix$", "18": "dix$", "19": "dix$", "20": "vingt",
        "30": "trente", "40": "quarante", "50": "cinquante", "60": "soixante", "70": "soixante", "80": "quatre$",
        "90": "quatre$", "100": "cent$ cents$ centaine", "1/4": "quart", "1/2": "demi moitié",
    },
    "cs": {
        "1": "jedn jeden prvn", "2": "dva$ dvě$ dvou$ dvěma$ dvoj dvakrát oba$ obě$ obou$ oběma$ pár$ druh",
        "3": "tři$ tří$ třem$ třemi$ třech$ třet troj třikrát", "4": "čtyř čtver", "5": "pět$ pěti$ pát",
        "6": "šest$ šesti$ šest", "7": "sedm$ sedmi$", "8": "osm$ osmi$", "9": "devět$ devíti$",
        "10": "deset$ desíti$ deseti$", "11": "jedenáct", "12": "dvanáct tucet", "13": "třinác", "14": "čtrnác",
        "15": "patnáct", "16": "šestnác", "17": "sedmnác", "18": "osmnác", "19": "devatenác", "20": "dvacet dvaceti",
        "30": "třicet půl", "40": "čtyřicet", "50": "padesát", "60": "šedesát", "70": "sedmdesát",
        "80": "osmdesát", "90": "devadesát", "100": "sto$ sta$ stovk", "1/4": "čtvr rozčtvr",
        "1/2": "půl napůl polov rozpul přepul",
    },
    "zh": {
        "1": "一 壹", "2": "二 两 双", "3": "三", "4": "四", "5": "五", "6": "六", "7": "七", "8": "八",
        "9": "九", "10": "十", "11": "十一", "12": "十二 一打", "13": "十三", "14": "十四", "15": "十五 一刻",
        "16": "十六", "17": "十七", "18": "十八", "19": "十九", "20": "二十", "30": "三十 半小时 半个小时 半個小時",
        "40": "四十", "50": "五十", "60": "六十", "70": "七十", "80": "八十", "90": "九十", "100": "百",
        "1/4": "四分之一 一刻", "1/2": "半 二分之一 对切 对开 对折",
    },
    "ru": {
        "1": "один$ одну$ одна$ одно$ одной$ одного$ одном$ перв",
        "2": "два$ две$ двух$ двум$ двумя$ двой дважды обе$ оба$ обеих$ обоих$ пара$ пару$ пары$ втор",
        "3": "три$ трёх$ трех$ трём$ тремя$ трое$ трет трижды втрое", "4": "четыр четвер четвёр",
        "5": "пять$ пяти$ пятью$ пятер", "6": "шесть$ шести$ шестью$", "7": "семь$ семи$ семью$",
        "8": "восем восьм", "9": "девять$ девяти$", "10": "десять$ десяти$ десятк", "11": "одиннадцат",
        "12": "двенадцат дюжин", "13": "тринадцат", "14": "четырнадцат", "15": "пятнадцат", "16": "шестнадцат",
        "17": "семнадцат", "18": "восемнадцат", "19": "девятнадцат", "20": "двадцат", "30": "тридцат полчаса",
        "40": "сорок", "50": "пятьдесят пятидесят", "60": "шестьдесят шестидесят", "70": "семьдесят семидесят",
        "80": "восемьдесят восьмидесят", "90": "девяност", "100": "сто$ ста$ сотн", "1/4": "четверт",
        "1/2": "половин наполовин пол$ пол- пополам полстакан полчаш полфунт полкило поллитр полминут полчас"
        " полтор полпачк полбан полложк полдюжин полугот полукол полумес полутор вполовин вдвое",
    },
    "vi": {
        "1": "một$ đầu$", "2": "hai$ đôi$ cặp$", "3": "ba$", "4": "bốn$ tư$", "5": "năm$ lăm$ ngũ$", "6": "sáu$",
        "7": "bảy$", "8": "tám$", "9": "chín$", "10": "mười$", "11": "mười$", "12": "mười$ tá$", "13": "mười$",
        "14": "mười$", "15": "mười$", "16": "mười$", "17": "mười$", "18": "mười$", "19": "mười$", "20": "hai$",
        "30": "ba$ nửa$", "40": "bốn$", "50": "năm$", "60": "sáu$", "70": "bảy$", "80": "tám$", "90": "chín$",
        "100": "trăm$", "1/4": "tư$", "1/2": "nửa$ rưỡi$ bán$",
    },
    "es": {
        "1": "un$ una$ uno$ prim", "2": "dos$ par$ pares$ ambos ambas doble", "3": "tres$ terc", "4": "cuatro cuart",
        "5": "cinco quint", "6": "seis$ sext", "7": "siete$", "8": "ocho$", "9": "nueve$", "10": "diez decena",
        "11": "once$", "12": "doce$ docena", "13": "trece$", "14": "catorce", "15": "quince", "16": "dieci",
        "17": "dieci", "18": "dieci", "19": "dieci", "20": "veinte", "30": "treinta", "40": "cuarenta",
        "50": "cincuenta", "60": "sesenta", "70": "setenta", "80": "ochenta", "90": "noventa", "100": "cien$ cient",
        "1/4": "cuart", "1/2": "medio$ media$ medios$ medias$ mitad",
    },
    "ja": {
        "1": "一 ひと", "2": "二 両 ふた 双 もう一", "3": "三 みっ", "4": "四 よっ", "5": "五 いつ",
        "6": "六 むっ", "7": "七 なな", "8": "八 やっ", "9": "九 ここの", "10": "十", "11": "十一",
        "12": "十二 ダース", "13": "十三", "14": "十四", "15": "十五", "16": "十六", "17": "十七", "18": "十八",
        "19": "十九", "20": "二十", "30": "三十 半時間", "40": "四十", "50": "五十", "60": "六十", "70": "七十",
        "80": "八十", "90": "九十", "100": "百", "1/4": "四分の一", "1/2": "半 二分の一",
    },
}  # fmt: skip

# Everyday words of unspaced languages that hold a number's character and name no number.
NO_NUMBERS = {
    "zh": "五香 五花 八角 三文 百里香 百香 百合 四季豆 九层塔 一起 一下 一些 一边 十字",
    "ja": "五香 八角 三つ葉 一緒 一口 一晩 一度 百合",
}
