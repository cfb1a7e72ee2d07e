"""Tables as spreadsheets and pandas leave them: cells beyond the header, quotes, and whole numbers with a point."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multiyoucook2.errors import RecipeError, SourceError

from .writing import captions, read, write_csv, write_json

BOTH = {("a", 0): "cut it", ("b", 0): "fry it"}


def table(folder: Path, text: str, name: str = "train.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("hub", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "clip_id,caption\na,cut it,,\nb,fry it,,\n",
        "clip_id,caption\na,cut it,\nb,fry it, \n",
        "clip_id,caption\na,cut it\nb,fry it,,\n",
        "clip_id,caption,,\na,cut it,,\nb,fry it\n",
    ],
)
def test_empty_cells_behind_a_row_are_nothing(text: str, hub: bool, tmp_path: Path) -> None:
    """In a folder as on the Hub, pandas would take the first cells for the rows' names, and the ids for captions."""
    path = table(tmp_path, text)
    assert captions(read("custom", tmp_path if hub else path)) == BOTH


@pytest.mark.parametrize("hub", [False, True])
def test_a_cell_beyond_the_header_is_named_by_its_line(hub: bool, tmp_path: Path) -> None:
    path = table(tmp_path, "clip_id,caption\na,cut it,\nb,fry it,note\n")
    given = tmp_path if hub else path
    with pytest.raises(SourceError) as caught:
        read("custom", given)
    where = "train.csv: line 3" if hub else "line 3"
    assert str(caught.value).splitlines()[1:] == [
        f"  {where}: 3 fields instead of 2: a text with ',' in it needs quotes"
    ]
    assert captions(read("custom", given, skip_bad=True)) == {("a", 0): "cut it"}


def test_a_packed_csv_of_a_hub_style_folder_is_never_shifted(tmp_path: Path) -> None:
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(b"clip_id,caption\na,cut it,\nb,fry it,note\n"))
    with pytest.raises(SourceError, match="has rows with more cells than the first line has names"):
        read("custom", tmp_path, skip_bad=True)
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(b"clip_id,caption\na,cut it\nb,fry it,note\n"))
    with pytest.raises(SourceError, match=r"is damaged in split train after row 0: .* line 3"):
        read("custom", tmp_path)


def test_a_csv_that_its_readme_gives_rules_for_is_read_by_them(tmp_path: Path) -> None:
    table(tmp_path, "a|cut it\nb|fry it\n", "words.csv")
    rules = "sep: '|'\n  header: null\n  names: [clip_id, caption]"
    readme = f"---\nconfigs:\n- config_name: default\n  data_files: words.csv\n  {rules}\n---\n"
    (tmp_path / "README.md").write_text(readme)
    assert captions(read("custom", tmp_path)) == BOTH


