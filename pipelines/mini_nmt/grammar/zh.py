"""Chinese (Simplified): no inflection; measure words, localisers (锅中, 盘子上), a verb that fits vessel and food."""

import re

from .base import Clause, NounPhrase, PlacePhrase, TargetLanguage

NUMBERS = {
    "a": "一", "one": "一", "two": "两", "three": "三", "four": "四", "five": "五", "six": "六", "eight": "八",
    "ten": "十", "half": "半", "few": "几",
}  # fmt: skip
INTO = {"add": "加", "put": "放", "pour": "倒", "crack": "打", "squeeze": "挤", "scoop": "舀", "sift": "筛"}
STIRRED = (
    "洋葱|红葱头|大蒜|蒜|姜|葱|韭葱|蔬菜|蘑菇|香菇|甜椒|青椒|红椒|辣椒|胡萝卜|芹菜|菠菜|卷心菜|豆芽|米饭|肉末"
    "|猪肉末|牛肉末|西葫芦|茄子|什锦蔬菜|小白菜|青辣椒|红辣椒|红洋葱"
)
SEARED = "培根|香肠|牛排|肉饼|鸡胸肉|三文鱼|鱼片|鸡蛋|煎饼|羊排|猪排|饺子|锅贴|火腿|多萨饼|德式香肠"
FRIED = "薯条|炸薯条|天妇罗|春卷|洋葱圈|咖喱角|炸鸡|玉米热狗|炸鹰嘴豆丸子|鱿鱼圈|鸡翅"
SHELLED = "虾|大虾|龙虾|螃蟹|鸡蛋|水煮蛋|蛤蜊|蜗牛"
LIQUIDS = "水|冷水|牛奶|高汤|鸡高汤|牛肉高汤|鸡汤|酱汁|椰奶|葡萄酒|醋|汤|奶油|盐水|液体"
UNIT = "小撮|茶匙|汤匙|公斤|毫升|个|根|块|片|颗|杯|克|磅|罐|把|瓣|些|条|头|只"
MEASURE = rf"(?:[\d/\-]+|一|两|几|半)?(?:{UNIT})?(?:[^，、和]{{1,5}}的)?"
MIXING = re.compile(r"^(?:充分|一起|继续)?(?:搅拌|混合|拌匀|翻拌|翻炒)")


