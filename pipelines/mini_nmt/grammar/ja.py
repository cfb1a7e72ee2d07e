"""Japanese: plain dictionary form, particles, no spaces; verbs that depend on the food are settled clause by clause."""

import re

from .base import NounPhrase, PlacePhrase, TargetLanguage

PARTICLES = {"to": "に", "in": "で", "from": "から", "obj": "を", "": ""}
DIGITS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8", "ten": "10"}
ORDER = {"state": 0, "cut": 1, "cook": 1, "size": 2, "color": 3}  # the later, the closer to the noun

# Food groups that decide which verb "cook", "fry", "boil" ... becomes.
SAUTE = (
    "ねぎ|にんにく|生姜|野菜|ピーマン|キャベツ|きのこ|マッシュルーム|にんじん|セロリ|もやし"
    "|ほうれん草|ひき肉|スパイス|クミン|米|ご飯|パプリカ"
)
NOODLES = (
    "麺|パスタ|スパゲッティ|マカロニ|ペンネ|うどん|そば|バーミセリ|ヌードル|春雨|ラーメン|ワンタン|ピエロギ|アルデンテ"
)
LIQUID = "水|湯|牛乳|スープ|だし|ミルク|ワイン|ビール|酒|汁|茶|クリーム|ソース|カレー|シチュー|液|シロップ|しょうゆ|酢"
GRILLED = "ベーコン|ソーセージ|ステーキ肉|サーモン|切り身|パティ|パンケーキ|卵|ハム|ドーサ|餃子|目玉焼き"
DEEP_FRIED = "天ぷら|フライドポテト|オニオンリング|春巻き|サモサ|ファラフェル|カツレツ|浮いて|アメリカンドッグ"
BREADS = "パン|バンズ|バゲット|ベーグル|マフィン|ブレッド|チャバタ|トルティーヤ"
NUTS = "ナッツ|くるみ|アーモンド|松の実"
SPREADS = (
    "ソース|バター|ペースト|クリーム|マヨネーズ|ケチャップ|マスタード|ジャム|油|オイル|味噌|卵|たれ|ドレッシング"
    "|フムス|はちみつ|スプレッド|ペスト|蜜"
)

SURFACES = (
    "(盛り|大|^)皿|天板|トレイ|グリル|まな板|テーブル|台|網|ラック|コンロ|ペーパー|鉄板|^串|シート|巻きす|ストーン|^手"
    "|ホイル|直火"
)

# A verb left open in a frame ("@fry"): the first pattern found before it decides; the last row is the default.
VERBS: dict[str, tuple[tuple[str, str], ...]] = {
    "cook": (
        (r"オーブン|グリル|きつね色|焼き色|網|鉄板|ブロイラー|トースター|黄金色|茶色|カリカリ|パリッ", "焼く"),
        (rf"(水|湯|鍋)で.*({NOODLES})|({NOODLES})[^で]*を|湯で|水で|アルデンテ", "ゆでる"),
        (rf"(フライパン|中華鍋|バター|油).*({SAUTE})|しんなり|透き通|香りが", "炒める"),
        (rf"^[^を]*鍋で|({LIQUID})を[^を]*$|とろみ", "煮る"),
        (rf"フライパン|({GRILLED})を", "焼く"),
        (r"", "加熱する"),
    ),
    "fry": (
        (rf"熱した油(の入った\w+)?で|フライヤーで|(?<!の)油で|{DEEP_FRIED}", "揚げる"),
        (rf"両面|片面|反対側|全面|({GRILLED}|(?<!ひき)肉|魚|パン)を", "焼く"),
        (r"", "炒める"),
    ),
    "heat": ((r"(油|オイル|ギー|ラード)を[^を]*$", "熱する"), (r"バターを[^を]*$", "溶かす"), (r"", "温める")),
    "boil": ((rf"({LIQUID})を[^を]*$", "沸騰させる"), (r"米を[^を]*$", "炊く"), (r"", "ゆでる")),
    "mince": ((r"肉|魚|えび", "細かく刻む"), (r"", "みじん切りにする")),
    "shred": ((r"肉|魚|サーモン|かに|ツナ", "細かくほぐす"), (r"チーズ", "細切りにする"), (r"", "千切りにする")),
    "crush": ((rf"{NUTS}|氷|クラッカー|こしょう|スパイス", "砕く"), (r"", "つぶす")),
    "grind": ((r"肉|こしょう|スパイス|シード|米|パン|ごま", "挽く"), (r"", "すりつぶす")),
    "break": ((r"肉|豆腐|魚|ツナ|小房", "ほぐす"), (r"", "割る")),
    "toast": ((BREADS, "トーストする"), (r"粉|米|麦", "炒る"), (r"", "こんがり焼く")),
    "roast": ((rf"{NUTS}|シード|スパイス|ごま|クミン", "炒る"), (r"", "こんがり焼く")),
    "caramelize": (
        (r"ねぎ|エシャロット", "飴色になるまで炒める"),
        (r"砂糖|シュガー", "カラメル状にする"),
        (r"", "キャラメリゼする"),
    ),
    "drain": ((r"フライド|揚げ|ベーコン|天ぷら", "油を切る"), (r"", "水気を切る")),
    "beat": ((r"卵", "溶きほぐす"), (r"クリーム", "泡立てる"), (r"", "よく混ぜる")),
    "put": ((rf"^[^を]*({SURFACES})に", "のせる"), (r"", "入れる")),
    "out": ((r"(コンロ|グリル|鉄板|網|直火)から", "下ろす"), (r"", "取り出す")),
    "spread": ((rf"({SPREADS})を[^を]*$", "塗る"), (r"", "広げる")),
}
GODAN_RU = tuple(
    "切る 塗る 盛る 作る 割る 縛る 絞る 折る 炒る 取る 練る 飾る ふる ちぎる 振る 煎る 量る 炙る 握る 張る 削る".split()
)
TE = {"く": "いて", "ぐ": "いで", "す": "して", "つ": "って", "う": "って", "む": "んで", "ぶ": "んで"}
STEM = {"く": "き", "ぐ": "ぎ", "す": "し", "つ": "ち", "う": "い", "む": "み", "ぶ": "び"}