def test_the_encoding_is_of_a_folder_too(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", [{"clip_id": "a", "caption": "crème"}], encoding="cp1252")
    assert captions(read("custom", tmp_path, encoding="cp1252")) == {("a", 0): "crème"}


@pytest.mark.parametrize("name", ["clip_id", "video_id", "url", "category"])
def test_a_number_with_a_point_is_no_name(name: str, tmp_path: Path) -> None:
    """What pandas makes of whole numbers where a row has none; the category, url and video were lost in silence."""
    columns = {"clip_id": ["a", "b"], name: [1.0, None], "caption": ["cut it", "fry it"]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(SourceError) as caught:
        read("custom", tmp_path / "a.parquet")
    field = name.replace("_", " ")
    assert str(caught.value).splitlines()[1] == (
        f"  row 1: the {field} is 1.0, a number with a decimal point: save the column '{name}' as text, "
        "or as whole numbers"
    )
    if name != "clip_id":  # of which each row needs one
        assert captions(read("custom", tmp_path / "a.parquet", skip_bad=True)) == {("b", 0): "fry it"}


def test_an_image_that_no_image_is_called_is_shown(tmp_path: Path) -> None:
    """Such as a number with a point in COCO's JSON."""
    document = {"images": [{"id": 7}], "annotations": [{"image_id": 7.0, "caption": "cut it"}]}
    with pytest.raises(SourceError, match=r"annotation 0: its image_id is 7\.0, which names no image"):
        read("custom", write_json(tmp_path / "a.json", document))


def test_ids_of_a_csv_are_texts(tmp_path: Path) -> None:
    path = table(tmp_path, "clip_id,caption\n1.0,cut it\n2.0,fry it\n")
    assert captions(read("custom", path)) == {("1.0", 0): "cut it", ("2.0", 0): "fry it"}


@pytest.mark.parametrize("above", ["\t\t\n", " \n", "\n\t\n", " ; ;\n"])
@pytest.mark.parametrize("name", ["train.tsv", "train.csv"])
def test_lines_without_a_text_above_the_names_are_nothing(name: str, above: str, tmp_path: Path) -> None:
    """As a spreadsheet has them; the names themselves were read as a caption."""
    path = table(tmp_path, f"{above}clip_id\tcaption\na\tcut it\nb\tfry it\n", name)
    assert captions(read("custom", path)) == BOTH


def test_quotes_of_a_tsv_are_letters(tmp_path: Path) -> None:
    texts = ['"hot" pan', '"hot pan"', 'the 5" pan', '"', "it's hot, stir"]
    rows = "".join(f"c{number}\t{text}\n" for number, text in enumerate(texts))
    path = table(tmp_path, f"clip_id\tcaption\n{rows}", "train.tsv")
    assert list(captions(read("custom", path)).values()) == texts


def test_a_tsv_with_quotes_as_csv_has_them(tmp_path: Path) -> None:
    """Around the column names, too, they are no letters; elsewhere they are, unless doubled, which is refused."""
    path = table(tmp_path, '"clip_id"\t"caption"\n"a"\t"a ""hot"" pan"\n', "train.tsv")
    assert captions(read("custom", path)) == {("a", 0): 'a "hot" pan'}
    path = table(tmp_path, 'clip_id\tcaption\na\t"a ""hot"" pan"\nb\tfry it\tnow\n', "train.tsv")
    with pytest.raises(SourceError) as caught:
        read("custom", path)
    assert str(caught.value).splitlines()[1:] == [
        "  line 2: it has a text in quotes, as CSV has it, while in .tsv a quote is a letter: name the file .csv",
        "  line 3: 3 fields instead of 2: a text in .tsv holds no tab or line break; where such texts are quoted, name "
        "the file .csv",
    ]
    path = table(tmp_path, 'clip_id\tcaption\na\t"a ""hot"" pan"\n')  # the way out
    assert captions(read("custom", path)) == {("a", 0): 'a "hot" pan'}
    path = table(tmp_path, 'clip_id\t"caption"\na\t"a ""hot"" pan"\n', "train.tsv")  # texts alone are quoted
    assert captions(read("custom", path)) == {("a", 0): 'a "hot" pan'}


def test_a_tsv_of_one_column_may_hold_commas(tmp_path: Path) -> None:
    path = table(tmp_path, "caption\nheat oil, add garlic\n", "train.tsv")
    assert list(captions(read("custom", path)).values()) == ["heat oil, add garlic"]


def test_a_tsv_of_a_hub_style_folder_is_quoted_as_pandas_quotes_it(tmp_path: Path) -> None:
    """As `datasets` reads it for everybody else; a file in the Hub's cache cannot be renamed."""
    texts = ['"a ""hot"" pan"', "fry it", '"cut\tit"', '"stir\nit"']
    rows = "".join(f"c{number}\t{text}\n" for number, text in enumerate(texts))
    table(tmp_path, f"clip_id\tcaption\n{rows}", "train.tsv")
    assert list(captions(read("custom", tmp_path)).values()) == ['a "hot" pan', "fry it", "cut it", "stir it"]


def test_a_delimiter_that_the_readme_names_is_heeded(tmp_path: Path) -> None:
    readme = "---\nconfigs:\n- config_name: default\n  data_files: words.csv\n  sep: '{}'\n---\n"
    for delimiter in ("~", "|"):
        table(tmp_path, f"clip_id{delimiter}caption,as,said\na{delimiter}cut it\nb{delimiter}fry it\n", "words.csv")
        (tmp_path / "README.md").write_text(readme.format(delimiter))
        assert captions(read("custom", tmp_path, columns={"text": "caption,as,said"})) == BOTH


def test_segments_are_counted_through_the_files_of_a_split(tmp_path: Path) -> None:
    """A split of the Hub is cut into files anywhere, also within a video."""
    rows = [{"video_id": "v", "start": n, "end": n + 1, "caption": f"step {n}"} for n in range(4)]
    for number in range(2):
        write_csv(tmp_path / f"train-0000{number}-of-00002.csv", rows[2 * number : 2 * number + 2])
    assert captions(read("custom", tmp_path)) == {(f"v_{n}", 0): f"step {n}" for n in range(4)}


def test_a_file_is_given_once(tmp_path: Path) -> None:
    """Its captions would be doubled."""
    path = table(tmp_path, "clip_id,caption\na,cut it\n")
    with pytest.raises(SourceError, match="a file is given twice"):
        read("custom", path, tmp_path / "." / path.name)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.csv", {"config": "short"}, "--config is of data sets as on the Hub"),
        ("a.jsonl", {"encoding": "cp1252"}, "--encoding is of CSV and TSV"),
    ],
)
def test_an_option_that_no_file_heeds_is_refused(
    name: str, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=message):
        read("custom", table(tmp_path, '{"caption": "cut it"}\n', name), **options)