class Chinese(TargetLanguage):
    code = "zh"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """Amount + measure word + modifiers in 的 + bare modifiers + noun; "a" counts except for tools."""
        noun, classifier = self.nouns[np.noun]["text"], self.nouns[np.noun]["clf"]
        words = sorted((self.modifiers[m]["text"] for m in np.modifiers), key=lambda word: not word.endswith("的"))
        if np.cls == "grain":
            words = ["炒" if word == "炸" else word for word in words]
        counted = np.amount or np.unit or np.det == "a"
        if counted and np.cls != "part" and len(noun) > 2 and classifier in {"片", "块"}:
            noun = noun.removesuffix(classifier)
        core = "".join(words) + noun
        number = NUMBERS.get(np.amount, np.amount)
        if np.unit:
            unit = self.units[np.unit]["text"]
            if np.unit in {"inch", "cm"}:
                return f"{number}{unit}长的{core}"
            if np.unit == "leaf" and not noun.endswith("叶"):
                core += "叶"
            if np.unit == "head" and "蒜" in noun:
                unit = "头"
            return f"{number}{unit}{core}"
        if np.amount == "little":
            return f"少许{core}"
        if np.amount == "half":
            return f"半{classifier or '份'}{core}"
        if np.amount:
            return f"{number}{classifier or '份'}{core}"
        if np.det == "some":
            return f"一些{core}"
        if np.noun in {"pinch_of_salt", "cup_of_water"} or (np.det == "a" and np.cls != "tool" and classifier):
            return f"一{classifier}{core}"
        return core

    def place(self, place: PlacePhrase, form: str) -> str:
        """``in`` 在锅中, ``to`` 到锅中, ``from`` 从锅中, ``cook`` 在锅中煮, ``pour`` 倒入锅中 or 倒在盘子上."""
        row = self.places[place.place]
        spot = row["text"] + row["loc"]
        if form == "obj":
            return row["text"]
        if form in INTO:
            if row["loc"] != "上":
                return f"{INTO[form]}入{spot}"
            return f"{'放' if form == 'add' else INTO[form]}在{spot}"
        if form == "cook":
            return f"在{spot}{row['cook']}"
        if form == "fry":
            return f"在{spot}{row['cook'] if row['cook'] in '炸炒' else '煎'}"
        return {"to": "到", "in": "在", "at": "在", "from": "从"}.get(form, "") + spot

    def duration(self, number: str, unit: str, form: str) -> str:
        return NUMBERS.get(number, number) + self.units[unit]["text"]

    def temperature(self, number: str, unit: str) -> str:
        return number + self.units[unit]["text"]

    def join(self, items: list[str]) -> str:
        """A、B和C; "salt and pepper" counts as two."""
        if len(items) > 1:
            items = [part for item in items for part in item.split("和")]
        return "".join(items) if len(items) < 2 else "、".join(items[:-1]) + "和" + items[-1]

    def fill(self, clause: Clause) -> str:
        """A frame's ``{food}+{food2}`` is one list; then the adjuncts find their place and the verb its food."""
        first, second = clause.fills.get("food"), clause.fills.get("food2")
        if "{food}+{food2}" in self.frames[clause.frame] and isinstance(first, list) and isinstance(second, list):
            clause = Clause(clause.frame, {**clause.fills, "food": [*first, *second], "food2": []})
        return settle(super().fill(clause).replace("+", ""))

    def clauses(self, clauses: list[str]) -> str:
        """Commas; a short second clause of mixing is linked with 并, a second one in 将/把/用 with 然后."""
        if len(clauses) == 2 and MIXING.match(clauses[1]) and len(clauses[1]) < 6 and "，" not in clauses[0]:
            return f"{clauses[0]}并{clauses[1]}"
        if len(clauses) == 2 and clauses[1][0] in "将用":
            return f"{clauses[0]}，然后{clauses[1]}"
        return "，".join(clauses)

    def finish(self, text: str) -> str:
        text = re.sub(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])", "", text)
        return re.sub(r"，+", "，", text).strip("，")


def settle(text: str) -> str:
    """Adjuncts marked ``<...>`` go to the end, ``^`` ones before the verb of cutting; generic verbs are made exact."""
    text = re.sub(r"^(.*)<(.*?)>(.*)$", r"\1\3\2", text)
    text = re.sub(r"([切撕掰])[碎片]成", r"\1成", text)
    text = re.sub(r"([切撕掰])([碎片]?)\^(.+)$", lambda m: m[3] + m[1] + (m[2] or "开"), text)
    text = re.sub(rf"@(?={MEASURE}(?:{STIRRED}))", "炒", text)
    text = re.sub(rf"@(?={MEASURE}(?:{SEARED}))", "煎", text).replace("@", "煮")
    text = re.sub(rf"煎(?!炸)(?={MEASURE}(?:{STIRRED}))", "炒", text)
    text = re.sub(rf"(?:煎|炒)(?!炸)(?={MEASURE}(?:{FRIED}))", "炸", text)
    text = re.sub(rf"煮({MEASURE}(?:{LIQUIDS}))$", r"将\1煮沸", text)
    text = re.sub(rf"将({MEASURE}(?:{SHELLED}))去皮", r"将\1去壳", text)
    text = re.sub(r"(浸泡|清洗|冲洗|洗净)(.*)米饭", r"\1\2大米", text)
    text = re.sub(r"米饭(.*)(浸泡|清洗|冲洗|洗净)", r"大米\1\2", text)
    text = re.sub(r"(两面煎|它们煎)$", r"\1一下", text)
    text = re.sub(r"^([煮煎])$", r"\1熟", re.sub(r"^烤$", "烘烤", text))
    text = re.sub(r"([上中里])(?:\1)(?=$|，)", r"\1", text)
    text = re.sub(r"沸腾的(冷|热|温|沸|冰)?水", "沸水", text)
    text = re.sub(r"一些(?=[一两三四五六八十几半少\d])|(?<=剩余的|剩下的|一半的)一些", "", text).replace("炒炒", "炒")
    return text.replace("所有食材中", "其中").replace("将所有食材加入其中", "将所有食材加入")
