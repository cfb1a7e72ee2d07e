"""Units that change with their number kept, by hand."""

from pathlib import Path

import pytest

from multiyoucook2.text.units import unit_changed

WRITTEN = Path(__file__).parents[2] / "pipelines" / "mini_nmt" / "handwritten"
CHANGED = [
    ("bake at 350°F", "bei 350 °C backen", "350 °F became 350 °C"),
    ("bake at 350 degrees F", "cuire au four à 350 degrés C", "350 °F became 350 °C"),
    ("bake at 350 degrees fahrenheit", "выпекать при 350 градусах Цельсия", "350 °F became 350 °C"),
    ("bake at 350 F", "350摄氏度烘烤", "350 °F became 350 °C"),
    ("heat to 180 celsius", "calentar a 180 grados Fahrenheit", "180 °C became 180 °F"),
    ("add 200 g of flour", "200 kg Mehl zugeben", "200 g became 200 kg"),
    ("add 8 oz of cheese", "8 g Käse zugeben", "8 oz became 8 g"),
    ("add 250 ml of milk", "加入250升牛奶", "250 ml became 250 l"),
    ("wait 5 minutes", "5 Stunden warten", "5 minute became 5 hour"),
    ("wait 5 minutes", "подождать 5 часов", "5 minute became 5 hour"),
    ("boil for 30 seconds", "luộc trong 30 phút", "30 second became 30 minute"),
    ("cook for 2 hours", "煮2分钟", "2 hour became 2 minute"),
    ("cut 1-inch pieces", "couper en morceaux de 1 cm", "1 inch became 1 cm"),
]
KEPT = [
    ("bake at 350°F", "bei 350 °F backen"),
    ("bake at 350°F", "350華氏度で焼く"),
    ("bake at 350°F", "bei 350 Grad backen"),
    ("bake at 350°F", "bei 175 °C backen"),  # converted: the number check judges it
    ("bake at 350°F", "bei 350 Grad Fahrenheit backen"),
    ("bake at 350°F (175°C)", "bei 350°F (175°C) backen"),
    ("add 200 g of flour", "ajouter 200 grammes de farine"),
    ("add 2 cups of milk", "2 Gläser Milch zugeben"),
    ("add 1,5 kg", "1.5 kg zugeben"),
    ("wait 5 minutes", "5分待つ"),
    ("wait 5 minutes", "hervir 5 minutos"),
    ("cook for 2 hours", "nấu trong 2 giờ"),
    ("add 2 eggs", "2 Eier zugeben"),
    ("cook for 1 hour and 30 minutes", "1時間30分煮る"),
    ("heat for 10 min", "греть 10 мин"),
]


@pytest.mark.parametrize(("caption", "text", "reason"), CHANGED)
def test_another_unit_with_the_same_number(caption: str, text: str, reason: str) -> None:
    assert unit_changed(caption, text) == reason


@pytest.mark.parametrize(("caption", "text"), KEPT)
def test_what_is_no_contradiction(caption: str, text: str) -> None:
    assert unit_changed(caption, text) is None


@pytest.mark.parametrize("lang", ["de", "fr", "cs", "zh", "ru", "vi", "es", "ja"])
def test_no_caption_translated_by_hand_is_refused(lang: str) -> None:
    english, texts = ((WRITTEN / f"{code}.txt").read_text(encoding="utf-8").splitlines() for code in ("en", lang))
    assert [pair for pair in zip(english, texts, strict=True) if unit_changed(*pair)] == []