def te_form(clause: str) -> str:
    """The connective form of a clause's last verb: 加える -> 加えて, 切る -> 切って."""
    if clause.endswith("する"):
        return clause[:-2] + "して"
    if clause.endswith("る"):
        return clause[:-1] + ("って" if clause.endswith(GODAN_RU) else "て")
    return clause[:-1] + TE[clause[-1]]


def stem_form(clause: str) -> str:
    """The conjunctive stem of a clause's last verb: 加える -> 加え, 切る -> 切り; 煮る, too short for it, -> 煮て."""
    if clause.endswith("煮る"):
        return te_form(clause)
    if clause.endswith("する"):
        return clause[:-2] + "し"
    if clause.endswith("る"):
        return clause[:-1] + ("り" if clause.endswith(GODAN_RU) else "")
    return clause[:-1] + STEM[clause[-1]]


def unspaced(text: str) -> str:
    """Without spaces, but for the one in 1 1/2カップ."""
    return re.sub(r"(?<!\d) +| +(?!\d)", "", text)


def settle(clause: str) -> str:
    """A clause without spaces, its open verb chosen by what it speaks of, shapes and cutting verbs made to agree."""
    clause = unspaced(clause)
    if match := re.search(r"@([a-z]+)", clause):
        before = clause[: match.start()]
        verb = next(verb for pattern, verb in VERBS[match[1]] if re.search(pattern, before))
        if match[1] == "drain":  # "...の@drain"
            before = before.removesuffix("の") + "の"
        clause = before + verb + clause[match.end() :]
    clause = re.sub(r"に(スライスする|刻む)$", "に切る", clause)
    clause = re.sub(r"切りに切る$", "切りにする", clause)
    clause = clause.replace("スライス状に切る", "スライスする").replace("小房に切る", "小房に分ける")
    return re.sub(r"[^をさに]*切りに(ちぎる|ほぐす|割る)$", r"小さく\1", clause)


def pairs(cell: str) -> dict[str, str]:
    """A cell of the form ``a:b;c:d`` as a dictionary."""
    return dict(pair.split(":") for pair in cell.split(";") if pair)


class Japanese(TargetLanguage):
    code = "ja"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """Modifiers (colour nearest to the noun), the noun, the amount with its counter: 刻んだ玉ねぎ2個."""
        noun, prefix = self.nouns[np.noun]["text"], ""
        for key in sorted(np.modifiers, key=lambda k: -ORDER[self.modifiers[k]["kind"]]):
            modifier = self.modifiers[key]
            if noun in pairs(modifier["compound"]):
                noun = pairs(modifier["compound"])[noun]
            else:
                text = pairs(modifier["alt"]).get(np.cls, modifier["text"])
                prefix = "" if noun.startswith(text) else text + prefix
        return prefix + noun + self._amount(np)

    def _amount(self, np: NounPhrase) -> str:
        row, number = self.nouns[np.noun], self._number(np.amount)
        if row["counter"] == "-":  # the noun holds its amount: 塩ひとつまみ
            return ""
        if np.unit in {"pinch", "handful"}:
            return {"1": "ひと", "2": "ふた"}.get(number, number) + self.units[np.unit]["after"]
        if np.unit == "dash" or np.amount == "little":
            return "少々"
        if np.unit:
            unit = self.units[np.unit]
            return f"{unit['before']}{number}{unit['after']}"
        if np.amount == "half":
            return "半分"
        if np.amount:
            return number + (row["counter"] or "個")
        return "1" + row["counter"] if np.det == "a" and row["one"] else ""

    @staticmethod
    def _number(amount: str) -> str:
        """Digits as Japanese recipes write them: two -> 2, 2-3 -> 2〜3, half -> 1/2, a few -> 数."""
        words = {"a": "1", "half": "1/2", "few": "数", **DIGITS}
        return words.get(amount, amount.replace("-", "〜"))

    def place(self, place: PlacePhrase, form: str) -> str:
        return self.places[place.place]["text"] + PARTICLES[form]

    def duration(self, number: str, unit: str, form: str) -> str:
        """5分間 for a duration ("for"), 5分 as a bare quantity; half an hour is 30分."""
        row = self.units[unit]
        if number == "half" and unit == "hour":
            row, number = self.units["minute"], "30"
        text = self._number(number) + row["after"]
        return text + row["suffix"] if form == "for" else text

    def temperature(self, number: str, unit: str) -> str:
        row = self.units[unit]
        return f"{row['before']}{number}{row['after']}"

    def join(self, items: list[str]) -> str:
        """Two: AとB; more: A、B、C."""
        return "と".join(items) if len(items) < 3 else "、".join(items)

    def clauses(self, clauses: list[str]) -> str:
        """The last but one clause in the te form, earlier ones in the stem form; a comma unless both are short."""
        *earlier, last = [settle(clause) for clause in clauses]
        if not earlier:
            return last
        comma = "" if len(last) <= 8 and len(earlier[-1]) <= 24 else "、"
        return "".join(stem_form(clause) + "、" for clause in earlier[:-1]) + te_form(earlier[-1]) + comma + last

    def can_join(self, caption: str) -> bool:
        return caption[-1] in {*STEM, "る"}

    def finish(self, text: str) -> str:
        return unspaced(text).replace("、、", "、")
